"""The settings of the app, read from the environment, `.env` or Streamlit's secrets.

To add a setting, add a field to `Settings`; the tests then show what `README.md` and
`.env.example` have to contain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

from lib import setting_parsers as parsers
from lib.openrouter.request import DataPolicy
from lib.setting_parsers import Method, Parser, SettingError

__all__ = [
    "MAX_COMPARED",
    "MIN_SECRET_LENGTH",
    "PROMPTS",
    "SETTINGS",
    "Setting",
    "SettingError",
    "Settings",
    "read_settings",
]

MIN_SECRET_LENGTH = 32
MAX_COMPARED = 4
_MAX_PROMPTS = 6
PROMPTS = (
    "How does signing in with PKCE keep my account safe?",
    "Compare three ways to learn a language, in a table",
    "Write a Python function that asks OpenRouter a question",
    "How does compound interest work? Show the formula",
)

T = TypeVar("T")
Shown = Literal["value", "length", "url", "secret"]
"""How Self-check, which is public, shows a setting.

As its value, its length in characters, a URL without its secret parts, or, for a secret, whether
it is set.
"""


@dataclass(frozen=True)
class Setting:
    """The description of a setting except its default; `help` is Markdown.

    `example` is the value that the example files set, where they set one.
    """

    name: str
    parse: Parser[Any]
    help: str
    shown: Shown
    separator: str
    example: str

    def to_text(self, value: object) -> str:
        """Return a value as the text that sets it; an empty string for None."""
        match value:
            case None:
                return ""
            case bool():
                return str(value).lower()
            case float():
                return f"{value:g}"
            case tuple():
                return self.separator.join(value)
        return str(value)


def _setting(
    name: str,
    parse: Parser[T],
    default: T,
    help: str,
    *,
    shown: Shown = "value",
    separator: str = ", ",
    example: str = "",
) -> T:
    setting = Setting(name, parse, help, shown, separator, example)
    return field(default=default, repr=shown != "secret", metadata={"setting": setting})


@dataclass(frozen=True)
class Settings:
    """The settings in force; `key_limit` and `session_budget` are in USD."""

    sign_in_secret: str | None = _setting(
        "SIGN_IN_SECRET",
        parsers.text(1_000, min_length=MIN_SECRET_LENGTH),
        None,
        f"Encrypts what is stored in the browser; at least {MIN_SECRET_LENGTH} characters. Without "
        "it, each process generates a random one, and a restart signs all users out.",
        shown="secret",
    )
    remember_sign_in: bool = _setting(
        "REMEMBER_SIGN_IN",
        parsers.flag,
        True,
        "If `false`, the key is held in session state only, and a reload signs out.",
    )
    model: str = _setting(
        "OPENROUTER_MODEL",
        parsers.model,
        "openrouter/auto",
        "The model that is selected at first.",
    )
    compared_models: tuple[str, ...] = _setting(
        "COMPARED_MODELS",
        parsers.models(MAX_COMPARED),
        (),
        f"Up to {MAX_COMPARED} models that *Compare* starts with, separated by commas. Without "
        "them, it starts with new, cheap ones of three makers.",
    )
    key_limit: float | None = _setting(
        "OPENROUTER_KEY_LIMIT",
        parsers.usd,
        None,
        "The credit limit in US dollars that the app asks for with a new key. The example files set "
        "5. OpenRouter may ignore it, and the user may change it: the account page shows the limit "
        "that the key has.",
        example="5",
    )
    session_budget: float | None = _setting(
        "SESSION_BUDGET",
        parsers.usd,
        None,
        "The maximum cost of a session in US dollars. Close to it the app shows a warning; what may "
        "cost more than is left is not sent. Users may set a lower one.",
    )
    key_label: str | None = _setting(
        "OPENROUTER_KEY_LABEL",
        parsers.text(100),
        None,
        "The name of the key in the user's account. Without it, the app's title.",
    )
    code_challenge_method: Method = _setting(  # noqa: RUF009  # a field, not a value
        "OPENROUTER_CODE_CHALLENGE_METHOD",
        parsers.challenge_method,
        "S256",
        "`S256`, `plain`, or `none` for a flow without a challenge.",
    )
    callback_url: str | None = _setting(
        "OPENROUTER_CALLBACK_URL",
        parsers.url,
        None,
        "The URL that OpenRouter redirects to. Without it, the app's URL in the browser.",
        shown="url",
    )
    base_url: str = _setting(
        "OPENROUTER_BASE_URL",
        parsers.base_url,
        "https://openrouter.ai",
        "The URL of OpenRouter, to which `/auth` and `/api/v1` are appended.",
        shown="url",
    )
    openrouter_api_url: str | None = _setting(
        "OPENROUTER_API_URL",
        parsers.base_url,
        None,
        "The URL of the API for chat, account and models if it is another one, such as "
        "`https://eu.openrouter.ai` for requests that are handled in the EU.",
        shown="url",
    )
    data_policy: DataPolicy = _setting(  # noqa: RUF009  # a field, not a value
        "DATA_POLICY",
        parsers.data_policy,
        "any",
        "The loosest choice that users have for *Who may see it*: `any` provider, `no-training` "
        "(providers that do not train on it) or `nothing-kept` (providers that keep nothing).",
    )
    try_without_account: bool = _setting(
        "TRY_WITHOUT_ACCOUNT",
        parsers.flag,
        True,
        "Whether visitors may try the app without an account, with a sandbox in its process that "
        "makes its answers up. `false` turns it off.",
    )
    app_title: str = _setting(
        "APP_TITLE",
        parsers.text(200),
        "Chat with any model",
        "The name of the app, also sent as `X-OpenRouter-Title`.",
    )
    welcome: str | None = _setting(
        "APP_WELCOME",
        parsers.text(2_000, multiline=True),
        None,
        "Markdown to show before sign-in. Without it, a description of the app.",
        shown="length",
    )
    prompts: tuple[str, ...] = _setting(
        "APP_PROMPTS",
        parsers.prompts(_MAX_PROMPTS, max_length=300),
        (),
        f"Up to {_MAX_PROMPTS} prompts to click in an empty chat, separated by `|`. Without them, "
        "there are four that the sandbox answers as a guide.",
        shown="length",
        separator=" | ",
    )
    instructions: str | None = _setting(
        "APP_INSTRUCTIONS",
        parsers.text(20_000, multiline=True),
        None,
        "The instructions (system prompt) that a session starts with; users may change them.",
        shown="length",
    )
    app_url: str | None = _setting(
        "APP_URL",
        parsers.url,
        None,
        "The app's public URL, sent as `HTTP-Referer`.",
        shown="url",
    )

    @property
    def api_url(self) -> str:
        """The URL to which `/api/v1` is appended, except for the sign-in."""
        return self.openrouter_api_url or self.base_url

    @property
    def prompts_to_click(self) -> tuple[str, ...]:
        """The prompts of an empty chat."""
        return self.prompts or PROMPTS

    def attribution(self) -> dict[str, str]:
        """Return the headers by which OpenRouter attributes requests to the app.

        https://openrouter.ai/docs/app-attribution; a header holds ASCII only.
        """
        title = self.app_title.encode("ascii", "ignore").decode().strip()
        headers = {"HTTP-Referer": self.app_url, "X-OpenRouter-Title": title}
        return {name: value for name, value in headers.items() if value}


SETTINGS: Mapping[str, Setting] = {f.name: f.metadata["setting"] for f in fields(Settings)}
"""The settings by field name."""


def read_settings(environment: Mapping[str, str | None]) -> Settings:
    """Read the settings; one that is empty or missing has its default.

    Quotes around a value are no part of it: Docker passes them on from its `--env-file`.
    Raises `SettingError` for the first invalid value.
    """
    parsed = {
        attribute: setting.parse(setting.name, text)
        for attribute, setting in SETTINGS.items()
        if (text := _unquoted((environment.get(setting.name) or "").strip()))
    }
    return Settings(**parsed)


def _unquoted(text: str) -> str:
    is_quoted = text[:1] in ("'", '"') and text[0] == text[-1] and text.count(text[0]) == 2
    return text[1:-1].strip() if is_quoted else text
