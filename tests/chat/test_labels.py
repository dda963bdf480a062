"""Amounts of money, for people and to the last figure."""

import pytest

from lib.chat.labels import rounded_usd, usd


@pytest.mark.parametrize(
    ("amount", "rounded", "exact"),
    [
        (0, "$0.00", "$0.00"),
        (0.0004, "less than a cent", "$0.0004"),
        (0.0099, "less than a cent", "$0.0099"),
        (0.01, "1 cent", "$0.01"),
        (0.034, "3 cents", "$0.034"),
        (0.999, "$1.00", "$0.999"),
        (1.2, "$1.20", "$1.20"),
        (12, "$12.00", "$12.00"),
        (1234.5, "$1,234.50", "$1,234.50"),
    ],
)
def test_amount(amount: float, rounded: str, exact: str) -> None:
    """An amount is rounded as a person says it, and exact where that is asked for."""
    assert (rounded_usd(amount), usd(amount)) == (rounded, exact)
