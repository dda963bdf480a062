"""How long an answer without a reader is held, and who finds it."""

import pytest

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Answer, Conversation
from lib.chat.live_answers import AWAY_TIMEOUT_S, CLOSING_TIMEOUT_S, RETENTION_S, LiveAnswers
from lib.openrouter.events import Finished, TextDelta, Usage
from tests.chat.test_answer_stream import Script, Session
from tests.conftest import KEY


class Clock:
    """A clock that is set by hand, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the live answers."""
    return Clock()


@pytest.fixture
def live(clock: Clock) -> LiveAnswers:
    """No live answers yet."""
    return LiveAnswers(clock)


def begin(live: LiveAnswers, script: Script) -> tuple[AnswerStream, Session]:
    """Begin an answer that grows from a script, in a session."""
    session = Session()
    stream = AnswerStream(script, Answer(), key=KEY, reader=session)
    live.add(stream, Conversation())
    return stream, session


def test_reader_comes_back(live: LiveAnswers, clock: Clock) -> None:
    """A reader who was away for less than a minute, again and again, finds the answer growing."""
    stream, session = begin(live, Script(TextDelta("a")))
    for _ in range(3):
        session.is_connected = False
        clock.now += AWAY_TIMEOUT_S - 1
        assert live.check()
        session.is_connected = True
        live.check()
    assert stream.answer.progress == "streaming"
    stream.stop()


def test_reader_stays_away(live: LiveAnswers, clock: Clock) -> None:
    """An answer whose reader does not come back is interrupted, and its request is closed."""
    script = Script(TextDelta("a"))
    stream, session = begin(live, script)
    session.is_connected = False
    clock.now += AWAY_TIMEOUT_S + 1
    live.check()
    assert script.is_closed.is_set()
    assert stream.answer.progress == "interrupted"


def test_goodbye(live: LiveAnswers, clock: Clock) -> None:
    """A reader who said goodbye has some seconds; one who is still connected is not gone."""
    stream, session = begin(live, Script(TextDelta("a")))
    session.is_page_closing = True
    clock.now += CLOSING_TIMEOUT_S + 1
    live.check()
    assert stream.answer.progress == "streaming"
    session.is_connected = False
    clock.now += CLOSING_TIMEOUT_S + 1
    live.check()
    assert stream.answer.progress == "interrupted"


def test_session_that_follows(live: LiveAnswers, clock: Clock) -> None:
    """The session after a reload reads the same answer, gets its news, and pays for it."""
    script = Script(TextDelta("a"))
    stream, before = begin(live, script)
    before.is_connected = False
    after = Session()
    found = live.find(stream.answer.id, KEY)
    assert found is stream
    found.attach(after)
    clock.now += AWAY_TIMEOUT_S + 1
    live.check()
    after.news.clear()
    for event in (TextDelta("b"), Usage(1, 1, 0.5), Finished("stop")):
        script.items.put(event)
    assert stream.over.wait(5)
    assert after.news.wait(5)
    for _ in range(2):  # what is paid is not paid again
        stream.settle()
    assert (stream.answer.text, after.paid) == ("ab", 0.5)
    late = Session()
    for _ in range(2):  # it pays once
        stream.attach(late)
    assert late.paid == 0.5


def test_ended_while_away(live: LiveAnswers, clock: Clock) -> None:
    """An answer that ends while its reader is away is held for some minutes from its end."""
    script = Script(TextDelta("a"))
    stream, session = begin(live, script)
    session.is_connected = False
    clock.now += AWAY_TIMEOUT_S - 1
    script.items.put(Finished("stop"))
    assert stream.over.wait(5)
    live.check()
    clock.now += RETENTION_S - 1
    assert live.check()
    assert live.find(stream.answer.id, KEY) is stream
    clock.now += 2
    assert not live.check()
    assert live.find(stream.answer.id, KEY) is None
    assert stream.answer.progress == "complete"


def test_other_key(live: LiveAnswers) -> None:
    """An answer is found only with its key."""
    stream, _ = begin(live, Script(TextDelta("a")))
    assert live.find(stream.answer.id, KEY[:-1] + "x") is None
    assert live.find("0" * 16, KEY) is None
    stream.stop()


def test_stop_all(live: LiveAnswers) -> None:
    """At sign-out the answers of the user end, also in other tabs; those of others do not."""
    mine, _ = begin(live, Script(TextDelta("a")))
    theirs = AnswerStream(Script(TextDelta("a")), Answer(), key="sk-or-other", reader=Session())
    live.add(theirs, Conversation())
    live.stop_all(KEY)
    assert (mine.answer.progress, theirs.answer.progress) == ("stopped", "streaming")
    assert live.find(mine.answer.id, KEY) is None
    theirs.stop()


def test_left_alone(live: LiveAnswers) -> None:
    """A new session finds the conversations of its user that no connected session has."""
    script = Script(TextDelta("a"))
    session, conversation = Session(), Conversation()
    stream = AnswerStream(script, Answer(), key=KEY, reader=session)
    live.add(stream, conversation)
    assert live.unread_conversations(KEY) == []
    session.is_connected = False
    assert live.unread_conversations(KEY) == [conversation]
    assert live.unread_conversations("sk-or-other") == []
    stream.stop()
