"""Several processes behind the nginx that `deploy/` ships, and https."""

import re
import shutil
import socket
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from lib.chat import archive, attachments
from lib.openrouter_sign_in import storage_prefix
from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import ROOT, App, cookies_named, free_port, new_person
from tests.support.certificates import write_certificate

pytestmark = pytest.mark.browser

SPOOFED_HEADERS = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Port": "1",
    "X-Forwarded-For": "203.0.113.1",
    "Forwarded": "host=evil.example;proto=gopher",
}


@contextmanager
def nginx(folder: Path, apps: list[App], *, tls: bool = False) -> Iterator[str]:
    """Run nginx as it is shipped but for addresses and paths, and yield its URL."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert program, "nginx is missing: `apt install nginx-light` or `brew install nginx`"
    port = free_port()
    conf = (ROOT / "deploy" / "nginx.conf").read_text()
    for name, app in zip(("app-1", "app-2"), apps, strict=True):
        assert f"{name}:8501" in conf
        conf = conf.replace(f"{name}:8501", f"127.0.0.1:{app.port}")
    if tls:
        conf = conf.replace("listen 80;", "").replace("# listen 443", f"listen 127.0.0.1:{port}")
        conf = conf.replace("# ssl_", "ssl_").replace("/etc/nginx/tls", str(folder))
        write_certificate(folder)
    else:
        conf = conf.replace("listen 80;", f"listen 127.0.0.1:{port};")
    own = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in TEMPORARY)
    conf = conf.replace("/dev/stdout", f"{folder}/access.log").replace("http {", f"http {{ {own}")
    (folder / "nginx.conf").write_text(conf)
    process = subprocess.Popen(
        [
            *(program, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"),
            *("-g", f"daemon off; pid {folder}/pid;"),
        ]
    )
    try:
        steps.wait_for(lambda: listens(port))
        yield f"http{'s' if tls else ''}://localhost:{port}/"
    finally:
        process.terminate()
        process.wait()


TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def listens(port: int) -> bool:
    """Whether somebody is there."""
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.fixture
def replicas(start_app: Callable[..., App]) -> list[App]:
    """Two processes of the app, with one secret and the environment of compose.yaml."""
    compose = (ROOT / "deploy" / "compose.yaml").read_text()
    compose = compose.replace("${APP_HOST:-localhost}", "localhost")
    environment = dict(re.findall(r"(STREAMLIT_\w+): (.+)", compose))
    return [start_app(name, **environment) for name in ("replica-1", "replica-2")]


def serving(folder: Path, replicas: list[App]) -> App:
    """The process that the last closed websocket led to, once it is in the log."""
    streams: list[str] = []

    def is_logged() -> bool:
        log = (folder / "access.log").read_text()
        streams[:] = re.findall(r" 101 GET /_stcore/stream 127\.0\.0\.1:(\d+)$", log, re.MULTILINE)
        return bool(streams)

    steps.wait_for(is_logged)
    return next(app for app in replicas if str(app.port) == streams[-1])


def test_two_processes(page: Page, replicas: list[App], sandbox: Sandbox, tmp_path: Path) -> None:
    """A sign-in returns to the other process; when that dies, its user goes on with the first.

    A reload finds the process in which an answer is growing.
    """
    with nginx(tmp_path, replicas) as url:
        steps.start(page, url)
        first = serving(tmp_path, replicas)
        (second,) = (app for app in replicas if app is not first)
        first.stop()
        steps.authorize(page)
        steps.expect_chat(page)
        assert steps.statuses(sandbox) == [200]
        first.start()
        steps.converse(page, "sandbox/echo first")
        steps.ask(page, "sandbox/endless please")
        steps.wait_for(lambda: sandbox.open_streams == 1)
        page.reload()
        steps.expect_more_words(steps.last_answer(page))
        assert sandbox.open_streams == 1
        second.stop()
        expect(steps.answers(page).last).to_contain_text("This answer broke off here")
        expect(steps.answers(page).first).to_contain_text("sandbox/echo first")
        steps.converse(page, "sandbox/echo and on")
        assert steps.statuses(sandbox) == [200]
        second.start()


def test_access_log(page: Page, replicas: list[App], sandbox: Sandbox, tmp_path: Path) -> None:
    """Nginx logs no code, session id or media id, and refuses nothing to a page, chat or upload."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(urlsplit(request.url).path))
    with nginx(tmp_path, replicas) as url:
        steps.sign_in(page, url)
        steps.attach(page, ("photo.png", "image/png", picture()))
        steps.ask(page, "sandbox/hello, what is this?")
        expect(steps.answers(page).last).to_contain_text("an image (image/png")
        expect(page.get_by_role("img", name="photo.png")).to_be_visible()
        session_ids = {path.split("/")[3] for path in paths if "/upload_file/" in path}
        media_ids = {Path(path).stem for path in paths if path.startswith("/media/")}
        assert len(session_ids) == len(media_ids) == 1
        (exchange,) = sandbox.exchanges
        access_log = tmp_path / "access.log"
        steps.wait_for(lambda: " 204 PUT /_stcore/upload_file/- " in access_log.read_text())
        steps.wait_for(lambda: " 200 GET /media/- " in access_log.read_text())
        log = access_log.read_text()
        assert not [
            word for word in (*session_ids, *media_ids, exchange.body["code"]) if word in log
        ]
        assert " 429 " not in log


