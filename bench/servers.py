"""The processes that are measured: started, looked at, and ended."""

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
"""The apps that are measured."""
FORWARDER = "bench.forwarder"
"""A server that only forwards answers to a plain page."""
SECRET = "a-secret-for-the-benchmark-of-more-than-32-characters"
START_TIMEOUT_S = 30
"""Seconds that a process may take to serve."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that serves at `url`; `began` is when it was started, in seconds since the epoch.

    `page` is the one that people chat on, if it is not the main page.
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str, began: float) -> None:
        self.process, self.url, self.began = process, url, began
        self.page = self.upstream_url = ""

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far, of user and system; Linux counts them in hundredths."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / _TICKS

    @property
    def memory(self) -> float:
        """Bytes of main memory in use."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def threads(self) -> int:
        """Threads that are alive."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    @property
    def connections(self) -> int:
        """Sockets to others, whatever their state."""
        own = {str(f.readlink()) for f in Path(f"/proc/{self.process.pid}/fd").iterdir()}
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return sum(f"socket:[{line.split()[9]}]" in own for line in lines)

    def json(self, path: str) -> Any:
        """Return what the server answers at a path."""
        return requests.get(f"{self.url}{path}", timeout=10).json()


@contextmanager
def serve(*command: str, health: str, cwd: Path = ROOT, **settings: str) -> Iterator[Server]:
    """Run `python -m …` with a free port at the end of it, from when it serves until the end."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with TemporaryDirectory() as home:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": home, **settings}
        arguments = [sys.executable, "-m", *command, str(port)]
        began = time.time()
        log = Path(home) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(arguments, cwd=cwd, env=env, stdout=out, stderr=out)
        server = Server(process, f"http://127.0.0.1:{port}/", began)
        try:
            while not _answers(f"{server.url}{health}"):
                if process.poll() is not None or time.time() - began > START_TIMEOUT_S:
                    raise RuntimeError(f"{command} does not serve:\n{log.read_text()}")
                time.sleep(0.01)
            yield server
        finally:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


@contextmanager
def streamlit(script: str, upstream_url: str = "", **settings: str) -> Iterator[Server]:
    """Run a Streamlit app: this one with its own configuration, the others with Streamlit's."""
    names = (ROOT / ".env.example").read_text()
    unset = {line.lstrip("# ").split("=")[0]: "" for line in names.splitlines() if "=" in line}
    known = {"OPENROUTER_BASE_URL": upstream_url.rstrip("/"), "SIGN_IN_SECRET": SECRET}
    options = {
        "headless": "true",
        "fileWatcherType": "none",
        "disconnectedSessionTTL": "5",  # seconds; by itself two minutes, in which nothing is let go
    }
    with (
        TemporaryDirectory() as empty,
        serve(
            *("streamlit", "run", str(ROOT / script), "--browser.gatherUsageStats", "false"),
            *(part for name, value in options.items() for part in (f"--server.{name}", value)),
            "--server.port",
            health="_stcore/health",
            cwd=ROOT if script == OURS else Path(empty),
            **{**unset, **known, **settings},
        ) as server,
    ):
        if script == OURS:
            server.page, server.upstream_url = "chat", known["OPENROUTER_BASE_URL"]
        yield server


def cookie(server: Server) -> tuple[str, str]:
    """Return the cookie (name, value) of somebody who is signed in to the app of this server."""
    user = {"key": KEY, "signed_in_at": time.time(), "base_url": server.upstream_url}
    return f"{storage_prefix(server.url)}key", Sealer(SECRET, "key").seal(user)
