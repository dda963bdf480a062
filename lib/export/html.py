"""A conversation as one HTML page."""

from datetime import datetime

from lib.chat.conversation import Conversation
from lib.export import facts
from lib.export.templates import answer_renderer, templates


def to_html(conversation: Conversation, *, exported_at: datetime) -> bytes:
    """Return a conversation as a page without scripts and without external resources."""
    page = templates.get_template("page.html").render(
        title=facts.conversation_title(conversation),
        facts=[*facts.conversation_facts(conversation), ("Saved", facts.moment(exported_at))],
        turns=conversation.turns,
        render_markdown=answer_renderer(is_plain=facts.is_too_long_to_format(conversation)),
    )
    return page.encode(errors="replace")
