"""Sentences and amounts that the screen and a saved page share."""

CUT_SHORT = {
    "length": "The answer ends here because it reached its longest length.",
    "content_filter": "The model's provider held back the rest of this answer.",
}
"""What a `finish_reason` says to a reader, where an answer is not whole."""
STOPPED = "This answer was stopped here."
INTERRUPTED = "This answer broke off here: the app lost the connection to this browser."


def usd(amount: float) -> str:
    """Return an amount: two places, more where it is under a cent."""
    if amount == 0 or abs(amount) >= 0.01:
        return f"${amount:,.2f}"
    return f"${amount:.6f}".rstrip("0").rstrip(".")
