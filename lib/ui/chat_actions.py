"""Ask for answers, attach to them after a reload, and stop them."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from lib.chat.answer_events import add_file_annotation
from lib.chat.answer_stream import AnswerStream
from lib.chat.attachments import Kind, accept
from lib.chat.conversation import MAX_TURNS, Answer, Conversation, Turn
from lib.chat.live_answers import LiveAnswers
from lib.chat.request_messages import request_messages
from lib.openrouter.account import get_account
from lib.openrouter.chat import Completion
from lib.openrouter.errors import KeyRejected, OpenRouterError
from lib.openrouter.models import Model
from lib.openrouter.request import MIN_COMPLETION_TOKENS, ChatRequest, stricter
from lib.openrouter_sign_in import User
from lib.settings import Settings
from lib.ui import budget, catalogue, cost_estimate
from lib.ui.error_messages import explain
from lib.ui.late_costs import count_later, is_counting
from lib.ui.session import Session, api_url

NOTHING_SENT = "{} Nothing was sent; choose another file."
SENT_LATER = "{} Nothing was sent yet; try again to send the rest."
"""After the reasons why files were refused."""

live_answers = LiveAnswers()
"""Of the process: after a reload the new session finds here what the old one asked for."""


def submit_question(
    settings: Settings,
    session: Session,
    user: User | None,
    request: ChatRequest,
    text: str,
    files: Sequence[tuple[str, bytes]] = (),
) -> None:
    """Ask a question in the open chat. If a file of it is refused, the question waits.

    If nothing is left to send, no question is added: `session.chat.refusal` says why.
    """
    session.chat.refusal = ""
    attachments, refused = accept(files)
    if not text.strip() and not attachments:
        session.chat.refusal = NOTHING_SENT.format(refused) if refused else ""
        return
    conversation = session.chat.conversation
    conversation.ask(text, attachments)
    session.chat.last_question_id = conversation.turns[-1].id
    session.chat.earlier_turns = 0
    session.chat.open(conversation)
    if refused:
        refuse(conversation.turns[-1].answer, SENT_LATER.format(refused))
    start_pending_answer(settings, session, user, conversation, request)


def edit_question(session: Session, turn: Turn, question: str) -> None:
    """Ask a changed question in place of a turn and all after it.

    What was answered there stays: the chat as it was becomes another one in the list.
    """
    chat = session.chat
    conversation, before = chat.conversation, chat.conversation.before_edit()
    replaced = conversation.replace(turn, question)
    for one in replaced:
        stop(session, *one.answers)
    if any(one.sent_answer() for one in replaced):
        indices = (i for i, one in enumerate(chat.conversations) if one is conversation)
        chat.conversations.insert(next(indices, 0), before)


def start_pending_answer(
    settings: Settings,
    session: Session,
    user: User | None,
    conversation: Conversation,
    request: ChatRequest,
) -> None:
    """Ask for the first pending answer of a conversation.

    It stays pending while another answer of the conversation grows, and without a user. If the
    budget, the length, or the model forbid it, the answer fails and says so.
    """
    if user is None:
        return
    # A click starts the next script before the last one has ended: only one of them may ask.
    with session.lock:
        if not session.has(user.key):  # signed out meanwhile
            return
        turn = conversation.pending_turn
        if not turn or any(session.stream_of(answer) for answer in conversation.answers()):
            return
        model = catalogue.find(settings, session, request.model)
        cost = cost_estimate.estimate_question(settings, session, request, conversation, turn)
        refusal = (
            budget.refusal(settings, session)
            or _too_long(conversation)
            or _unsupported(model, conversation, turn)
            or budget.refusal_of(cost, settings, session, turn.answer)
        )
        if refusal:
            refuse(turn.answer, refusal)
        else:
            takes_images = "image" in model.inputs
            request = replace(
                request,
                messages=request_messages(conversation, turn, takes_images=takes_images),
                session_id=conversation.id,
                data_policy=stricter(settings.data_policy, conversation.data_policy),
            )
            session.spending.reserved[turn.answer.id] = cost.most if cost else 0.0
            session.chat.last_requests[conversation.id] = (request.model, time.monotonic())
            _start(settings, session, conversation, turn, request, user)


def _start(
    settings: Settings,
    session: Session,
    conversation: Conversation,
    turn: Turn,
    request: ChatRequest,
    user: User,
) -> None:
    """Ask for the answer of a turn, on the user's API key."""
    answer, key, url = turn.answer, user.key, api_url(settings, user)
    reserved = session.spending.reserved

    def on_over(stream: AnswerStream) -> None:
        stream.settle()
        reserved.pop(answer.id, None)
        if stream.failure:
            _explain(answer, stream.failure, settings.base_url, key, request.model)
        if answer.generation and not answer.is_usage_known:
            count_later(url, key, stream)

    if answer.max_tokens:
        most = max(answer.max_tokens, MIN_COMPLETION_TOKENS)
        parameters = {**request.parameters, "max_completion_tokens": most}
        request = replace(request, parameters=parameters)
    stream = AnswerStream(
        Completion(url, key, request, headers=settings.attribution()),
        answer,
        key=key,
        reader=session,
        may_retry=lambda: not budget.refusal(settings, session),
        is_key_rejected=lambda: _is_rejected(url, key),
        on_over=on_over,
    )
    session.add_stream(stream)
    live_answers.add(stream, conversation)


