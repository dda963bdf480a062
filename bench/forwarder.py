"""A server that forwards the event stream to a plain page: the cost without Streamlit.

`python -m bench.forwarder PORT`
"""

import os
import sys
from collections.abc import Iterator

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

URL = f"{os.environ['OPENROUTER_BASE_URL']}/api/v1/chat/completions"
PAGE = """<!doctype html><title>Forwarder</title><pre></pre><script>
async function ask(question) {
  const response = await fetch("/stream?" + new URLSearchParams({question}));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = "", chunk; !(chunk = await reader.read()).done; ) {
    const lines = (rest + chunk.value).split("\\n");
    rest = lines.pop();
    for (const line of lines)
      if (line.startsWith("data: {"))
        document.querySelector("pre").append(
          JSON.parse(line.slice(6)).choices[0]?.delta.content ?? "");
  }
}
</script>"""


def _page(_: Request) -> Response:
    return HTMLResponse(PAGE)


def _stream(request: Request) -> Response:
    messages = [{"role": "user", "content": request.query_params["question"]}]
    body = {"model": "openrouter/auto", "messages": messages, "stream": True}

    def forward() -> Iterator[bytes]:
        with requests.post(URL, json=body, stream=True, timeout=60) as response:
            yield from response.iter_content(None)

    return StreamingResponse(forward(), media_type="text/event-stream")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/", _page), Route("/stream", _stream)])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
