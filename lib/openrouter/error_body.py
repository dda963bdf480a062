"""Errors as OpenRouter sends them: in the body of a response, or in a chunk of a stream.

https://openrouter.ai/docs/api-reference/errors, and what clients have met beyond it.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .annotations import read_file_annotations
from .error_causes import causes_in_message, causes_in_provider_message, status_of
from .errors import ErrorDetails, KeyRejected, OpenRouterError, quotable
from .untrusted import amount, mapping, number, one_line, parse_json

MAX_FALLBACK_MODELS = 3
_TEXTS = ("error", "message", "Message", "detail", "msg", "errors", "data", "body")
"""Where the text of a provider's error may be."""
_SLUG = re.compile(r"\bslug\b[^:]{0,20}: ?([\w.-]{1,100}/[\w.:-]{1,100})")
_JSON = re.compile(r"\{|\[\s*\{")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_STATUS = re.compile("[1-9][0-9]{2}")
_DIGITS = re.compile("[0-9]{10,15}")


def error_from_response(status: int, headers: Mapping[str, str], body: bytes) -> OpenRouterError:
    """Return the error of a failed response, whose body is JSON, HTML or empty."""
    try:
        parsed = mapping(parse_json(body))
    except ValueError:
        parsed = {}
    return _error(parsed.get("error", parsed), status, headers)


def error_from_chunk(error: object) -> OpenRouterError:
    """Return the error for the `error` of a chunk or choice; its `code` is a number or a name."""
    return _error(error, None, {})


def _error(error: object, status: int | None, headers: Mapping[str, str]) -> OpenRouterError:
    if not isinstance(error, Mapping):
        error = {"message": error}
    metadata, availability = mapping(error.get("metadata")), mapping(error.get("availability"))
    said = error.get("message") or error.get("detail")
    message = (isinstance(said, str) and _text(said)) or quotable(said)
    provider = one_line(metadata.get("provider_name"))
    provider_message = _text(metadata.get("raw"))
    reason, limit_source = metadata.get("reason"), metadata.get("limit_source")
    types = (metadata.get("error_type"), error.get("error_type"), error.get("code"))
    names = _names(availability.get("code"), limit_source, *types, error.get("type"))
    status = status or _status(error) or status_of(names)
    is_of_provider = bool(provider or provider_message)
    if status == 401 and is_of_provider:
        names.insert(0, "provider_key_rejected")
    elif status == 402 and is_of_provider and not (reason or limit_source):
        names.insert(0, "provider_payment_required")
    elif status == 403 and metadata.get("reasons"):
        names.insert(0, "moderation")
    causes = [
        *_names(reason),
        *causes_in_message(message, status),
        *causes_in_provider_message(provider_message, status),
        *names,
    ]
    all_headers = _headers(headers, metadata)
    resets_at = _moment(all_headers.get("x-ratelimit-reset")) or _moment(metadata.get("resets_at"))
    retry_after = (
        all_headers.get("retry-after"),
        metadata.get("retry_after_seconds"),
        availability.get("retry_after"),
        resets_at - time.time() if resets_at and status == 429 else None,
    )
    is_rejection = status == 401 and "provider_key_rejected" not in causes
    retryable = availability.get("retryable")
    return (KeyRejected if is_rejection else OpenRouterError)(
        message,
        status=status,
        retry_after=next((s for value in retry_after if (s := _seconds(value)) is not None), None),
        retryable=retryable if isinstance(retryable, bool) else None,
        details=ErrorDetails(
            causes=tuple(dict.fromkeys(causes)),
            provider=provider,
            provider_message=provider_message,
            constraint=quotable(mapping(availability.get("constraint")).get("detail")),
            fallback_models=_models(availability.get("fallback_models"), message),
            resets_at=resets_at,
            spent=amount(metadata.get("spend_usd")),
            limit=amount(metadata.get("limit_usd")),
            file_annotations=tuple(read_file_annotations(metadata.get("file_annotations"))),
        ),
    )


def _status(error: Mapping[str, Any]) -> int | None:
    """Return a code of three digits, a number or a string, as a status; None for any other."""
    for code in (error.get("code"), error.get("http_status"), error.get("status")):
        digits = str(code) if isinstance(code, int | str) else ""
        if _STATUS.fullmatch(digits):
            return int(digits)
    return None


def _names(*values: object) -> list[str]:
    return [value for value in values if isinstance(value, str) and _NAME.fullmatch(value)]


def _text(raw: object, depth: int = 6) -> str:
    """Return the text in what somebody sent: a text, JSON, JSON in a text, or in an event."""
    if isinstance(raw, str):
        raw = raw.strip().removeprefix("data:").lstrip()
        if _JSON.match(raw):
            try:
                raw = parse_json(raw)
            except ValueError:
                return ""
    match raw:
        case str():
            is_text = raw.upper() not in ("", "ERROR") and not raw.startswith("<")
            return quotable(raw) if is_text else ""
        case Mapping():
            parts = [raw.get(name) for name in _TEXTS]
        case list():
            parts = raw[:1]
        case _:
            return ""
    found = (_text(part, depth - 1) for part in parts if depth)
    return next(filter(None, found), "")


def _headers(headers: Mapping[str, str], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers of the response, and those that only the body has, in lower case."""
    found = {**mapping(metadata.get("headers")), **headers}
    return {str(name).lower(): value for name, value in found.items()}


def _models(names: object, message: str) -> tuple[str, ...]:
    """Return the models that are suggested: in a list, or by a slug in the message."""
    found = map(one_line, names[:MAX_FALLBACK_MODELS]) if isinstance(names, list) else ()
    slugs = (slug.rstrip(".:") for slug in _SLUG.findall(message))
    return tuple(dict.fromkeys(filter(None, (*found, *slugs))))[:MAX_FALLBACK_MODELS]


def _moment(value: object) -> float | None:
    """Return a time in seconds since the epoch: ISO 8601, milliseconds, or seconds."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value[:40].strip())
            value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            value = None
    seconds = number(value) or 0
    seconds = seconds / 1000 if seconds > 1e11 else seconds
    return seconds if 1e9 < seconds < 1e10 else None


def _seconds(retry_after: object) -> float | None:
    """Parse `Retry-After` as delay-seconds (RFC 9110, 10.2.3); OpenRouter sends no dates."""
    try:
        seconds = float(str(retry_after)[:30])
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None
