"""What a browser session holds, by owner: chat, comparison, spending, account, storage."""

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lib.attacks import Outcome
from lib.chat.comparison import Comparison
from lib.chat.conversation import Conversation, Turn
from lib.chat.search import fold
from lib.chat.storage import StorageChanges, StorageDiff
from lib.markdown import Block, render_blocks
from lib.openrouter.account import Account
from lib.openrouter_sign_in import Exchanged, Method, Returned

MAX_CACHED_TEXTS = 512
"""Texts whose blocks are cached."""
MAX_FOLDED_TEXTS = 4_096
"""Texts that are cached as they are searched."""
SHOWN_TURNS = 10
"""Turns of a conversation that are shown at least."""
MAX_COUNTED_MODELS = 500
"""Models whose costs are told apart."""


def _cached_blocks() -> Callable[[str], tuple[Block, ...]]:
    """Return `render_blocks` with a cache: a long history is rendered once, not at each run.

    One cache for each session: a cache of the process would outlive a sign-out.
    """
    return lru_cache(MAX_CACHED_TEXTS)(render_blocks)


@dataclass
class ChatState:
    """The chats of a session, and the open one.

    `open_count`: how often another chat was opened. `last_question_id`: the question that is
    scrolled into view, once for each `view_count`. `earlier_turns`: the turns shown beyond the last
    ones. `refusal`: why the last question was not sent. `model_failure`: what was typed and is no
    model. `parameters`: what the user set, also what the model does not have. `last_requests`: the
    model that was asked last in a conversation, and when (`time.monotonic()`), by the conversation's
    id.
    """

    conversation: Conversation = field(default_factory=Conversation)
    conversations: list[Conversation] = field(default_factory=list)
    open_count: int = 0
    last_question_id: str = ""
    view_count: int = 0
    earlier_turns: int = 0
    edited_turn: Turn | None = None
    refusal: str = ""
    upload_failure: str = ""
    model: str | None = None
    model_failure: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    folded: Callable[[str], str] = field(
        default_factory=lambda: lru_cache(MAX_FOLDED_TEXTS)(fold), repr=False
    )
    last_requests: dict[str, tuple[str, float]] = field(default_factory=dict)
    blocks_of: Callable[[str], tuple[Block, ...]] = field(
        default_factory=_cached_blocks, repr=False
    )

    @property
    def hidden_turns(self) -> int:
        """How many turns stand before those that are shown.

        Streamlit sends all that is shown at each run, so a long conversation would grow slow. The
        number changes in steps, so that the turns that are shown seldom change their index.
        """
        hidden = max(0, len(self.conversation.turns) - SHOWN_TURNS) // SHOWN_TURNS * SHOWN_TURNS
        return max(0, hidden - self.earlier_turns)

    @property
    def question_count(self) -> int:
        """How many questions the chats have."""
        return sum(len(one.turns) for one in self.conversations)

    def show_earlier(self) -> None:
        """Show more turns, until the next question."""
        self.earlier_turns += 5 * SHOWN_TURNS

    def show(self, conversation: Conversation, turn: Turn) -> None:
        """Open a conversation, and scroll to one of its questions."""
        self.open(conversation)
        index = next((i for i, one in enumerate(conversation.turns) if one is turn), 0)
        self.earlier_turns += max(0, self.hidden_turns - index)
        self.last_question_id = turn.id
        self.view_count += 1

    def open(self, conversation: Conversation) -> None:
        """Open a conversation, and add it to the list if it is new.

        One without questions takes over who may see it: a new chat is not less private.
        """
        if not conversation.turns:
            conversation.data_policy = self.conversation.data_policy
        if all(known is not conversation for known in self.conversations):
            self.conversations.append(conversation)
        if conversation is not self.conversation:
            self.open_count += 1
            self.conversation = conversation
            self.edited_turn = None
            self.earlier_turns = 0
            self.refusal = ""


