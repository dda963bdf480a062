"""Sentences and formats that the screen and saved files have in common."""

from collections.abc import Iterator

from lib.openrouter.request import DataPolicy
from lib.openrouter.routing import Routing

CUT_SHORT = {
    "length": "The answer ends here because it reached its maximum length.",
    "content_filter": "The model's provider held back the rest of this answer.",
}
"""Sentences for each `finish_reason` of an incomplete answer."""
NO_ANSWER = {
    "length": "The model reached its maximum length before it had written an answer.",
    "content_filter": "The model's provider held back this answer.",
}
"""The same for an answer without any text."""
FINISHED_WITHOUT_ANSWER = "The model finished without an answer."
DATA_POLICY_LABELS: dict[DataPolicy, str] = {
    "any": "Any provider",
    "no-training": "No training",
    "nothing-kept": "Nothing kept",
}
"""Who may see a conversation."""
STOPPED = "This answer was stopped here."
INTERRUPTED = "This answer broke off here: the app lost the connection to this browser."


def rounded_usd(amount: float) -> str:
    """Return an amount in USD as a person reads it: in cents below a dollar, else in dollars.

    Amounts of spending on the screen are rounded so; `usd` has the exact figure, for a tooltip.
    """
    cents = round(amount * 100)
    if 0 < amount < 0.01:
        return "less than a cent"
    if 0 < cents < 100:
        return f"{cents} cent{'' if cents == 1 else 's'}"
    return f"${amount:,.2f}"


def usd(amount: float) -> str:
    """Return an exact amount in USD, with two to eight decimal places.

    For prices, tooltips, and files.
    """
    whole, _, decimals = f"{amount:,.8f}".rstrip("0").partition(".")
    return f"${whole}.{decimals:0<2}"


def routing_facts(routing: Routing) -> Iterator[str]:
    """Yield who failed before the answer, and where OpenRouter handled the request."""
    if routing.failed:
        tried = ", ".join(f"{one.provider} ({one.status})" for one in routing.failed)
        yield f"tried before: {tried}"
    if routing.region:
        yield f"OpenRouter region {routing.region}"
