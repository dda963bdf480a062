"""The steps of a sign-in, on the page that explains them: what was sent, and who saw it."""

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from inspect import getsource
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import streamlit as st

from lib import snippets
from lib.markdown import render_html
from lib.openrouter_sign_in import Exchanged, Method, PendingSignIn, Returned
from lib.snippets import LANGUAGES, HttpRequest

_CSS = Path(__file__).with_name("how_it_works.css")
_PARAMETERS = {
    "callback_url": "where OpenRouter sends you back; its state is how the app knows its own return",
    "code_challenge": "binds the code to the code_verifier, which only the app has",
    "code_challenge_method": "how the challenge was made: S256 is its SHA-256, plain is itself",
    "key_label": "the name of the new key in your account",
    "limit": "how much the key may spend; you can change it",
}
_WHAT_IS_SENT: dict[Method, str] = {
    "S256": "The app makes up a secret, keeps it, and sends only its fingerprint along.",
    "plain": "The app makes up a secret, and sends it along as it is: who reads the link knows it.",
    "none": "With *none* there is no secret and no fingerprint: the code alone is enough.",
}
_BACKTICKS = re.compile("`+")
_CHECKS = "What the app checked"


def render_picture(done: int, method: Method) -> None:
    """Render the three parties, and the arrows of the steps, of which some are done."""
    challenge, verifier = (
        ("", "") if method == "none" else (", with the code_challenge", " and code_verifier")
    )
    arrows = (
        ("far", f"1. to OpenRouter{challenge} →"),
        ("far", "← 2. back, with a code"),
        ("near", f"3. code{verifier} for a key ⇄"),
        ("near", "4. questions and answers, with the key ⇄"),
    )
    lines = "".join(
        f'<div class="arrow {side}{" lit" if number <= done else ""}">{escape(text)}'
        f"<span hidden>{' (done)' if number <= done else ' (not yet)'}</span></div>"
        for number, (side, text) in enumerate(arrows, 1)
    )
    parties = "".join(
        f'<div class="party">{name}</div>' for name in ("Your browser", "This app", "OpenRouter")
    )
    st.html(_CSS)
    st.html(f'<div class="parties">{parties}{lines}</div>')


def render_url(url: str) -> None:
    """Render the authorization URL, parameter by parameter."""
    parts = urlsplit(url)
    rows = [
        (escape(name), escape(value), escape(_PARAMETERS.get(name, "")))
        for name, value in parse_qsl(parts.query)
    ]
    where = parts._replace(query="").geturl()
    table(("Parameter", "Value", "What it is for"), [("to", escape(where), ""), *rows])


def render_return(returned: Returned) -> None:
    """Render what came back, masked, and what the app checked of it."""
    what = f"error={quote(returned.error)}" if returned.error else f"code={returned.code}"
    st.markdown("This stood at the end of the app's URL:")
    code(f"?state={returned.state or '(none)'}&{what}")
    found = {"session": "this page's session", "cookie": "this browser's cookie", "": "nowhere"}
    fits = returned.fits
    table(
        (_CHECKS, "Result"),
        [
            ("Is the state of a sign-in that this browser began?", _verdict(fits)),
            ("Where was that sign-in found?", found[returned.found_in]),
            ("How long ago did it begin?", f"{returned.age_s} s" if fits else "–"),
        ],
    )


def render_exchange(exchanged: Exchanged) -> None:
    """Render the exchange as it went over the wire, masked."""
    request = snippets.http(snippets.exchange_request(exchanged.base_url, exchanged.method))
    sent = request.replace(snippets.CODE_VERIFIER, "…").replace(snippets.CODE, exchanged.code)
    code(sent, "http")
    body = '\n\n{"key": "sk-or-v1-…"}' if exchanged.status == 200 else ""
    status = f"HTTP/1.1 {exchanged.status}" if exchanged.status else "no response"
    code(f"{status}   ({exchanged.milliseconds} ms){body}", "http")
    st.markdown("**Who has seen what**")
    table(("Who", "code_verifier", "code_challenge", "code", "key"), _seen(exchanged.method))


def _seen(method: Method) -> Iterable[Sequence[str]]:
    none = method == "none"
    challenge = "–" if none else "yes"
    leaked = {"S256": _good("no"), "plain": _bad("yes: it is the challenge"), "none": "–"}[method]
    yield "Your browser", "–" if none else "encrypted", challenge, "yes", "encrypted"
    yield "This app", "–" if none else "yes", challenge, "yes", "yes"
    yield "OpenRouter", "–" if none else "in step 3", challenge, "yes", "yes"
    yield "Someone who reads the address bar", leaked, challenge, _bad("yes"), _good("no")


def render_code(request: HttpRequest, *functions: Callable[..., Any]) -> None:
    """Render a request as code in several languages, and the functions of the app that sent it."""
    for tab, (write, language) in zip(st.tabs(list(LANGUAGES)), LANGUAGES.values(), strict=True):
        with tab:
            code(write(request), language)
    with st.expander("The code that did this", icon=":material/code:"):
        for function in functions:
            code(getsource(function), "python")


def render_verifier(pending: PendingSignIn) -> None:
    """Render the `code_verifier`, masked until its owner wants to see it, and its challenge."""
    st.markdown(_WHAT_IS_SENT[pending.method])
    if pending.code_challenge is None:
        return
    is_shown = st.toggle("Show mine", help="Only you see it: it never leaves this browser session.")
    st.markdown("`code_verifier`, random, made for this sign-in alone:")
    code(pending.code_verifier if is_shown else "•" * 43)
    st.markdown(f"`code_challenge`, its `{pending.method}`:")
    code(pending.code_challenge if is_shown or pending.method == "S256" else "•" * 43)


def code(text: str, language: str = "text") -> None:
    """Render code as in the answers of models: the colours of `st.code` have too little contrast."""
    # Longer than any in the text, which may be of others: it does not end the block.
    fence = "`" * (3 + max(map(len, _BACKTICKS.findall(text)), default=0))
    st.html(render_html(f"{fence}{language}\n{text}\n{fence}"))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Render a table; the cells are HTML."""
    broken = (escape(heading).replace("_", "_<wbr>") for heading in headings)
    head = "".join(f'<th scope="col">{heading}</th>' for heading in broken)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    st.html(
        f'<div class="facts" role="region" tabindex="0" aria-label="{escape(headings[0])}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _verdict(is_good: bool) -> str:
    return _good("✓ yes") if is_good else _bad("✗ no")


def _good(text: str) -> str:
    return f'<span class="good">{escape(text)}</span>'


def _bad(text: str) -> str:
    return f'<span class="bad">{escape(text)}</span>'
