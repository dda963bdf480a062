"""The server processes: start them, measure them, end them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from bench.upstream import KEY
from lib.openrouter_sign_in import storage_prefix
from lib.openrouter_sign_in.sealing import Sealer

ROOT = Path(__file__).parents[1]
OURS, BASELINE, BARE = "streamlit_app.py", "bench/baseline.py", "bench/bare.py"
"""The Streamlit apps."""
FORWARDER = "bench.forwarder"
"""The server that only forwards answers to a plain page."""
SECRET = "a-secret-for-the-benchmark-of-more-than-32-characters"
START_TIMEOUT_S = 30
"""Seconds within which a process has to respond."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that serves at `url`, started at `started_at` (seconds since the epoch).

    `page` is the name of the chat page, empty where that is the main page.
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str, started_at: float) -> None:
        self.process, self.url, self.started_at = process, url, started_at
        self.page = self.upstream_url = ""

    @property
    def cpu_seconds(self) -> float:
        """CPU time so far, user and system, with a resolution of 10 ms."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / _TICKS

    @property
    def memory_bytes(self) -> float:
        """Resident memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def threads(self) -> int:
        """Number of threads."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    @property
    def connections(self) -> int:
        """Number of TCP sockets in any state."""
        own = {str(f.readlink()) for f in Path(f"/proc/{self.process.pid}/fd").iterdir()}
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return sum(f"socket:[{line.split()[9]}]" in own for line in lines)

    def json(self, path: str) -> Any:
        """Return the JSON response at a path."""
        return requests.get(f"{self.url}{path}", timeout=10).json()


@contextmanager
def serve(*command: str, health: str, cwd: Path = ROOT, **settings: str) -> Iterator[Server]:
    """Run `python -m COMMAND PORT` on a free port; enter once it responds, kill it on exit."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with TemporaryDirectory() as home:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": home, **settings}
        arguments = [sys.executable, "-m", *command, str(port)]
        started_at = time.time()
        log = Path(home) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(arguments, cwd=cwd, env=env, stdout=out, stderr=out)
        server = Server(process, f"http://127.0.0.1:{port}/", started_at)
        try:
            while not _responds(f"{server.url}{health}"):
                if process.poll() is not None or time.time() - started_at > START_TIMEOUT_S:
                    raise RuntimeError(f"{command} does not respond:\n{log.read_text()}")
                time.sleep(0.01)
            yield server
        finally:
            process.kill()
            process.wait()


def _responds(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


@contextmanager
def streamlit(script: str, upstream_url: str = "", **settings: str) -> Iterator[Server]:
    """Run a Streamlit app: this one with its configuration, others with the defaults."""
    names = (ROOT / ".env.example").read_text()
    unset = {line.lstrip("# ").split("=")[0]: "" for line in names.splitlines() if "=" in line}
    required = {"OPENROUTER_BASE_URL": upstream_url.rstrip("/"), "SIGN_IN_SECRET": SECRET}
    options = {
        "headless": "true",
        "fileWatcherType": "none",
        "disconnectedSessionTTL": "5",  # seconds; with the default, sessions stay for two minutes
    }
    with (
        TemporaryDirectory() as empty,
        serve(
            *("streamlit", "run", str(ROOT / script), "--browser.gatherUsageStats", "false"),
            *(part for name, value in options.items() for part in (f"--server.{name}", value)),
            "--server.port",
            health="_stcore/health",
            cwd=ROOT if script == OURS else Path(empty),
            **{**unset, **required, **settings},
        ) as server,
    ):
        if script == OURS:
            server.page, server.upstream_url = "chat", required["OPENROUTER_BASE_URL"]
        yield server


def sign_in_cookie(server: Server) -> tuple[str, str]:
    """Return the cookie (name, value) of a user who is signed in to this app."""
    user = {"key": KEY, "signed_in_at": time.time(), "base_url": server.upstream_url}
    return f"{storage_prefix(server.url)}key", Sealer(SECRET, "key").seal(user)
