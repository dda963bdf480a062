"""The script that installs what the tests need, among commands that only note their call."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "install.sh"
NEEDED = ("nginx", "WebKitWebDriver", "Xvfb", "curl")


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., None]:
    """Put a command on the script's PATH, which holds nothing else but what a bare system has."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    for name in ("dirname", "env", "grep", "tr"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))

    def add(name: str, does: str = "") -> None:
        (tmp_path / name).unlink(missing_ok=True)  # a link to the system's own
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n{does}\n')
        (tmp_path / name).chmod(0o755)

    add("uname", "echo Linux")
    return add


def install(path: Path, *groups: str) -> tuple[int, str, list[str]]:
    """Run the script; return its status, its errors, and the calls of installers."""
    run = subprocess.run(
        [path / "scripts" / "install.sh", *groups],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = (path / "calls").read_text().splitlines() if (path / "calls").exists() else []
    return run.returncode, run.stderr, [call for call in calls if "install" in call]


def test_nothing_missing(command: Callable[..., None], tmp_path: Path) -> None:
    """Where all is there, nothing is installed."""
    for name in (*NEEDED, "chromium", "apt-get", "sudo"):
        command(name)
    assert install(tmp_path, "tests") == (0, "", [])


@pytest.mark.parametrize("user_id", ["0", "1000"])
def test_apt(command: Callable[..., None], tmp_path: Path, user_id: str) -> None:
    """What is missing is installed by apt: by root, or by others with sudo."""
    for name in ("nginx", "Xvfb", "chromium", "curl"):
        command(name)
    command("id", f"echo {user_id}")
    command("sudo", '"$@"')
    command("apt-get", f"[ $1 = update ] || /bin/cp {tmp_path}/Xvfb {tmp_path}/WebKitWebDriver")
    status, errors, calls = install(tmp_path, "tests")
    assert (status, errors) == (0, "")
    apt_get = "apt-get install -y -qq webkit2gtk-driver"
    sudo = f"sudo env DEBIAN_FRONTEND=noninteractive {apt_get}"
    assert calls == ([apt_get] if user_id == "0" else [sudo, apt_get])


def test_brew(command: Callable[..., None], tmp_path: Path) -> None:
    """On macOS nginx is installed by Homebrew; the WebKit of Linux is not asked for."""
    command("chromium")
    command("uname", "echo Darwin")
    command("brew", f"/bin/cp {tmp_path}/chromium {tmp_path}/nginx")
    assert install(tmp_path, "tests") == (0, "", ["brew install nginx"])


def test_chromium_of_playwright(command: Callable[..., None], tmp_path: Path) -> None:
    """On systems other than Debian, Playwright's own Chromium is installed, once."""
    for name in NEEDED:
        command(name)
    command("grep", "exit 1")
    command("touch", '/bin/touch "$@"')
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "installed").touch()
    command(".venv/bin/playwright")
    installed = [".venv/bin/playwright install --with-deps chromium"]
    assert install(tmp_path, "tests") == (0, "", installed)
    assert install(tmp_path, "tests") == (0, "", installed)


@pytest.mark.parametrize("installer", ["", "apt-get"])
def test_no_installer(command: Callable[..., None], tmp_path: Path, installer: str) -> None:
    """Without an installer, or the right to use it, one sentence names what is missing."""
    command("id", "echo 1000")
    if installer:
        command(installer)
    status, errors, calls = install(tmp_path, "make", "python", "firefox")
    assert (status, calls) == (1, [])
    assert errors.endswith("try again: make python3-venv firefox-esr \n")


def test_still_missing(command: Callable[..., None], tmp_path: Path) -> None:
    """Where the command is missing after its package was installed, the script says so and fails."""
    command("id", "echo 0")
    command("apt-get")
    status, errors, calls = install(tmp_path, "make")
    assert (status, calls) == (1, ["apt-get install -y -qq make"])
    assert errors.endswith("try again: make \n")
