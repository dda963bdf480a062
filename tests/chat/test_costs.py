"""Estimated costs, compared with what the sandbox charges: it counts tokens in a way of its own."""

from dataclasses import replace

import pytest

from lib.chat.answer_events import apply
from lib.chat.attachments import attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.costs import Cost, estimate, usual_answer
from lib.chat.request_messages import request_messages
from lib.chat.tokens import Prompt, Tokens, of_prompt, of_text
from lib.openrouter.chat import Completion
from lib.openrouter.models import Model, get_models
from lib.openrouter.pricing import Pricing
from lib.openrouter.request import ChatRequest
from sandbox.answers import TOUR, long, picture
from tests.conftest import KEY, Served

ENGLISH = "The harbour was quiet that morning, and nobody had seen the boats leave before dawn. "
GERMAN = "Die Hafenbehörde veröffentlichte gestern überraschend ihre Geschäftsjahresplanung. "
RUSSIAN = "Утром в гавани было тихо, и никто не видел, как лодки ушли до рассвета. "
CHINESE = "清晨的港口很安静，没有人看见船只在黎明之前离开。"
CODE = "def depth(tree: dict[str, int]) -> int:\n    return max(tree.values(), default=0) + 1\n\n"
NUMBERS = "2026-11-27,12.50,3,881,0.034\n"
CASES: dict[str, tuple[str, list[str], list[tuple[str, bytes]]]] = {
    "short": ("sandbox/hello", ["What is the capital of Peru?"], []),
    "short German": ("sandbox/hello", ["Wie heißt die Hauptstadt von Peru?"], []),
    "short, second": ("sandbox/hello", ["What is the capital of Peru?", "And of Chile?"], []),
    "English": ("sandbox/echo", [ENGLISH * 20, "And then?"], []),
    "German": ("sandbox/hello", [GERMAN * 60], []),
    "Russian": ("sandbox/hello", [RUSSIAN * 60], []),
    "Chinese": ("sandbox/hello", [CHINESE * 60], []),
    "code": ("sandbox/hello", [CODE * 60], []),
    "numbers": ("sandbox/hello", ["Sum it up."], [("table.csv", NUMBERS.encode() * 300)]),
    "text file": ("sandbox/tour", ["What is it about?"], [("long.md", long().encode())]),
    "image": ("anthropic/sandbox", ["What is on it?"], [("a.png", picture(1_000, 800))]),
    "PDF": ("sandbox/hello", ["Read it."], [("a.pdf", b"%PDF-1.7" + b"/Type /Page\n" * 12)]),
    "long answers": ("sandbox/long", ["Go on."] * 4, []),
    "many turns": ("sandbox/tour", ["Tell me more."] * 12, []),
    "cached": ("anthropic/sandbox", [ENGLISH * 200, "And then?", "And in the end?"], []),
    "dear and cached": ("qwen/sandbox", [TOUR * 20, *(["Why?"] * 5)], []),
    "other prices": ("tin-robot/kelp-34b", [ENGLISH * 100, "And then?"], []),
    "a request's price": ("sandbox/per-request", ["Hello?"], []),
}
PROMPT = Prompt(Tokens(100, 400), 0, 0, has_audio=False)
MODEL = Model("a/b", "B", 10_000, Pricing(1e-6, 2e-6), max_completion_tokens=1_000)


def compare(served: Served, name: str, models: dict[str, Model]) -> tuple[Cost, float]:
    """Return the estimate for the last question of a case, and its true cost."""
    model_id, questions, files = CASES[name]
    conversation, request = Conversation(), ChatRequest(model_id, instructions="Be kind.")
    for number, question in enumerate(questions):
        conversation.ask(question, [attachment(*file) for file in files] if not number else [])
        turn = conversation.turns[-1]
        cost = estimate(
            of_prompt(conversation, request.instructions, turn),
            request,
            models[model_id],
            answer_tokens=usual_answer(conversation.answers()),
            is_cached=number > 0,
        )
        messages = request_messages(conversation)
        for event in Completion(served.base_url, KEY, replace(request, messages=messages)):
            apply(event, turn.answer)
    assert cost
    return cost, turn.answer.cost


