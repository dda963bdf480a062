"""The costs of answers that broke off, which OpenRouter knows some time later."""

import threading
import time
from contextlib import suppress

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Answer
from lib.openrouter.errors import OpenRouterError
from lib.openrouter.generation import get_usage

DELAYS_S = (0.5, 2, 5, 10, 15, 30)
"""The delays before each request for a cost: a minute in total."""

_counting: set[str] = set()
"""The ids of the answers whose costs are being fetched, of the process."""


def is_counting(answer: Answer) -> bool:
    """Return whether the cost of an answer that broke off is still being fetched."""
    return answer.id in _counting


def count_later(base_url: str, key: str, stream: AnswerStream) -> None:
    """Fetch the cost of an answer that broke off, in a thread, and have its readers pay."""
    answer = stream.answer

    def run() -> None:
        try:
            _count(base_url, key, stream)
        finally:
            _counting.discard(answer.id)

    _counting.add(answer.id)
    threading.Thread(target=run, name="counting", daemon=True).start()


def _count(base_url: str, key: str, stream: AnswerStream) -> None:
    answer = stream.answer
    for seconds in DELAYS_S:
        time.sleep(seconds)
        if not stream.readers[-1].has(key):  # the latest: the others may be gone
            return
        with suppress(OpenRouterError):
            answer.add_usage(get_usage(base_url, key, answer.generation))
            stream.settle()
            return
