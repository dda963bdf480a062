"""The small answers that every endpoint gives: errors, pages, and what came in as JSON."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.consent import notice_page


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error in OpenRouter's form: `{"error": {"code", "message"}}`."""
    return JSONResponse({"error": {"code": status, "message": message}}, status, headers)


def html(page: str, status: int = 200) -> Response:
    """Return a page that no frame may show and whose address no link gives away."""
    headers = {"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return HTMLResponse(page, status, headers)


async def json_body(request: Request) -> dict[str, Any]:
    """Return the object that was sent, an empty one if it was none."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def refuse_path_or_method(request: Request, refused: Exception) -> Response:
    """Answer 404 and 405: in JSON under `/api/`, elsewhere with a page for a person."""
    assert isinstance(refused, HTTPException)
    if request.url.path.startswith("/api/"):
        return error(refused.status_code, refused.detail, refused.headers)
    sentence = "OpenRouter has a page here for its users. The sandbox has none."
    return html(notice_page("No such page in the sandbox", sentence), refused.status_code)
