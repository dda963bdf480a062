"""Tokens and costs, as a stream and `/api/v1/generation` report them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .events import Usage
from .untrusted import amount, mapping


def read_usage(usage: Mapping[str, Any]) -> Usage | None:
    """Return the `usage` of an answer; None for one without any number, as relays add at the end."""
    details = mapping(usage.get("cost_details"))
    read = Usage(
        prompt_tokens=tokens(usage.get("prompt_tokens")),
        completion_tokens=tokens(usage.get("completion_tokens")),
        cost=total_cost(usage, usage.get("cost"), details.get("upstream_inference_cost")),
        cached_tokens=tokens(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")),
        reasoning_tokens=tokens(
            mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")
        ),
    )
    is_known = read.prompt_tokens or read.completion_tokens or read.cost is not None
    return read if is_known else None


def latest_usage(latest: Usage, before: Usage | None) -> Usage:
    """Return the later of two reports about one request, or of its cost the one that is known."""
    if before is None:
        return latest
    if not (latest.prompt_tokens or latest.completion_tokens or latest.cost):
        return before  # a relay's last word, which is empty
    return replace(latest, cost=before.cost) if latest.cost is None else latest


def total_cost(report: Mapping[str, Any], charged: object, upstream: object) -> float | None:
    """Return what OpenRouter charges, plus the provider's own bill if the user has a key there."""
    amounts = [amount(charged), amount(upstream) if report.get("is_byok") is True else None]
    known = [one for one in amounts if one is not None]
    return sum(known) if known else None


def tokens(count: object) -> int:
    """Return a number of tokens; 0 if it is unknown."""
    return int(amount(count) or 0)
