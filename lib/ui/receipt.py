"""The receipt of an answer: model, cost and time in one line, the rest on demand.

A `details` element: unlike a widget it costs no run of the page when it is opened, and none of the
time that each widget takes in each run.
"""

from collections.abc import Iterator, Mapping
from html import escape

import streamlit as st

from lib.chat.conversation import Answer
from lib.chat.labels import rounded_usd, routing_facts, usd
from lib.markdown.renderer import link
from lib.openrouter.providers import Provider

Providers = Mapping[str, Provider]


def render_receipt(answer: Answer, providers: Providers, note: str = "") -> None:
    """Render the receipt, with a note after its first line."""
    summary = " · ".join([*map(escape, summary_facts(answer)), *([escape(note)] if note else [])])
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{html}</dd>" for name, html in receipt_rows(answer, providers)
    )
    if rows:
        summary = summary or "Details"
        st.html(f"<details class='receipt'><summary>{summary}</summary><dl>{rows}</dl></details>")
    elif summary:
        st.html(f"<div class='receipt'>{summary}</div>")


def summary_facts(answer: Answer) -> Iterator[str]:
    """Yield model, cost, and time of an answer, as far as they are known."""
    if answer.model:
        yield answer.model
    if answer.usage and answer.usage.cost is not None:
        yield rounded_usd(answer.usage.cost)
    if answer.seconds is not None and answer.size:
        yield f"{answer.seconds:,.1f}\N{NO-BREAK SPACE}s"


def receipt_rows(answer: Answer, providers: Providers) -> Iterator[tuple[str, str]]:
    """Yield name and HTML of each further fact: provider, what was tried, tokens, speed."""
    if answer.provider:
        yield "Provider", _provider(answer.provider, providers)
    if answer.routing and (facts := ", ".join(routing_facts(answer.routing))):
        yield "Routing", escape(facts)
    if usage := answer.usage:
        tokens = f"{usage.prompt_tokens:,} prompt and {usage.completion_tokens:,} completion tokens"
        if usage.cached_tokens:
            tokens += f", {usage.cached_tokens:,} of the prompt read from the cache"
        yield "Tokens", tokens
        if usage.cost is not None:
            yield "Cost", usd(usage.cost)
    speed = []
    if answer.first_token_seconds is not None:
        speed.append(f"first word after {answer.first_token_seconds:.2f} s")
    if answer.tokens_per_second:
        speed.append(f"{answer.tokens_per_second:,.0f} tokens a second")
    if speed:
        yield "Speed", ", ".join(speed)


def _provider(name: str, providers: Providers) -> str:
    """Return a provider with a link to its privacy policy and its data centers, as HTML."""
    provider = providers.get(name)
    if provider is None:
        return escape(name)
    more = [escape(name)]
    if provider.policy_url:
        more.append(f"{link(provider.policy_url, 'privacy policy')}")
    if provider.data_centers:
        more.append(f"data centers in {escape(', '.join(provider.data_centers))}")
    return ", ".join(more)
