"""The settings of the app, from texts by name: the environment, `.env`, Streamlit's secrets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from lib.openrouter.models import is_model_id

SHORTEST_SECRET = 32
Method = Literal["S256", "plain", "none"]


class SettingError(ValueError):
    """A setting cannot be used. `str()` is one sentence that names it, without its value."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"{name} {rule}")


@dataclass(frozen=True)
class Settings:
    """What `README.md` lists under Settings; `key_limit` and `session_budget` are in USD."""

    base_url: str = "https://openrouter.ai"
    code_challenge_method: Method = "S256"
    callback_url: str | None = None
    key_limit: float | None = None
    key_label: str | None = None
    session_budget: float | None = None
    model: str = "openrouter/auto"
    compared_models: tuple[str, ...] = ()
    app_title: str = "Chat with any model"
    app_url: str | None = None
    welcome: str | None = None
    prompts: tuple[str, ...] = ()
    instructions: str | None = None
    sign_in_secret: str | None = field(default=None, repr=False)
    remember_sign_in: bool = True

    def attribution(self) -> dict[str, str]:
        """Return the headers by which OpenRouter attributes requests to the app.

        https://openrouter.ai/docs/app-attribution; a header holds ASCII only.
        """
        title = self.app_title.encode("ascii", "ignore").decode().strip()
        headers = {"HTTP-Referer": self.app_url, "X-OpenRouter-Title": title}
        return {name: value for name, value in headers.items() if value}


def read_settings(environment: Mapping[str, str | None]) -> Settings:
    """Read the settings; what is empty or not there has its default.

    Raises `SettingError` for the first that cannot be used.
    """
    given = {name: value.strip() for name, value in environment.items() if value and value.strip()}
    default = Settings()
    return Settings(
        base_url=(_url("OPENROUTER_BASE_URL", given) or default.base_url).rstrip("/"),
        code_challenge_method=_method("OPENROUTER_CODE_CHALLENGE_METHOD", given),
        callback_url=_url("OPENROUTER_CALLBACK_URL", given),
        key_limit=_usd("OPENROUTER_KEY_LIMIT", given),
        key_label=_text("OPENROUTER_KEY_LABEL", given, longest=100),
        session_budget=_usd("SESSION_BUDGET", given),
        model=_model("OPENROUTER_MODEL", given) or default.model,
        compared_models=_models("COMPARED_MODELS", given),
        app_title=_text("APP_TITLE", given) or default.app_title,
        app_url=_url("APP_URL", given),
        welcome=_text("APP_WELCOME", given, longest=2_000, lines=True),
        prompts=_prompts("APP_PROMPTS", given),
        instructions=_text("APP_INSTRUCTIONS", given, longest=20_000, lines=True),
        sign_in_secret=_text("SIGN_IN_SECRET", given, shortest=SHORTEST_SECRET, longest=1_000),
        remember_sign_in=_flag("REMEMBER_SIGN_IN", given, default.remember_sign_in),
    )


Given = Mapping[str, str]


def _text(
    name: str, given: Given, *, shortest: int = 1, longest: int = 200, lines: bool = False
) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if lines:
        is_printable = all(line.isprintable() for line in value.splitlines())
    else:
        is_printable = value.isprintable()
    if not shortest <= len(value) <= longest or not is_printable:
        what = "text" if lines else "one line"
        raise SettingError(name, f"must be {what} of {shortest} to {longest} characters.")
    return value


def _model(name: str, given: Given) -> str | None:
    value = given.get(name)
    if value is not None and not is_model_id(value):
        raise SettingError(name, "must be the id of a model, such as openrouter/auto.")
    return value


MOST_COMPARED = 4


def _models(name: str, given: Given) -> tuple[str, ...]:
    models = tuple(model.strip() for model in given.get(name, "").split(",") if model.strip())
    if len(models) > MOST_COMPARED or not all(map(is_model_id, models)):
        rule = f"must be at most {MOST_COMPARED} ids of models, with commas between."
        raise SettingError(name, rule)
    return models


_MOST_PROMPTS = 6
_LONGEST_PROMPT = 300


def _prompts(name: str, given: Given) -> tuple[str, ...]:
    parts = (part.strip() for part in given.get(name, "").split("|"))
    prompts = tuple(part for part in parts if part)
    if len(prompts) > _MOST_PROMPTS or any(len(prompt) > _LONGEST_PROMPT for prompt in prompts):
        rule = f"must be at most {_MOST_PROMPTS} prompts of {_LONGEST_PROMPT} characters, with | between."
        raise SettingError(name, rule)
    return prompts


def _url(name: str, given: Given) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        url = urlsplit(value)
        is_usable = url.scheme in ("https", "http") and bool(url.hostname) and not url.fragment
        _ = url.port
    except ValueError:
        is_usable = False
    if not is_usable or not value.isascii() or not value.isprintable() or " " in value:
        raise SettingError(name, "must be a whole address, such as https://example.org.")
    return value


def _method(name: str, given: Given) -> Method:
    value = given.get(name, "S256")
    for method in get_args(Method):
        if value.lower() == method.lower():
            return cast("Method", method)
    raise SettingError(name, "must be S256, plain or none.")


def _usd(name: str, given: Given) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        amount = float(value)
    except ValueError:
        amount = math.nan
    if not 0 < amount < 1_000_000:
        raise SettingError(name, "must be an amount in US dollars above zero, such as 5.")
    return amount


def _flag(name: str, given: Given, default: bool) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if value.lower() in ("true", "yes", "on", "1"):
        return True
    if value.lower() in ("false", "no", "off", "0"):
        return False
    raise SettingError(name, "must be true or false.")
