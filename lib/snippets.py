"""A request as HTTP, and as code that sends it: curl, Python, TypeScript.

Secret values are placeholders: `$OPENROUTER_API_KEY` stands for the environment's.
"""

import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

KEY = "$OPENROUTER_API_KEY"
CODE, CODE_VERIFIER = "YOUR_CODE", "YOUR_CODE_VERIFIER"


@dataclass(frozen=True)
class HttpRequest:
    """A POST with a JSON body, with a key or without; `streams`: the response is an event stream."""

    url: str
    body: dict[str, Any]
    needs_key: bool = False

    @property
    def streams(self) -> bool:
        """Whether the response is an event stream."""
        return self.body.get("stream") is True

    @property
    def _json(self) -> str:
        return json.dumps(self.body, indent=2, ensure_ascii=False)


def http(request: HttpRequest) -> str:
    """Return a request as it goes over the wire."""
    url = urlsplit(request.url)
    key = f"Authorization: Bearer {KEY}\n" if request.needs_key else ""
    return (
        f"POST {url.path} HTTP/1.1\nHost: {url.netloc}\n{key}Content-Type: application/json\n\n"
        f"{request._json}"
    )


def curl(request: HttpRequest) -> str:
    """Return a request as a command of a shell."""
    key = f' \\\n  -H "Authorization: Bearer {KEY}"' if request.needs_key else ""
    unbuffered = " -N" if request.streams else ""
    return (
        f"curl{unbuffered} {shlex.quote(request.url)}{key} \\\n"
        f'  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(request._json)}"
    )


def python(request: HttpRequest) -> str:
    """Return a request as a Python script; it needs `requests`."""
    key = '    headers={"Authorization": f"Bearer {os.environ[\'OPENROUTER_API_KEY\']}"},\n'
    body = request._json.replace(": true", ": True").replace(": false", ": False")
    body = body.replace("\n", "\n    ")
    read = "print(response.json())\n"
    if request.streams:
        read = "for line in response.iter_lines():\n    print(line.decode())\n"
    return (
        ("import os\n\n" if request.needs_key else "")
        + "import requests\n\nresponse = requests.post(\n"
        + f'    "{request.url}",\n'
        + (key if request.needs_key else "")
        + f"    json={body},\n"
        + ("    stream=True,\n" if request.streams else "")
        + "    timeout=60,\n)\nresponse.raise_for_status()\n"
        + read
    )


def typescript(request: HttpRequest) -> str:
    """Return a request as a TypeScript module, for Node, Deno and Bun."""
    key = "    Authorization: `Bearer ${process.env.OPENROUTER_API_KEY}`,\n"
    body = request._json.replace("\n", "\n  ")
    read = "console.log(await response.json());\n"
    if request.streams:
        read = (
            "const decoder = new TextDecoder();\n"
            "for await (const chunk of response.body!)\n"
            "  console.log(decoder.decode(chunk, { stream: true }));\n"
        )
    return (
        f'const response = await fetch("{request.url}", {{\n  method: "POST",\n  headers: {{\n'
        + (key if request.needs_key else "")
        + '    "Content-Type": "application/json",\n  },\n'
        + f"  body: JSON.stringify({body}),\n}});\n"
        + "if (!response.ok) throw new Error(`Status ${response.status}`);\n"
        + read
    )


LANGUAGES = {
    "HTTP": (http, "http"),
    "curl": (curl, "bash"),
    "Python": (python, "python"),
    "TypeScript": (typescript, "typescript"),
}
"""The forms of a request, and the names by which their code is coloured."""


def exchange_request(base_url: str, method: str) -> HttpRequest:
    """Return the request that exchanges a code for a key."""
    body = {"code": CODE}
    if method != "none":
        body |= {"code_verifier": CODE_VERIFIER, "code_challenge_method": method}
    return HttpRequest(f"{base_url}/api/v1/auth/keys", body)


def chat_request(api_url: str, body: dict[str, Any]) -> HttpRequest:
    """Return the request that asks a model."""
    return HttpRequest(f"{api_url}/api/v1/chat/completions", body, needs_key=True)