def test_frames(
    page: Page, replicas: list[App], serve_page: Callable[[str], str], tmp_path: Path
) -> None:
    """Behind nginx only pages of the app's own origin may frame it, and send it messages."""
    with nginx(tmp_path, replicas) as url:
        config = requests.get(f"{url}_stcore/host-config", timeout=5).json()
        assert config["allowedOrigins"] == ["https://localhost"]
        framing = steps.FRAME.format(url=url, more="")
        own = f"{url}around"
        page.route(own, lambda route: route.fulfill(body=framing, content_type="text/html"))
        page.goto(own)
        link = page.frame_locator("iframe").get_by_role("link", name="Sign in with OpenRouter")
        expect(link).to_be_visible()
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(serve_page(framing))
        expect(link).to_have_count(0)


def test_headers(replicas: list[App], tmp_path: Path) -> None:
    """Pages, and errors of nginx's own, forbid foreign frames, guesses at types, and Referers."""
    with nginx(tmp_path, replicas) as url:
        too_large = requests.put(url, data=bytes(20_000), timeout=5)
        for response in (requests.get(url, timeout=5), too_large):
            assert response.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "no-referrer"
        assert too_large.status_code == 413


def test_websocket_origins(replicas: list[App], tmp_path: Path) -> None:
    """Directly and through nginx, a websocket of another origin, or to another host, gets 403."""
    with nginx(tmp_path, replicas) as proxy:
        for url in (proxy, replicas[0].url):
            host = urlsplit(url).netloc
            assert handshake(url, Origin=url.rstrip("/"), Host=host) == 101
            assert handshake(url, Origin="http://evil.example", Host=host) == 403
            assert handshake(url, Origin="http://evil.example", Host="evil.example") == 403


def handshake(url: str, **headers: str) -> int:
    """Return the status that opening the app's websocket with these headers comes to."""
    websocket = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    with requests.get(
        f"{url}_stcore/stream", headers=websocket | headers, stream=True, timeout=5
    ) as response:
        return response.status_code


# Limits


def test_upload_size() -> None:
    """Streamlit and nginx take the largest file that the app reads, and refuse what is larger."""
    with (ROOT / ".streamlit" / "config.toml").open("rb") as file:
        megabytes = tomllib.load(file)["server"]["maxUploadSize"]
    assert f"client_max_body_size {megabytes}m;" in (ROOT / "deploy" / "nginx.conf").read_text()
    largest = max(archive.MAX_BYTES, attachments.MAX_UPLOAD_MB * 1_000_000)
    assert largest == megabytes * 1_000_000


def test_upload_limits(replicas: list[App], tmp_path: Path) -> None:
    """An oversized upload is refused before its body is read, and too many from one address too."""
    with nginx(tmp_path, replicas) as url:
        upload = f"{url}_stcore/upload_file/a-session/a-file"
        port = urlsplit(url).port
        assert port
        with incomplete_request(port, "/_stcore/upload_file/a/b", 50 * 2**20 + 1) as connection:
            assert connection.recv(12) == b"HTTP/1.1 413"
        statuses = [requests.put(upload, data=b"some", timeout=5).status_code for _ in range(60)]
        assert (statuses[0], statuses[-1]) == (403, 429)  # at first Streamlit misses its token
        assert requests.get(url, timeout=5).status_code == 200


def test_connection_limit(replicas: list[App], tmp_path: Path) -> None:
    """Beyond 200 requests at once one address gets 429, until some of them have ended."""
    with nginx(tmp_path, replicas) as url, ExitStack() as connections:
        port = urlsplit(url).port
        assert port
        for _ in range(220):  # more than the limit: one that ends early must not tip it
            connections.enter_context(incomplete_request(port, "/", 1))
        steps.wait_for(lambda: requests.get(url, timeout=5).status_code == 429)
        connections.close()
        steps.wait_for(lambda: requests.get(url, timeout=5).status_code == 200)


def incomplete_request(port: int, path: str, size: int) -> socket.socket:
    """Begin a request with a body of `size` bytes, which never comes."""
    connection = socket.create_connection(("localhost", port), timeout=5)
    connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode())
    return connection


# https


def test_https(browser: Browser, replicas: list[App], sandbox: Sandbox, tmp_path: Path) -> None:
    """Over https cookies are Secure and of this host; spoofed headers do not change the callback URL."""
    with (
        nginx(tmp_path, replicas, tls=True) as url,
        new_person(browser, ignore_https_errors=True) as person,
    ):
        page = person.new_page()
        page.set_extra_http_headers(SPOOFED_HEADERS)
        steps.start(page, url)
        assert callback_url(page).startswith(url)
        (pending,) = cookies_named(person, "pending")
        assert pending["name"].startswith(f"__Host-{storage_prefix(url)}")
        assert (pending["secure"], pending["sameSite"], pending["path"]) == (True, "Lax", "/")
        steps.authorize(page)
        steps.expect_chat(page)
        for name in ("key", "binding"):
            (cookie,) = cookies_named(person, name)
            assert cookie["name"] == f"__Host-{storage_prefix(url)}{name}"
            assert (cookie["secure"], cookie["sameSite"], cookie["expires"]) == (True, "Lax", -1)
        assert not cookies_named(person, "pending")
        page.reload()
        steps.expect_chat(page)


def test_http(page: Page, app: App) -> None:
    """Over http cookies lack what only https allows; spoofed headers change nothing either.

    The cookie of the pending sign-in expires after an hour.
    """
    page.set_extra_http_headers(SPOOFED_HEADERS)
    steps.start(page, app.url)
    assert callback_url(page).startswith(app.url)
    (pending,) = cookies_named(page.context, "pending")
    assert pending["name"].startswith(storage_prefix(app.url))
    assert (pending["secure"], pending["sameSite"]) == (False, "Lax")
    assert 3_500 < pending["expires"] - time.time() <= 3_600


def callback_url(page: Page) -> str:
    """Where the consent page is to send its user back to."""
    return parse_qs(urlsplit(page.url).query)["callback_url"][0]
