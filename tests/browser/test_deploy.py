"""Several processes behind the nginx that `deploy/` ships, and https."""

import datetime
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import ROOT, App, free_port, new_person
from tests.browser.test_conversations import converse

pytestmark = pytest.mark.browser

LIES = {
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
        certify(folder)
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


def certify(folder: Path) -> None:
    """Write a key and its certificate, which only this test believes."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


@pytest.fixture
def replicas(start_app: Callable[..., App]) -> list[App]:
    """Two processes of the app, with one secret."""
    return [start_app("app"), start_app("restarted")]


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
    """A sign-in returns to the other process; when that dies, its user goes on with the first."""
    with nginx(tmp_path, replicas) as url:
        steps.start(page, url)
        first = serving(tmp_path, replicas)
        (second,) = (app for app in replicas if app is not first)
        first.stop()
        steps.authorize(page)
        steps.expect_chat(page)
        assert steps.statuses(sandbox) == [200]
        (exchange,) = sandbox.exchanges
        first.start()
        converse(page, "sandbox/echo first")
        steps.ask(page, "sandbox/endless please")
        expect(steps.answers(page).last).to_contain_text("word 5")
        assert sandbox.open_streams == 1
        second.stop()
        expect(steps.answers(page).last).to_contain_text("This answer broke off here")
        expect(steps.answers(page).first).to_contain_text("sandbox/echo first")
        converse(page, "sandbox/echo and on")
        assert steps.statuses(sandbox) == [200]
        second.start()
        assert exchange.body["code"] not in (tmp_path / "access.log").read_text()


def test_https(chromium: Browser, replicas: list[App], sandbox: Sandbox, tmp_path: Path) -> None:
    """Over https cookies are Secure and of this host; lies in headers lead no sign-in astray."""
    with (
        nginx(tmp_path, replicas, tls=True) as url,
        new_person(chromium, ignore_https_errors=True) as person,
    ):
        page = person.new_page()
        page.set_extra_http_headers(LIES)
        steps.start(page, url)
        assert callback_url(page).startswith(url)
        (pending,) = cookies_of(person)
        assert pending["name"].startswith("__Host-openrouter_pending")
        assert (pending["secure"], pending["sameSite"], pending["path"]) == (True, "Lax", "/")
        steps.authorize(page)
        steps.expect_chat(page)
        (kept,) = cookies_of(person)
        assert kept["name"] == "__Host-openrouter_key"
        assert (kept["secure"], kept["sameSite"], kept["expires"]) == (True, "Lax", -1)
        page.reload()
        steps.expect_chat(page)


def test_http(page: Page, app: App) -> None:
    """Over http cookies do without what only https has; lies in headers change nothing either."""
    page.set_extra_http_headers(LIES)
    steps.start(page, app.url)
    assert callback_url(page).startswith(app.url)
    (pending,) = cookies_of(page.context)
    assert pending["name"].startswith("openrouter_pending")
    assert (pending["secure"], pending["sameSite"]) == (False, "Lax")


def callback_url(page: Page) -> str:
    """Where the consent page is to send its user back to."""
    return parse_qs(urlsplit(page.url).query)["callback_url"][0]


def cookies_of(person: BrowserContext) -> list[dict[str, object]]:
    """The app's own cookies."""
    return [cookie for cookie in person.cookies() if "openrouter" in cookie["name"]]
