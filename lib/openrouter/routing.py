"""Which providers OpenRouter tried for an answer: `openrouter_metadata` in its last chunk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .models import is_model_id
from .untrusted import mapping, mappings, number, one_line

MAX_ATTEMPTS = 10
MAX_NAME_LENGTH = 60
"""Characters of the name of a provider, or a region."""


@dataclass(frozen=True)
class Attempt:
    """One provider that was tried; `status` is that of its response, None if unknown."""

    provider: str
    model: str = ""
    status: int | None = None


@dataclass(frozen=True)
class Routing:
    """How a request was routed, in the order of the attempts; the last one answered.

    `region` is where OpenRouter handled it; it and `provider`, which was selected, may be empty.
    """

    attempts: tuple[Attempt, ...] = ()
    region: str = ""
    provider: str = ""

    @property
    def failed(self) -> tuple[Attempt, ...]:
        """The attempts before the one that answered."""
        return tuple(one for one in self.attempts if one.status and one.status >= 400)

    def checked(self) -> "Routing":
        """Return it with the limits of `read_routing`, if it comes from a file."""
        selected = {"selected": True, "provider": self.provider}
        metadata = {"region": self.region, "endpoints": {"available": [selected]}}
        return read_routing({**metadata, "attempts": [vars(one) for one in self.attempts]})


def read_routing(metadata: Mapping[str, Any]) -> Routing:
    """Return the routing that the `openrouter_metadata` of a chunk describes."""
    available = mappings(mapping(metadata.get("endpoints")).get("available"))
    selected = [one for one in available if one.get("selected") is True]
    return Routing(
        tuple(map(_attempt, mappings(metadata.get("attempts"))[:MAX_ATTEMPTS])),
        one_line(metadata.get("region"), MAX_NAME_LENGTH),
        one_line(selected[0].get("provider"), MAX_NAME_LENGTH) if selected else "",
    )


def _attempt(attempt: Mapping[str, Any]) -> Attempt:
    model, status = attempt.get("model"), number(attempt.get("status"))
    return Attempt(
        one_line(attempt.get("provider"), MAX_NAME_LENGTH),
        model if is_model_id(model) else "",
        int(status) if status and 100 <= status <= 599 else None,
    )
