"""What the next question will cost: estimated for the budget, and shown as it is typed."""

import math
import time
from collections.abc import Sequence

from lib.chat.conversation import MAX_QUESTION_LENGTH, Conversation, Turn
from lib.chat.costs import CACHE_SECONDS, Cost, estimate, usual_answer
from lib.chat.labels import rounded_usd
from lib.chat.tokens import of_prompt
from lib.openrouter.request import ChatRequest
from lib.settings import Settings
from lib.ui import browser, catalogue
from lib.ui.session import Session

MAX_TYPED_TOKENS = 4 * MAX_QUESTION_LENGTH
MIN_STEP = 25
STEP = 1.1
"""Typed tokens from one label to the next, where the amount changes: so many, or so much more."""
MIN_CENT = 0.01


def estimate_question(
    settings: Settings,
    session: Session,
    request: ChatRequest,
    conversation: Conversation,
    turn: Turn | None = None,
) -> Cost | None:
    """Return what a request for the answer of a turn will cost; without one, the next question.

    `request` needs no messages. None if the price is not known, or varies, of the model or of one of
    those that are asked if it fails.
    """
    models = [catalogue.find(settings, session, m) for m in (request.model, *request.fallbacks)]
    takes_images = "image" in models[0].inputs
    prompt = of_prompt(conversation, request.instructions, turn, takes_images=takes_images)
    asked = session.chat.last_requests.get(conversation.id)
    costs = [
        estimate(
            prompt,
            request,
            model,
            answer_tokens=usual_answer(conversation.answers()),
            max_tokens=turn.answer.max_tokens if turn else None,
            is_cached=asked is not None
            and asked[0] == request.model
            and time.monotonic() - asked[1] < CACHE_SECONDS,
        )
        for model in models
    ]
    known = [cost for cost in costs if cost]
    return _dearest(known) if len(known) == len(costs) else None


def _dearest(costs: Sequence[Cost]) -> Cost:
    """Return the cost of the first of several models, and at most that of the dearest."""
    first = costs[0]
    return Cost(
        about=first.about,
        most=max(cost.most for cost in costs),
        prompt_most=max(cost.prompt_most for cost in costs),
        answer_price=max(cost.answer_price for cost in costs),
        token_about=first.token_about,
        token_most=max(cost.token_most for cost in costs),
    )


def render(
    settings: Settings,
    session: Session,
    asked: Sequence[tuple[ChatRequest, Conversation]],
    key: str = "cost_estimate",
) -> None:
    """Render what the question that is being typed will cost, for all models that are asked.

    The browser follows the text without a run. In Compare, each model has a conversation of its own.
    """
    costs = [estimate_question(settings, session, *each) for each in asked]
    known = [cost for cost in costs if cost]
    if len(known) < len(costs):
        models = [catalogue.find(settings, session, request.model) for request, _ in asked]
        sentence = ""
        if any(model.is_router for model in models):
            sentence = "The price varies with the model that answers."
        elif any("image" in model.outputs for model in models):
            sentence = "What an image costs is known only once it is made."
        browser.cost_estimate(key, sentence)
    elif all(cost.is_free for cost in known):
        browser.cost_estimate(key, "Free of charge." if known else "")
    else:
        about = _amounts(sum(c.about for c in known), sum(c.token_about for c in known))
        most = sum(c.most for c in known), sum(c.token_most for c in known)
        browser.cost_estimate(key, about=about, most=_amounts(*most, is_most=True))


def _amounts(fixed: float, per_token: float, *, is_most: bool = False) -> browser.Amounts:
    """Return a cost that grows with each typed token, with a label from so many tokens on.

    The labels are made here, since one function says how an amount is written, and the browser has
    another language.
    """
    steps: list[tuple[int, str]] = []
    start = 0
    while start < MAX_TYPED_TOKENS:
        end = max(start + MIN_STEP, int(start * STEP))
        cost = fixed + per_token * (end if is_most else (start + end) / 2)
        label = rounded_usd(cost)
        if cost >= MIN_CENT:  # what is said to be the most is rounded up
            cents = math.ceil(cost * 100)
            label = rounded_usd(cents / 100) if is_most else f"about {label}"
        if not steps or steps[-1][1] != label:
            steps.append((start, label))
        start = end
    return browser.Amounts(fixed, per_token, tuple(steps))
