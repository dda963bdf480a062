"""Run the sandbox in the foreground: `python -m sandbox`."""

import argparse

import uvicorn

from sandbox.catalogue import BEHAVIOURS
from sandbox.server import Sandbox

models = "\n".join(f"  {model:<31} {about}" for model, about in BEHAVIOURS.items())
parser = argparse.ArgumentParser(
    prog="python -m sandbox",
    description="Run a server that stands in for OpenRouter, on 127.0.0.1 only.",
    epilog="Models (select one, or select openrouter/auto and name one in the message):\n"
    f"{models}\n\n"
    'Failures of the sign-in can be selected on the consent page, under "Rehearse a failure".',
    formatter_class=argparse.RawDescriptionHelpFormatter,
)
parser.add_argument(
    "--port", type=int, default=8787, help="port to listen on (default: %(default)s)"
)
port = parser.parse_args().port
print(f"Sandbox for OpenRouter at http://127.0.0.1:{port}", flush=True)
uvicorn.run(Sandbox().app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
