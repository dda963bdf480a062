"""A link for a demo: what the app begins with when someone opens it.

Anyone can write such a link. So its parts are bounded, and none of them sends or spends anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from lib.openrouter.models import is_model_id
from lib.openrouter.request import DataPolicy, known_policy, stricter
from lib.openrouter.untrusted import is_visible, one_line
from lib.settings import MAX_COMPARED, Settings

MAX_TITLE_LENGTH = 60
MAX_PROMPT_LENGTH = 300
MAX_QUERY_LENGTH = 2_000
"""Characters of the encoded query. The callback URL carries it through the sign-in, and the cookie of
a pending sign-in, which may have 4,096 bytes, carries the callback URL."""


@dataclass(frozen=True)
class DemoLink:
    """What a link asks for; each part may be empty.

    `prompt` is offered in an empty chat, never sent by itself. `data_policy` is a floor. `presents`
    is for a projector (lib/ui/presenting.py).
    """

    model: str = ""
    prompt: str = ""
    compared_models: tuple[str, ...] = ()
    data_policy: DataPolicy = "any"
    title: str = ""
    presents: bool = False

    def query(self) -> dict[str, str]:
        """Return the query parameters of the link."""
        query = {
            "model": self.model,
            "prompt": self.prompt,
            "compare": ",".join(self.compared_models),
            "policy": "" if self.data_policy == "any" else self.data_policy,
            "title": self.title,
            "present": "1" if self.presents else "",
        }
        return {name: value for name, value in query.items() if value}

    @property
    def is_too_long(self) -> bool:
        """Whether the app would ignore all but the model."""
        return _is_too_long(self.query())

    def apply(self, settings: Settings) -> Settings:
        """Return the settings as the link has them: never with a looser data policy."""
        return replace(
            settings,
            prompts=(self.prompt,) if self.prompt else settings.prompts,
            compared_models=self.compared_models or settings.compared_models,
            data_policy=stricter(self.data_policy, settings.data_policy),
        )


def read_demo_link(query: Mapping[str, str]) -> DemoLink:
    """Return what the query of a URL asks for, without the parts that are not valid."""
    model = query.get("model", "")
    link = DemoLink(model=model if is_model_id(model) else "")
    names = ("prompt", "compare", "policy", "title", "present")
    given = {name: query[name] for name in names if name in query}
    if _is_too_long({**link.query(), **given}):
        return link
    compared = map(str.strip, given.get("compare", "").split(","))
    return replace(
        link,
        prompt=_printable(given.get("prompt", ""), MAX_PROMPT_LENGTH),
        compared_models=tuple(dict.fromkeys(filter(is_model_id, compared)))[:MAX_COMPARED],
        data_policy=known_policy(given.get("policy", "").strip().lower()),
        title=_printable(given.get("title", ""), MAX_TITLE_LENGTH),
        presents=given.get("present") == "1",
    )


def _is_too_long(query: Mapping[str, str]) -> bool:
    return len(urlencode(query, errors="replace")) > MAX_QUERY_LENGTH


def _printable(text: str, max_length: int) -> str:
    """Return one line without invisible characters, which would hide what a click sends."""
    line = one_line(text, MAX_QUERY_LENGTH)
    return "".join(filter(is_visible, line)).strip()[:max_length].strip()
