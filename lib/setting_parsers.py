"""Parsers of settings: each takes the name of a setting and a text that is not empty.

They raise `SettingError` if the text is not valid.
"""

import math
from collections.abc import Callable
from typing import Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

from lib.openrouter.models import is_model_id
from lib.openrouter.request import DATA_POLICIES, DataPolicy
from lib.openrouter.untrusted import is_visible

Method = Literal["S256", "plain", "none"]

T = TypeVar("T")
Parser = Callable[[str, str], T]


class SettingError(ValueError):
    """A setting is not valid. `str()` is one sentence with its name and without its value."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"{name} {rule}")


def text(max_length: int, *, min_length: int = 1, multiline: bool = False) -> Parser[str]:
    """Return a parser of visible text within these lengths, in characters; lines may have tabs."""

    def parse(name: str, value: str) -> str:
        lines = value.replace("\t", " ").splitlines() if multiline else [value]
        if not min_length <= len(value) <= max_length or len(value.splitlines()) > len(lines):
            what = "text" if multiline else "one line"
            raise SettingError(name, f"must be {what} of {min_length} to {max_length} characters.")
        for line in lines:
            _check_visible(name, line)
        return value

    return parse


def _check_visible(name: str, line: str) -> None:
    if found := next((one for one in line if not is_visible(one)), ""):
        raise SettingError(name, f"must be without the invisible character U+{ord(found):04X}.")


def model(name: str, value: str) -> str:
    """Parse a model id."""
    if not is_model_id(value):
        raise SettingError(name, "must be a model id, such as openrouter/auto.")
    return value


def models(max_count: int) -> Parser[tuple[str, ...]]:
    """Return a parser of model ids separated by commas."""

    def parse(name: str, value: str) -> tuple[str, ...]:
        ids = _split(value, ",")
        if len(ids) > max_count or not all(map(is_model_id, ids)):
            rule = f"must be at most {max_count} model ids, separated by commas."
            raise SettingError(name, rule)
        return ids

    return parse


def prompts(max_count: int, max_length: int) -> Parser[tuple[str, ...]]:
    """Return a parser of prompts separated by `|`; `max_length` is in characters."""

    def parse(name: str, value: str) -> tuple[str, ...]:
        found = _split(value, "|")
        if len(found) > max_count or any(len(prompt) > max_length for prompt in found):
            rule = (
                f"must be at most {max_count} prompts of {max_length} characters, separated by |."
            )
            raise SettingError(name, rule)
        for prompt in found:
            _check_visible(name, prompt)
        return found

    return parse


def _split(value: str, separator: str) -> tuple[str, ...]:
    """Return the parts that are not empty, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, value.split(separator)))))


def url(name: str, value: str) -> str:
    """Parse an absolute http or https URL."""
    try:
        parts = urlsplit(value)
        is_valid = parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.fragment
        _ = parts.port
    except ValueError:
        is_valid = False
    if not is_valid or not value.isascii() or not value.isprintable() or " " in value:
        raise SettingError(name, "must be an absolute URL, such as https://example.org.")
    return value


def base_url(name: str, value: str) -> str:
    """Parse a URL that paths are appended to, without the `/api/v1` that other programs want there."""
    if "?" in value:
        raise SettingError(name, "must be a URL without a query, such as https://example.org.")
    return url(name, value).rstrip("/").removesuffix("/api/v1").rstrip("/")


def data_policy(name: str, value: str) -> DataPolicy:
    """Parse the name of a data policy, ignoring case."""
    for policy in DATA_POLICIES:
        if value.lower() == policy:
            return policy
    raise SettingError(name, f"must be one of {', '.join(DATA_POLICIES)}.")


def challenge_method(name: str, value: str) -> Method:
    """Parse the name of a code challenge method, ignoring case."""
    for method in get_args(Method):
        if value.lower() == method.lower():
            return cast("Method", method)
    raise SettingError(name, "must be S256, plain or none.")


def usd(name: str, value: str) -> float:
    """Parse an amount in US dollars."""
    try:
        amount = float(value)
    except ValueError:
        amount = math.nan
    if not 0 < amount < 1_000_000:
        raise SettingError(name, "must be an amount in US dollars above zero, such as 5.")
    return amount


def flag(name: str, value: str) -> bool:
    """Parse a boolean: true or false, yes or no, on or off, 1 or 0."""
    if value.lower() in ("true", "yes", "on", "1"):
        return True
    if value.lower() in ("false", "no", "off", "0"):
        return False
    raise SettingError(name, "must be true or false.")
