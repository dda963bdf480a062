"""A question that the tab has sent, and that it asks after."""

import pytest

from lib.ui.browser import QUESTION_LOST, note_missing
from lib.ui.state import ChatState, StorageState


@pytest.mark.parametrize(
    ("report", "noted", "is_lost"),
    [
        pytest.param({"id": "1", "count": 1}, "1", True, id="no question came"),
        pytest.param({"id": "1", "count": 0}, "1", False, id="one came meanwhile"),
        pytest.param({"id": 5 * "12345", "count": None}, 4 * "12345", False, id="hostile"),
        pytest.param([], "", False, id="no report"),
    ],
)
def test_missing_question(report: object, noted: str, is_lost: bool) -> None:
    """Only a question that has not arrived is called lost."""
    storage, chat = StorageState(), ChatState()
    chat.conversation.ask("the one before")
    chat.open(chat.conversation)
    note_missing(storage, chat, report)
    assert storage.missing_question == noted
    assert chat.refusal == (QUESTION_LOST if is_lost else "")
