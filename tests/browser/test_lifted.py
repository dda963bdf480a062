"""The folder alone, as another app has it: copied beside the example, or installed as a wheel."""

import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import ROOT, App, new_person

pytestmark = pytest.mark.browser

FOLDER = ROOT / "lib" / "openrouter_sign_in"


def copy(folder: Path) -> Path:
    """Copy the sign-in beside its example; return the Python that runs it."""
    shutil.copytree(FOLDER, folder / "openrouter_sign_in")
    return Path(sys.executable)


def install(folder: Path) -> Path:
    """Install the sign-in as a wheel in a new environment that has what it depends on."""
    sources = shutil.copytree(FOLDER, folder / "sources")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, sources], check=True)
    shutil.rmtree(sources)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "environment", with_pip=False)
    (packages,) = (folder / "environment").glob("lib/python*/site-packages")
    subprocess.run([*pip, "install", "--no-deps", "--target", packages, wheel], check=True)
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "environment" / "bin" / "python"


@pytest.mark.parametrize("bring", [copy, install])
def test_lifted(
    browser: Browser,
    start_app: Callable[..., App],
    sandbox: Sandbox,
    tmp_path: Path,
    bring: Callable[[Path], Path],
) -> None:
    """The example signs in, asks, outlives a reload, gives another browser nothing, signs out."""
    python = bring(tmp_path)
    shutil.copy(FOLDER / "example.py", tmp_path)
    app = start_app(bring.__name__, folder=tmp_path, script="example.py", python=python)
    with new_person(browser) as person, new_person(browser) as other:
        page = person.new_page()
        steps.start(page, app.url)
        steps.authorize(page)
        field = page.get_by_placeholder("Ask anything")
        field.fill("sandbox/echo, who are you?")
        field.press("Enter")
        expect(page.get_by_text("sandbox/echo, who are you?")).to_be_visible()
        assert sandbox.completions[0]["body"]["stream"] is False
        expect(page).to_have_url(app.url)
        page.reload()
        expect(field).to_be_visible()
        other_page = other.new_page()
        other_page.goto(app.url)
        steps.expect_signed_out(other_page)
        page.get_by_role("button", name="Sign out").click()
        steps.expect_signed_out(page)
        page.reload()
        steps.expect_signed_out(page)
    assert steps.statuses(sandbox) == [200]
