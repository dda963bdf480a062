"""A key's limits in words, as markdown."""

from collections.abc import Iterator
from datetime import datetime

from lib.markdown.streamlit import escape_markdown
from lib.openrouter.account import Account, Budget
from lib.ui.formatting import rounded_usd

_INTERVALS = {"daily": "every day", "weekly": "every week", "monthly": "every month"}


def sentences(account: Account) -> Iterator[str]:
    """Yield a sentence for each thing that bounds what the key can spend."""
    if reset := account.limit_reset:
        yield f"The limit starts again {_INTERVALS.get(reset, escape_markdown(reset))}."
    if account.expires_at:
        yield f"The key expires on {_time(account.expires_at)}."
    for budget in dict.fromkeys([*filter(None, [account.budget]), *account.budgets]):
        yield _budget(budget)
    if free := account.free_requests:
        yield f"{free.remaining:,} of {free.limit:,} requests to free models are left today."
    if account.byok_usage:
        yield f"Providers charged {rounded_usd(account.byok_usage)} to keys of your own."
    if account.limit is None:
        yield "Without a limit, this key can spend all your credits at OpenRouter."
    else:
        yield (
            "A limit is not money: your credits, which OpenRouter shows to you alone, may be less."
        )


def other_limit(account: Account, asked: float | None) -> str:
    """Return a sentence if the key's limit is not the one that the app asks for."""
    if asked is None or account.limit == asked:
        return ""
    limit = "none" if account.limit is None else f"one of {rounded_usd(account.limit)}"
    return (
        f"This app asks for a limit of {rounded_usd(asked)}, and this key has {limit}. You can change it in "
        "the key's settings."
    )


def _budget(budget: Budget) -> str:
    of = f" of {rounded_usd(budget.limit)}" if budget.limit is not None else ""
    scope = f" of your {escape_markdown(budget.scope)}" if budget.scope else " above this key"
    reset = f", until {_time(budget.resets_at)}" if budget.resets_at else ""
    return f"The budget{scope} has {rounded_usd(budget.remaining)}{of} left{reset}. Its admin can change it."


def _time(time: datetime) -> str:
    return f"{time.day} {time:%B %Y, %H:%M} UTC"