@dataclass
class ComparisonState:
    """The comparisons of a session, and the open one, which is listed once it has a question.

    `open_count`: how often another one was opened. `resets_choice`: whether the models and the
    blindness of the open one are to be chosen again. `shows_all`: whether old rounds are shown, too.
    `refusal`: why nothing was sent.
    """

    comparison: Comparison = field(default_factory=Comparison)
    comparisons: list[Comparison] = field(default_factory=list)
    open_count: int = 0
    resets_choice: bool = False
    shows_all: bool = False
    refusal: str = ""

    @property
    def hidden_rounds(self) -> int:
        """How many rounds stand before those that are shown."""
        return 0 if self.shows_all else max(0, self.comparison.round_count - SHOWN_TURNS)

    @property
    def question_count(self) -> int:
        """How many questions the comparisons have."""
        return sum(one.round_count for one in self.comparisons)

    def show_all(self) -> None:
        """Show old rounds, too, until another comparison is opened."""
        self.shows_all = True

    def open(self, comparison: Comparison) -> None:
        """Open a comparison; one without questions takes over who may see it."""
        self.refusal = ""
        if comparison is self.comparison:
            return
        if comparison.columns:
            self.resets_choice = True
        else:
            comparison.data_policy = self.comparison.data_policy
        self.comparison, self.shows_all = comparison, False
        self.open_count += 1

    def add(self, comparison: Comparison) -> None:
        """Add a comparison to the list, if it is new."""
        if all(known is not comparison for known in self.comparisons):
            self.comparisons.append(comparison)

    def restore(self, comparisons: Iterable[Comparison]) -> None:
        """Add comparisons that the tab has stored, oldest first, and open the latest.

        Of one that is there already, answers that grow are newer than what was stored.
        """
        known = {one.id: one for one in self.comparisons}
        restored = list(comparisons)
        for stored in restored:
            if comparison := known.get(stored.id):
                newer = {conversation.id for conversation in comparison.conversations()}
                for conversation in stored.conversations():
                    if conversation.id not in newer:
                        comparison.put(conversation)
                comparison.votes, comparison.is_revealed = stored.votes, stored.is_revealed
                self.resets_choice |= comparison is self.comparison
        self.comparisons[:0] = [one for one in restored if one.id not in known]
        if restored and not self.comparison.columns:  # else something else is compared by now
            self.open(restored[-1])

    def put(self, conversation: Conversation) -> None:
        """Add a conversation to the comparison of which it is a part, and open that."""
        part = conversation.part
        assert part
        found = (one for one in self.comparisons if one.id == part.comparison)
        comparison = next(found, None) or Comparison(id=part.comparison)
        comparison.put(conversation)
        if comparison.columns:
            self.add(comparison)
            self.open(comparison)


@dataclass
class SpendingState:
    """What the answers of a session cost, and what its user lets them cost, in USD.

    `by_model` has the costs by the model that answered, `reserved` what answers on their way may
    cost at most, by their ids.
    """

    spent: float = 0.0
    by_model: dict[str, float] = field(default_factory=dict)
    reserved: dict[str, float] = field(default_factory=dict)
    budget: float | None = None

    def add(self, cost: float, model: str) -> None:
        """Add the cost of an answer, in USD."""
        self.spent += cost
        if cost and (model in self.by_model or len(self.by_model) < MAX_COUNTED_MODELS):
            self.by_model[model] = self.by_model.get(model, 0.0) + cost


@dataclass(frozen=True)
class Hello:
    """The response to a hello, of any status: its first `lines` as they arrived; status 0 for none.

    The `cost` is in USD.
    """

    status: int
    content_type: str
    milliseconds: int
    lines: tuple[str, ...] = ()
    cost: float = 0.0


@dataclass
class SignInRecord:
    """What "How sign-in works" shows: the steps of the last sign-in, with secret values masked.

    `attacks` has the outcomes by attack and method.
    """

    returned: Returned | None = None
    exchanged: Exchanged | None = None
    hello: Hello | None = None
    streamed_hello: Hello | None = None
    attacks: dict[str, dict[Method, Outcome]] = field(default_factory=dict)


@dataclass
class AccountState:
    """The account as it was fetched last, and the fetch that is running."""

    latest: Account | None = None
    is_stale: bool = True
    fetch: Future[Account] | None = None
    failure: str = ""


@dataclass
class StorageState:
    """What the browser's tab was given to store, and what it said of it.

    `sent`: the last changes, each with its `time.monotonic()`. `reset_id`: a new one has the tab
    drop all that it stored. `missing_question`: the id of the question that it asked after last.
    """

    diff: StorageDiff = field(default_factory=StorageDiff)
    sent: list[tuple[float, StorageChanges]] = field(default_factory=list)
    reset_id: str = ""
    wants_restore: bool = True
    is_full: bool = False
    has_omitted_chats: bool = False
    missing_question: str = ""

    def reset(self) -> None:
        """Have the tab drop what it stored, and send everything once more."""
        self.reset_id = secrets.token_hex(8)
        self.diff, self.sent, self.is_full = StorageDiff(), [], False
