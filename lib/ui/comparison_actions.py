"""Ask several models a question, and judges about their answers; in callbacks.

No function has a yield point, so Streamlit cannot end a callback halfway.
"""

from collections.abc import Sequence
from dataclasses import replace

from lib.chat.answer_stream import AnswerStream
from lib.chat.attachments import accept
from lib.chat.comparison import Comparison
from lib.chat.conversation import Conversation, Part, new_id
from lib.chat.judging import judge_prompt
from lib.openrouter.request import ChatRequest
from lib.openrouter_sign_in import User
from lib.settings import Settings
from lib.ui import chat_actions, models
from lib.ui.session import Session


def submit_question(
    settings: Settings,
    session: Session,
    user: User | None,
    wanted: Sequence[str],
    text: str,
    files: Sequence[tuple[str, bytes]] = (),
    *,
    is_blind: bool = False,
) -> None:
    """Ask the open comparison's next question, or the first of a new one if the choice has changed.

    Nothing is sent while answers grow, or to fewer than two models.
    """
    state = session.comparison
    state.refusal = ""
    comparison = state.comparison
    if len(wanted) < 2 or live_answers(session, comparison):
        return
    attachments, refused = accept(files)
    if not text.strip() and not attachments:
        state.refusal = chat_actions.NOTHING_SENT.format(refused) if refused else ""
        return
    if not continues(comparison, wanted, is_blind=is_blind):
        comparison = Comparison()
        state.open(comparison)
    if not comparison.columns:
        comparison.is_blind = is_blind
    comparison.ask(wanted, text, attachments)
    state.add(comparison)
    session.chat.last_question_id = comparison.columns[0].turns[-1].id
    if refused:
        for conversation in comparison.columns:
            sentence = chat_actions.SENT_LATER.format(refused)
            chat_actions.refuse(conversation.turns[-1].answer, sentence)
    start_pending_answers(settings, session, user, comparison)


def continues(comparison: Comparison, wanted: Sequence[str], *, is_blind: bool) -> bool:
    """Return whether the next question belongs to a comparison: the same models, equally hidden."""
    if not comparison.columns:
        return True
    return set(comparison.models) == set(wanted) and comparison.hides_models == is_blind


def next_requests(
    settings: Settings, session: Session, comparison: Comparison | None, chosen: Sequence[str]
) -> list[tuple[ChatRequest, Conversation]]:
    """Return the requests for the next question, without messages, and their conversations.

    None stands for a new comparison of the chosen models.
    """
    columns = comparison.columns if comparison else []
    conversations = columns or [Conversation(model=model) for model in chosen]
    return [(models.plain_request(settings, session, one.model), one) for one in conversations]


def start_pending_answers(
    settings: Settings, session: Session, user: User | None, comparison: Comparison
) -> None:
    """Ask for the answers and verdicts that are pending."""
    for conversation in comparison.conversations():
        request = models.plain_request(settings, session, conversation.model)
        if conversation.part and conversation.part.verdict:
            request = replace(request, instructions="")  # a judge has its own
        chat_actions.start_pending_answer(settings, session, user, conversation, request)


def ask_judge(
    settings: Settings,
    session: Session,
    user: User | None,
    comparison: Comparison,
    round_index: int,
    judge: str,
    criteria: str,
) -> None:
    """Have a model judge the answers of a round, twice: the second time in reversed order."""
    turns = [(c, turn) for c, turn in comparison.round(round_index) if turn.answer.has_text]
    if len(turns) < 2 or live_answers(session, comparison):
        return
    question, verdict = turns[0][1], new_id()
    files = [file.name for file in question.attachments]
    earlier = [turn.question for turn in turns[0][0].turns[:round_index]]
    for ordered in (turns, turns[::-1]):
        texts = [turn.answer.text for _, turn in ordered]
        order = tuple(conversation.model for conversation, _ in ordered)
        part = Part(comparison.id, verdict=verdict, round=round_index, order=order)
        conversation = Conversation(model=judge, part=part, data_policy=comparison.data_policy)
        conversation.ask(judge_prompt(question.question, files, texts, criteria, earlier))
        comparison.judges.append(conversation)
    start_pending_answers(settings, session, user, comparison)


def live_answers(session: Session, comparison: Comparison) -> list[AnswerStream]:
    """Return the answers and verdicts of a comparison that are still growing."""
    answers = (answer for one in comparison.conversations() for answer in one.answers())
    return [stream for answer in answers if (stream := session.stream_of(answer))]


def delete(session: Session, comparison: Comparison) -> None:
    """Stop the answers of a comparison, and remove it."""
    for conversation in comparison.conversations():
        chat_actions.stop(session, *conversation.answers())
    state = session.comparison
    state.comparisons = [one for one in state.comparisons if one is not comparison]
    state.open(Comparison())
    if session.storage.is_full:  # now there is room
        session.reset_storage()
