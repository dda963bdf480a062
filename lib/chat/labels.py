"""Sentences and formats that the screen and saved files have in common."""

from collections.abc import Iterator

from lib.openrouter.request import DataPolicy
from lib.openrouter.routing import Routing

CUT_SHORT = {
    "length": "The answer ends here because it reached its maximum length.",
    "content_filter": "The model's provider held back the rest of this answer.",
}
"""Sentences for each `finish_reason` of an incomplete answer."""
DATA_POLICY_LABELS: dict[DataPolicy, str] = {
    "any": "Any provider",
    "no-training": "No training",
    "nothing-kept": "Nothing kept",
}
"""Who may see a conversation."""
STOPPED = "This answer was stopped here."
INTERRUPTED = "This answer broke off here: the app lost the connection to this browser."


def usd(amount: float) -> str:
    """Return an amount in USD with two decimal places, more if it is less than one cent."""
    if amount == 0 or abs(amount) >= 0.01:
        return f"${amount:,.2f}"
    return f"${amount:.6f}".rstrip("0").rstrip(".")


def routing_facts(routing: Routing) -> Iterator[str]:
    """Yield who failed before the answer, and where OpenRouter handled the request."""
    if routing.failed:
        tried = ", ".join(f"{one.provider} ({one.status})" for one in routing.failed)
        yield f"tried before: {tried}"
    if routing.region:
        yield f"OpenRouter region {routing.region}"
