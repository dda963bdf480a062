"""Settings: valid values, and the error message for others."""

import re
import textwrap
from pathlib import Path

import pytest

from lib.settings import SETTINGS, SettingError, Settings, read_settings

ROOT = Path(__file__).parents[1]
SECRET = "s" * 32


def test_defaults() -> None:
    """Nothing set, or set to nothing, gives the documented defaults."""
    assert read_settings({}) == Settings()
    assert read_settings({"OPENROUTER_MODEL": "  ", "SIGN_IN_SECRET": None}) == Settings()
    assert Settings().base_url == "https://openrouter.ai"


@pytest.mark.parametrize(
    ("name", "value", "field", "read"),
    [
        ("OPENROUTER_BASE_URL", "http://127.0.0.1:8787/", "base_url", "http://127.0.0.1:8787"),
        ("OPENROUTER_CODE_CHALLENGE_METHOD", "s256", "code_challenge_method", "S256"),
        ("OPENROUTER_CODE_CHALLENGE_METHOD", "Plain", "code_challenge_method", "plain"),
        ("OPENROUTER_CODE_CHALLENGE_METHOD", "none", "code_challenge_method", "none"),
        ("OPENROUTER_CALLBACK_URL", "https://a.org/b/", "callback_url", "https://a.org/b/"),
        ("OPENROUTER_KEY_LIMIT", "2.5", "key_limit", 2.5),
        ("OPENROUTER_KEY_LIMIT", " 0.01 ", "key_limit", 0.01),
        ("OPENROUTER_KEY_LABEL", "x" * 100, "key_label", "x" * 100),
        ("OPENROUTER_MODEL", "a/b:free", "model", "a/b:free"),
        ("OPENROUTER_BASE_URL", "https://a.org/api/v1/", "base_url", "https://a.org"),
        ("APP_TITLE", "Überblick 🎉", "app_title", "Überblick 🎉"),
        (
            "APP_TITLE",
            "Une question\u00a0? 👩\u200d💻",
            "app_title",
            "Une question\u00a0? 👩\u200d💻",
        ),
        ("APP_WELCOME", "- One\n\t- two", "welcome", "- One\n\t- two"),
        ("APP_URL", "https://a.org", "app_url", "https://a.org"),
        ("APP_WELCOME", "**Hi**\n\nthere", "welcome", "**Hi**\n\nthere"),
        ("APP_PROMPTS", "What is new? | | Why?|", "prompts", ("What is new?", "Why?")),
        ("APP_PROMPTS", "Why? | Why?", "prompts", ("Why?",)),
        ("COMPARED_MODELS", "a/b, c/d:free ,", "compared_models", ("a/b", "c/d:free")),
        ("COMPARED_MODELS", "a/b, a/b", "compared_models", ("a/b",)),
        ("OPENROUTER_KEY_LIMIT", '"5"', "key_limit", 5),
        ("REMEMBER_SIGN_IN", "'false'", "remember_sign_in", False),
        ("APP_TITLE", '"One" and "two"', "app_title", '"One" and "two"'),
        ("APP_TITLE", '"', "app_title", '"'),
        ("SESSION_BUDGET", "0.5", "session_budget", 0.5),
        ("APP_INSTRUCTIONS", "Be brief.\nBe kind.", "instructions", "Be brief.\nBe kind."),
        ("SIGN_IN_SECRET", SECRET, "sign_in_secret", SECRET),
        ("OPENROUTER_API_URL", "https://eu.openrouter.ai/", "api_url", "https://eu.openrouter.ai"),
        ("OPENROUTER_API_URL", "https://a.org/api/v1/", "api_url", "https://a.org"),
        ("OPENROUTER_BASE_URL", "https://a.org", "api_url", "https://a.org"),
        ("DATA_POLICY", "No-Training", "data_policy", "no-training"),
        ("DATA_POLICY", "nothing-kept", "data_policy", "nothing-kept"),
        ("REMEMBER_SIGN_IN", "False", "remember_sign_in", False),
        ("REMEMBER_SIGN_IN", "yes", "remember_sign_in", True),
        ("REMEMBER_SIGN_IN", "0", "remember_sign_in", False),
        ("REMEMBER_SIGN_IN", "off", "remember_sign_in", False),
    ],
)
def test_value(name: str, value: str, field: str, read: object) -> None:
    """A usable value is read."""
    assert getattr(read_settings({name: value}), field) == read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENROUTER_BASE_URL", "openrouter.ai"),
        ("OPENROUTER_BASE_URL", "https://a:b:c"),
        ("OPENROUTER_BASE_URL", "https://a b"),
        ("OPENROUTER_BASE_URL", "https://a.org/?b=c"),
        ("OPENROUTER_API_URL", "eu.openrouter.ai"),
        ("DATA_POLICY", "zdr"),
        ("OPENROUTER_CODE_CHALLENGE_METHOD", "S512"),
        ("OPENROUTER_CALLBACK_URL", "/callback"),
        ("OPENROUTER_CALLBACK_URL", "https://a.org/#fragment"),
        ("OPENROUTER_KEY_LIMIT", "much"),
        ("OPENROUTER_KEY_LIMIT", "0"),
        ("OPENROUTER_KEY_LIMIT", "-1"),
        ("OPENROUTER_KEY_LIMIT", "1000000"),
        ("OPENROUTER_KEY_LIMIT", "nan"),
        ("OPENROUTER_KEY_LIMIT", "inf"),
        ("OPENROUTER_KEY_LABEL", "x" * 101),
        ("OPENROUTER_MODEL", "a\nb"),
        ("OPENROUTER_MODEL", "gpt 5"),
        ("APP_TITLE", "x" * 201),
        ("APP_URL", "ftp://a.org"),
        ("APP_WELCOME", "x" * 2_001),
        ("APP_WELCOME", "\x1b[31m"),
        ("APP_TITLE", "a\u202eb"),
        ("APP_PROMPTS", "a|b|c|d|e|f|g"),
        ("APP_PROMPTS", "x" * 301),
        ("APP_PROMPTS", "Why? | a\udcff"),
        ("COMPARED_MODELS", "a/b,c/d,e/f,g/h,i/j"),
        ("COMPARED_MODELS", "a/b c/d"),
        ("SESSION_BUDGET", "none"),
        ("APP_INSTRUCTIONS", "x" * 20_001),
        ("SIGN_IN_SECRET", "s" * 31),
        ("SIGN_IN_SECRET", "s" * 1001),
        ("SIGN_IN_SECRET", "s" * 31 + "\t" + "s"),
        ("REMEMBER_SIGN_IN", "perhaps"),
    ],
)
def test_unusable_value(name: str, value: str) -> None:
    """An unusable value is one sentence that names the setting; no traceback has the value."""
    with pytest.raises(SettingError, match=rf"^{name} must be [^\n]+\.$") as raised:
        read_settings({name: value})
    assert not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", str(raised.value))
    assert raised.value.__context__ is None


