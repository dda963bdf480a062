"""A key's limits in words."""

from datetime import UTC, datetime

import pytest

from lib.openrouter.account import Account, Budget, FreeRequests
from lib.ui.account_labels import other_limit, sentences

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
WORKSPACE = Budget(12.5, 50, NEW_YEAR, "workspace")


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        (Account("l", 30, 30, 0, limit_reset="daily"), "The limit starts again every day."),
        (Account("l", 30, 30, 0, limit_reset="*x*"), r"The limit starts again \*x\*."),
        (
            Account("l", 30, 30, 0, expires_at=NEW_YEAR),
            "The key expires on 1 January 2027, 00:00 UTC.",
        ),
        (
            Account("l", 30, 30, 0, free_requests=FreeRequests(1_000, 1_000)),
            "1,000 of 1,000 requests to free models are left today.",
        ),
        (
            Account("l", 30, 30, 0, budget=WORKSPACE, budgets=(WORKSPACE,)),
            r"The budget of your workspace has \$12.50 of \$50.00 left, until "
            "1 January 2027, 00:00 UTC. Its admin can change it.",
        ),
        (
            Account("l", 30, 30, 0, budgets=(Budget(0.0),)),
            r"The budget above this key has \$0.00 left. Its admin can change it.",
        ),
        (
            Account("l", 30, 30, 0, byok_usage=17.38),
            r"Providers charged \$17.38 to keys of your own.",
        ),
    ],
)
def test_sentences(account: Account, sentence: str) -> None:
    """Each bound is a sentence, once; the last one says that a limit is not money."""
    said = list(sentences(account))
    assert said[:-1] == [sentence]
    assert said[-1].startswith("A limit is not money")


def test_no_limit() -> None:
    """Without a limit the account says what the key can spend."""
    assert list(sentences(Account("l", None, None, 0))) == [
        "Without a limit, this key can spend all your credits at OpenRouter."
    ]


@pytest.mark.parametrize(
    ("limit", "asked", "said"),
    [
        (5.0, 5.0, ""),
        (None, None, ""),
        (5.0, None, ""),
        (None, 5.0, "and this key has none. You can"),
        (2.0, 5.0, r"and this key has one of \$2.00. You can"),
        (0.0, 5.0, r"and this key has one of \$0.00. You can"),
    ],
)
def test_other_limit(limit: float | None, asked: float | None, said: str) -> None:
    """A limit that is not the one asked for is said, and the risk of none."""
    sentence = other_limit(Account("l", limit, limit, 0), asked)
    assert said in sentence
    assert bool(sentence) == bool(said)