def test_against_the_sandbox(served: Served) -> None:
    """The cost is between half and twice the estimate in nine of ten cases, and never above the most."""
    models = {model.id: model for model in get_models(served.base_url)}
    compared = {name: compare(served, name, models) for name in CASES}
    ratios = {name: cost / estimated.about for name, (estimated, cost) in compared.items()}
    far = {name: ratio for name, ratio in ratios.items() if not 0.5 <= ratio <= 2}
    assert len(far) <= len(CASES) // 10, far
    assert {n for n, (estimated, cost) in compared.items() if cost > estimated.most} == set()


@pytest.mark.parametrize(
    "model",
    [
        replace(MODEL, pricing=Pricing()),
        replace(MODEL, pricing=Pricing(1e-6, None)),
        replace(MODEL, context_length=None, max_completion_tokens=None),
        replace(MODEL, outputs=("image",)),
        replace(MODEL, id="a/deep-research"),
    ],
)
def test_unknown(model: Model) -> None:
    """Where a price or the longest answer is not known, nothing is claimed."""
    assert estimate(PROMPT, ChatRequest("a/b"), model) is None


def test_free() -> None:
    """A model without prices costs nothing, however long its answer."""
    cost = estimate(PROMPT, ChatRequest("a/b"), Model("a/b", "B", pricing=Pricing(0, 0)))
    assert cost
    assert cost.is_free


@pytest.mark.parametrize(
    "request_", [ChatRequest("a/b:free:online"), ChatRequest("a/b:free", web_search=True)]
)
def test_free_with_a_search(request_: ChatRequest) -> None:
    """A search costs something with a free model, too."""
    cost = estimate(PROMPT, request_, replace(MODEL, pricing=Pricing(0, 0)))
    assert cost
    assert (cost.is_free, cost.most) == (False, pytest.approx(9 * 0.004))


@pytest.mark.parametrize(
    ("model", "request_", "max_tokens", "most"),
    [
        (MODEL, ChatRequest("a/b"), None, 400e-6 + 1_000 * 2e-6),
        (replace(MODEL, max_completion_tokens=None), ChatRequest("a/b"), None, 400e-6 + 0.02),
        (MODEL, ChatRequest("a/b", parameters={"max_completion_tokens": 50}), None, 500e-6),
        (MODEL, ChatRequest("a/b", parameters={"max_completion_tokens": 50}), 20, 440e-6),
        (MODEL, ChatRequest("a/b", web_search=True), None, 400e-6 + 0.002 + 9 * 0.004),
        (MODEL, ChatRequest("a/b:online"), None, 400e-6 + 0.002 + 9 * 0.004),
        (replace(MODEL, pricing=replace(MODEL.pricing, highest_prompt=2e-6)), ChatRequest("a/b"), None, 800e-6 + 0.002),
        (replace(MODEL, context_length=200), ChatRequest("a/b"), None, 200e-6 + 200 * 2e-6),
    ],
)  # fmt: skip
def test_most(model: Model, request_: ChatRequest, max_tokens: int | None, most: float) -> None:
    """The most is what the longest answer costs, at the highest prices, with every search."""
    cost = estimate(PROMPT, request_, model, max_tokens=max_tokens)
    assert cost
    assert cost.most == pytest.approx(most)


def test_affordable_tokens() -> None:
    """An amount pays for the prompt and for an answer of some length, or for none."""
    cost = estimate(PROMPT, ChatRequest("a/b"), MODEL)
    assert cost
    assert cost.affordable_tokens(0.0014) == 500
    assert cost.affordable_tokens(0.00041) is None


def test_changed_since() -> None:
    """A count of what was sent before is not taken for that of something else."""
    assert Tokens(100, 400).corrected(150) == Tokens(150, 225)
    assert Tokens(100, 400).corrected(20) == Tokens(100, 400)
    assert Tokens(100, 400).corrected(4_000) == Tokens(100, 400)


def test_without_files() -> None:
    """Files that are left out are not counted."""
    file = attachment("a.txt", b"word " * 1_000)
    turn = Turn("Hello?", [Answer()], [file])
    conversation = Conversation([turn])
    assert of_prompt(conversation, "", turn).tokens.about > 1_000
    turn.ask_again(remedy="without_files")
    turn.answers[-1].remedy = "without_files"
    assert of_prompt(conversation, "", turn).tokens.about < 20


def test_most_tokens() -> None:
    """A text has no more tokens than bytes."""
    assert of_text("a 1 ä 猫").most == 10
