"""The surroundings of a page without a browser: its websocket, and a sandbox."""

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.context import ContextProxy

from sandbox.server import Sandbox
from tests.conftest import Served
from tests.support.pages import CALLBACK_URL, SECRET, Handshake


@pytest.fixture(scope="session", autouse=True)
def _installed_components() -> Iterator[None]:
    """Each AppTest reads the metadata of all packages anew, which takes longer than a page."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def handshake(monkeypatch: pytest.MonkeyPatch) -> Handshake:
    """The websocket of an AppTest, which has none: for tests of what a page makes of it."""
    handshake = Handshake()
    for name in ("cookies", "headers", "ip_address"):
        monkeypatch.setattr(ContextProxy, name, property(lambda _, n=name: getattr(handshake, n)))
    return handshake


@pytest.fixture
def sandbox(served: Served, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox that the app's settings point to."""
    monkeypatch.setattr(served, "retry_after", 0)
    monkeypatch.setenv("OPENROUTER_BASE_URL", served.base_url)
    monkeypatch.setenv("OPENROUTER_CALLBACK_URL", CALLBACK_URL)
    monkeypatch.setenv("SIGN_IN_SECRET", SECRET)
    return served
