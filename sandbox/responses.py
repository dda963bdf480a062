"""What the endpoints share: error responses, pages, and the parsing of JSON bodies."""

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.consent import notice_page


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error in OpenRouter's format: `{"error": {"code", "message"}}`."""
    return JSONResponse({"error": {"code": status, "message": message}}, status, headers)


def html(page: str, status: int = 200) -> Response:
    """Return a page that cannot be framed and whose URL is not sent as a referrer."""
    headers = {"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return HTMLResponse(page, status, headers)


async def json_body(request: Request, max_bytes: float = math.inf) -> dict[str, Any]:
    """Return the JSON object of a request, an empty one if the body is not an object.

    Raises `HTTPException` (413) for a body of more than `max_bytes`.
    """
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > max_bytes:
            raise HTTPException(413, "Request Entity Too Large")
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def not_found(request: Request, exception: Exception) -> Response:
    """Return the response for 404, 405 and 413: JSON under `/api/`, elsewhere a page."""
    assert isinstance(exception, HTTPException)
    if request.url.path.startswith("/api/"):
        return error(exception.status_code, exception.detail, exception.headers)
    sentence = "OpenRouter has a page here for its users. The sandbox has none."
    return html(notice_page("No such page in the sandbox", sentence), exception.status_code)