def _explain(answer: Answer, failure: OpenRouterError, base_url: str, key: str, model: str) -> None:
    """Set why an answer failed, and what may help."""
    explanation = explain(failure, base_url, key, model)
    answer.failure, answer.help = explanation.sentence, explanation.link
    answer.affordable_tokens = explanation.affordable_tokens
    answer.suggested_models = list(explanation.models)
    answer.suggested_remedy = explanation.remedy
    for annotation in failure.details.file_annotations:
        add_file_annotation(annotation, answer)


def _is_rejected(api_url: str, key: str) -> bool:
    """Return whether OpenRouter does not accept a key at all, which only the account says."""
    try:
        get_account(api_url, key)
    except KeyRejected:
        return True
    except OpenRouterError:
        return False
    return False


def attach(session: Session, conversations: Iterable[Conversation] = ()) -> None:
    """Attach to the answers that the session before the reload asked for.

    To those in the conversations that the tab has stored, and to those that grow without a reader:
    the tab may not have stored the last question yet.
    """
    if session.user is None:
        return
    key = session.user.key
    for conversation in conversations:
        is_growing = False
        for turn in conversation.turns:
            for index, answer in enumerate(turn.answers):
                if not answer.is_usage_known and (stream := live_answers.find(answer.id, key)):
                    turn.answers[index] = stream.answer
                    session.add_stream(stream)
                    stream.attach(session)
                    if not stream.is_over:
                        is_growing = True
                        live_answers.add(stream, conversation)
            if is_growing and turn.answer.progress == "interrupted" and turn.answer.is_empty:
                turn.answer.progress = "waiting"  # for the answer above it
    for conversation in live_answers.unread_conversations(key):
        turns = [replace(turn, answers=list(turn.answers)) for turn in conversation.turns]
        own = replace(conversation, turns=turns)
        session.replace_conversation(own)
        for answer in own.answers():
            stream = live_answers.find(answer.id, key)
            if stream and not stream.is_over:  # the tab has stored what the others cost
                session.add_stream(stream)
                stream.attach(session)
                live_answers.add(stream, own)


def refuse(answer: Answer, sentence: str) -> None:
    """Have an answer fail before it is asked for."""
    answer.progress, answer.failure = "failed", sentence


def _too_long(conversation: Conversation) -> str:
    if len(conversation.turns) <= MAX_TURNS:
        return ""
    return f"This chat has {MAX_TURNS:,} questions, which is the most. Start a new one."


def _unsupported(model: Model, conversation: Conversation, turn: Turn) -> str:
    """Return why a model cannot get the attachments; it always can get PDFs and texts."""
    kinds: set[Kind] = (
        set() if turn.answer.remedy == "without_files" else conversation.attachment_kinds()
    )
    for kind, plural in (("image", "images"), ("audio", "audio")):
        if kind in kinds and kind not in model.inputs:
            turn.answer.suggested_remedy = "without_files"
            return (
                f"{model.name} does not take {plural}, and this conversation has some. Choose a "
                "model that does, then try again; or send it again without the files."
            )
    return ""


def can_continue(session: Session, answer: Answer) -> bool:
    """Return whether an answer was cut, and nothing of its last request is open, nor its cost."""
    is_over = all(stream.is_over for stream in session.streams if stream.answer is answer)
    return answer.is_cut and is_over and not is_counting(answer)


def stop(session: Session, *answers: Answer) -> None:
    """Stop these answers, also pending ones."""
    with session.lock:  # an earlier script may be about to ask for one
        for answer in answers:
            if stream := session.stream_of(answer):
                stream.stop()
            elif answer.progress == "waiting":
                answer.progress = "stopped"


def stop_all(session: Session) -> None:
    """Stop every answer of the signed-in user, in each tab."""
    with session.lock:
        stop(session, *(stream.answer for stream in session.streams))
        if session.user:
            live_answers.stop_all(session.user.key)
