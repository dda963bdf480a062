"""The consent page: the request, Authorize and Deny, and a choice of failures."""

import math
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from sandbox.keys import KEYS
from sandbox.pkce import is_well_formed

EXCHANGES = {
    "success": "an API key",
    "expired": "the code has expired",
    "invalid": "the code is not valid",
    "bad-method": "a wrong code_challenge_method (400)",
    "conflict": "a conflict (409)",
    "server-error": "a server error (500)",
    "html": "a page of HTML (502)",
    "no-key": "a body without a key",
    "bad-json": "a body that is not JSON",
    "slow": "no response for 12 seconds",
}
STATES = {
    "query": "in the query, as it was sent",
    "glued": "glued: ?state=abc?code=xyz",
    "lost": "missing",
}
_HIDDEN_FIELDS = ("callback_url", "code_challenge", "code_challenge_method", "key_label")


def validation_error(query: dict[str, str]) -> str | None:
    """Return why the authorization request is not valid; None if it is valid."""
    callback_url = query.get("callback_url")
    challenge, method = query.get("code_challenge"), query.get("code_challenge_method")
    if callback_url is None and challenge is None:
        return "Without a callback_url, a code_challenge is required."
    if callback_url is not None and not _is_allowed(callback_url):
        return "callback_url must be https, or http on localhost or 127.0.0.1."
    if challenge is not None and not is_well_formed(challenge):
        return "code_challenge must be 43 to 128 characters of RFC 7636's alphabet."
    if challenge is not None and method not in ("S256", "plain"):
        return "code_challenge_method must be S256 or plain."
    if challenge is None and method is not None:
        return "code_challenge_method requires a code_challenge."
    if len(query.get("key_label", "")) > 100:
        return "key_label must be at most 100 characters."
    try:
        parse_usd(query.get("limit", ""))
    except ValueError:
        return "limit must be an amount in US dollars."
    return None


def parse_usd(text: str) -> float | None:
    """Parse an amount in USD; None if the text is empty. Raises `ValueError` if it is invalid."""
    if not text.strip():
        return None
    amount = float(text)
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(text)
    return amount


def redirect_url(callback_url: str, state_return: str, **parameters: str) -> str:
    """Return the callback URL with the parameters, and with `state` according to `STATES`."""
    url = urlsplit(callback_url)
    fields = url.query.split("&") if url.query else []
    if state_return == "lost":
        fields = [field for field in fields if not field.startswith("state=")]
    glue = "?" if state_return == "glued" and fields else "&"
    query = glue.join(filter(None, ("&".join(fields), urlencode(parameters))))
    return urlunsplit(url._replace(query=query))


def consent_page(query: dict[str, str]) -> str:
    """Return the consent page for a valid request."""
    host = urlsplit(query.get("callback_url", "")).netloc.rpartition("@")[2]
    label = query.get("key_label")
    named = f", to be called <strong>{escape(label)}</strong>" if label else ""
    hidden_fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(query[name])}">'
        for name in _HIDDEN_FIELDS
        if name in query
    )
    return _page(
        "Authorize an app",
        f"""
<p><strong>{escape(host) or "An app that takes a code"}</strong> requests an API key{named}.</p>
<form method="post" action="/auth">{hidden_fields}
<label for="limit">Credit limit in US dollars (empty for none)</label>
<input id="limit" name="limit" type="number" min="0" step="any" placeholder="no limit"
 value="{escape(query.get("limit", ""))}">
<div class="row"><button name="decision" value="authorize">Authorize</button>
<button name="decision" value="deny" class="quiet" formnovalidate>Deny</button></div>
<details><summary>Rehearse a failure</summary>
{_select("exchange", "Response of the exchange", EXCHANGES)}
{_select("state_return", "State in the callback", STATES)}
{_select("key", "The new key has", KEYS)}
</details></form>""",
    )


def code_page(code: str) -> str:
    """Return the page that shows the code to copy, for requests without a callback URL."""
    return _page(
        "Copy this code",
        f'<p>Paste it in the app that sent you here:</p><p><code id="code">{escape(code)}</code></p>',
    )


def notice_page(title: str, sentence: str) -> str:
    """Return a page with a title and one sentence."""
    return _page(title, f"<p>{escape(sentence)}</p>")


def _is_allowed(callback_url: str) -> bool:
    """Return whether OpenRouter redirects to a URL: https, or http on localhost at any port."""
    try:
        url = urlsplit(callback_url)
        host, _ = url.hostname, url.port
    except ValueError:
        return False
    is_local = url.scheme == "http" and host in ("localhost", "127.0.0.1")
    return bool(host) and (url.scheme == "https" or is_local)


def _select(name: str, label: str, options: dict[str, str]) -> str:
    listed = "".join(f'<option value="{value}">{text}</option>' for value, text in options.items())
    return f'<label for="{name}">{label}</label><select id="{name}" name="{name}">{listed}</select>'


def _page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Sandbox: {title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ margin: 0; background: light-dark(#f5f5f4, #1c1a17); color: light-dark(#1c1a17, #f5f5f4); }}
.tape {{ padding: .6rem 1rem; text-align: center; font-weight: 600; color: #1c1a17;
  background: repeating-linear-gradient(-45deg, #fde047 0 1rem, #facc15 1rem 2rem); }}
main {{ max-width: 26rem; margin: 2rem auto; padding: 0 1rem; }}
label {{ display: block; margin-top: 1rem; }}
input, select, button {{ font: inherit; padding: .5rem .75rem; border-radius: .4rem; width: 100%;
  box-sizing: border-box; border: 1px solid light-dark(#78716c, #a8a29e); }}
.row {{ display: flex; gap: .75rem; margin: 1.5rem 0; }}
button {{ background: #92400e; color: #fff; border-color: #92400e; font-weight: 600; }}
button.quiet {{ background: transparent; color: inherit; border-color: currentColor; }}
code {{ overflow-wrap: anywhere; font-size: 1.1rem; }}
</style></head><body>
<div class="tape">This is a sandbox, not OpenRouter. No account, no money.</div>
<main><h1>{title}</h1>{body}</main></body></html>"""