def readme_table() -> str:
    """The settings as README.md lists them."""
    rows = ["| name | default | meaning |", "|---|---|---|"]
    for attribute, setting in SETTINGS.items():
        default = setting.to_text(getattr(Settings(), attribute))
        meaning = setting.help.replace("|", r"\|")
        rows.append(f"| `{setting.name}` | {f'`{default}`' if default else 'none'} | {meaning} |")
    return "\n".join(rows)


def env_example() -> str:
    """The settings as .env.example lists them, below its first paragraph."""
    return "\n\n".join(
        f"{textwrap.fill(setting.help, 100, initial_indent='# ', subsequent_indent='# ')}\n"
        + (
            f"{setting.name}={setting.example}"
            if setting.example
            else f"# {setting.name}={setting.to_text(getattr(Settings(), attribute))}"
        )
        for attribute, setting in SETTINGS.items()
    )


def test_readme() -> None:
    """README.md lists each setting with its default and its meaning."""
    table = readme_table()
    is_listed = f"\n\n{table}\n\n" in (ROOT / "README.md").read_text("utf-8")
    assert is_listed, f"The table of settings in README.md has to be:\n\n{table}"


def test_env_example() -> None:
    """.env.example lists each setting with its default and its meaning."""
    _, _, listed = (ROOT / ".env.example").read_text("utf-8").partition("\n\n")
    expected = f"{env_example()}\n"
    assert listed == expected, f"Below its head .env.example has to be:\n\n{expected}"


def test_env_example_is_the_default() -> None:
    """What stands behind the names in .env.example is read as the default."""
    example = (ROOT / ".env.example").read_text("utf-8")
    given = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert given.keys() == {one.name for one in SETTINGS.values() if not one.example}
    assert read_settings(given) == Settings()


def test_repr_without_the_secret() -> None:
    """The secret is in no `repr`."""
    assert SECRET not in repr(read_settings({"SIGN_IN_SECRET": SECRET}))


def test_attribution() -> None:
    """The app's title and address are sent, as far as a header can hold them."""
    settings = read_settings({"APP_TITLE": "Über 🎉 chat", "APP_URL": "https://a.org"})
    assert settings.attribution() == {
        "HTTP-Referer": "https://a.org",
        "X-OpenRouter-Title": "ber  chat",
    }
    assert read_settings({"APP_TITLE": "聊天"}).attribution() == {}
