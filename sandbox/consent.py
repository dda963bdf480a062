"""The consent page: what is asked for, Authorize and Deny, and failures to rehearse."""

import math
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

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
    "bad-json": "a body that is no JSON",
    "slow": "nothing for 12 seconds",
}
STATES = {
    "query": "in the query, as it was sent",
    "glued": "glued: ?state=abc?code=xyz",
    "lost": "not at all",
}
_CARRIED = ("callback_url", "code_challenge", "code_challenge_method", "key_label")


def refusal(query: dict[str, str]) -> str | None:
    """Say why the authorization request is not valid; None if it is."""
    callback_url = query.get("callback_url")
    challenge, method = query.get("code_challenge"), query.get("code_challenge_method")
    if callback_url is None and challenge is None:
        return "Without a callback_url a code_challenge is compulsory."
    if callback_url is not None and not _is_allowed(callback_url):
        return "callback_url must be https, or http on localhost or 127.0.0.1."
    if challenge is not None and not is_well_formed(challenge):
        return "code_challenge must be 43 to 128 characters of RFC 7636's alphabet."
    if challenge is not None and method not in ("S256", "plain"):
        return "code_challenge_method must be S256 or plain."
    if challenge is None and method is not None:
        return "code_challenge_method says nothing without a code_challenge."
    if len(query.get("key_label", "")) > 100:
        return "key_label must be 100 characters at most."
    try:
        dollars(query.get("limit", ""))
    except ValueError:
        return "limit must be an amount in US dollars."
    return None


def dollars(text: str) -> float | None:
    """Return the amount in USD, None if it is empty. Raises `ValueError` if it is no amount."""
    if not text.strip():
        return None
    amount = float(text)
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(text)
    return amount


def way_back(callback_url: str, state_return: str, **parameters: str) -> str:
    """Return the callback URL with the parameters, and with `state` as it is to come back."""
    url = urlsplit(callback_url)
    fields = url.query.split("&") if url.query else []
    if state_return == "lost":
        fields = [field for field in fields if not field.startswith("state=")]
    glue = "?" if state_return == "glued" and fields else "&"
    query = glue.join(filter(None, ("&".join(fields), urlencode(parameters))))
    return urlunsplit(url._replace(query=query))


def consent_page(query: dict[str, str]) -> str:
    """Return the page that asks for consent to a valid request."""
    host = urlsplit(query.get("callback_url", "")).netloc.rpartition("@")[2]
    label = query.get("key_label")
    named = f", to be called <strong>{escape(label)}</strong>" if label else ""
    carried = "".join(
        f'<input type="hidden" name="{name}" value="{escape(query[name])}">'
        for name in _CARRIED
        if name in query
    )
    return _page(
        "Authorize an app",
        f"""
<p><strong>{escape(host) or "An app that takes a code"}</strong> asks for an API key{named}.</p>
<form method="post" action="/auth">{carried}
<label for="limit">Credit limit in US dollars (empty for none)</label>
<input id="limit" name="limit" type="number" min="0" step="any" placeholder="no limit"
 value="{escape(query.get("limit", ""))}">
<div class="row"><button name="decision" value="authorize">Authorize</button>
<button name="decision" value="deny" class="quiet" formnovalidate>Deny</button></div>
<details><summary>Rehearse a failure</summary>
{_select("exchange", "What the exchange answers", EXCHANGES)}
{_select("state_return", "How state comes back", STATES)}
</details></form>""",
    )


def code_page(code: str) -> str:
    """Return the page of the headless form, which shows the code to copy."""
    return _page(
        "Copy this code",
        f'<p>Paste it in the app that sent you here:</p><p><code id="code">{escape(code)}</code></p>',
    )


def notice_page(title: str, sentence: str) -> str:
    """Return a page that says one thing."""
    return _page(title, f"<p>{escape(sentence)}</p>")


def _is_allowed(callback_url: str) -> bool:
    """Whether OpenRouter sends people back there: https, or http on this machine at any port."""
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
