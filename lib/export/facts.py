"""What the HTML and the Markdown of a conversation share: titles, models, costs, endings."""

from collections.abc import Iterator
from datetime import datetime

from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.labels import (
    CUT_SHORT,
    DATA_POLICY_LABELS,
    FINISHED_WITHOUT_ANSWER,
    INTERRUPTED,
    NO_ANSWER,
    STOPPED,
    routing_facts,
    usd,
)
from lib.markdown import is_too_long

MAX_FORMATTED = 5
"""Texts of maximum length that are formatted; beyond that, all texts are exported as plain text."""


def is_too_long_to_format(conversation: Conversation) -> bool:
    """Return whether the answers are in total too long to be formatted."""
    shown = [turn.answer for turn in conversation.turns]
    texts = (text for answer in shown for text in (answer.text, answer.reasoning))
    return is_too_long(*texts, times=MAX_FORMATTED)


def conversation_title(conversation: Conversation) -> str:
    """Return the title of a conversation, or a default."""
    return conversation.title or "Conversation"


def answer_title(turn: Turn) -> str:
    """Return the heading of a turn's shown answer."""
    count = len(turn.answers)
    return f"Answer {turn.version + 1} of {count}" if count > 1 else "Answer"


def conversation_facts(conversation: Conversation) -> list[tuple[str, str]]:
    """Return names and values for the whole conversation."""
    shown = [turn.answer for turn in conversation.turns]
    others = [
        answer
        for turn in conversation.turns
        for answer in turn.answers
        if answer is not turn.answer
    ]
    models = dict.fromkeys(answer.model for answer in shown if answer.model)
    unknown = sum(not is_cost_known(answer) for answer in shown + others)
    cost = "not known"
    if unknown < len(shown + others):
        cost = usd(conversation.cost)
        if others:
            hidden = usd(sum(answer.cost for answer in others))
            cost += f", including {hidden} for {count(len(others), 'answer')} not shown here"
        if unknown:
            cost += f"; that of {count(unknown, 'answer')} is not known"
    facts = [("Model" if len(models) == 1 else "Models", ", ".join(models))] if models else []
    if conversation.data_policy != "any":
        facts.append(("Who may see it", DATA_POLICY_LABELS[conversation.data_policy]))
    return [*facts, ("Cost", cost), ("Questions", str(len(shown)))]


def answer_facts(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield names and values for one answer."""
    if answer.model:
        yield "Model", answer.model
    if answer.provider:
        yield "Provider", answer.provider
    if answer.routing and (routing := ", ".join(routing_facts(answer.routing))):
        yield "Routing", routing
    yield "Cost", usd(answer.cost) if is_cost_known(answer) else "not known"
    if answer.usage:
        tokens = answer.usage.prompt_tokens, answer.usage.completion_tokens
        yield "Tokens", "{:,} of the prompt, {:,} of the answer".format(*tokens)
        if answer.usage.cached_tokens:
            yield "From the cache", f"{answer.usage.cached_tokens:,} tokens of the prompt"
    if answer.first_token_seconds is not None:
        yield "First word", f"after {answer.first_token_seconds:.2f} s"
    if answer.seconds is not None:
        yield "Whole answer", f"after {answer.seconds:.2f} s"
    if answer.tokens_per_second:
        yield "Speed", f"{answer.tokens_per_second:,.0f} tokens a second"


def ending(answer: Answer) -> str:
    """Return a sentence about how an answer ended; empty for a complete answer."""
    match answer.progress:
        case "stopped":
            return STOPPED
        case "interrupted":
            return answer.failure or INTERRUPTED
        case "failed":
            return answer.failure or "This answer failed."
        case "complete" if answer.is_empty:
            return NO_ANSWER.get(answer.finish_reason, FINISHED_WITHOUT_ANSWER)
        case "complete":
            return CUT_SHORT.get(answer.finish_reason, "")
    return "This answer was still being written."


def moment(at: datetime) -> str:
    """Return a date and a time, as they are read."""
    return f"{at.day} {at:%B %Y, %H:%M %Z}".strip()


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural if it is not 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def is_cost_known(answer: Answer) -> bool:
    """Return whether OpenRouter has reported what an answer cost."""
    return answer.usage is not None and answer.usage.cost is not None
