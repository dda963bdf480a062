"""The folder as a developer takes it over: copied, under a name of its own, without the app."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import lib.openrouter
from sandbox.answers import hello
from tests.conftest import Served

LOADED = """
import sys
print(sorted({"lib", "streamlit", "cryptography"} & {name.split(".")[0] for name in sys.modules}))
"""


def test_copied(served: Served, tmp_path: Path) -> None:
    """In an empty folder the docstring's lines run, streamed and not, and need no other package."""
    assert lib.openrouter.__doc__
    shutil.copytree(Path(lib.openrouter.__file__).parent, tmp_path / "openrouter")
    _, _, indented = lib.openrouter.__doc__.partition(":\n\n    ")
    example = textwrap.dedent(f"    {indented}").replace("https://openrouter.ai", served.base_url)
    script = tmp_path / "example.py"
    script.write_text(example + LOADED, "utf-8")
    ran = subprocess.run(
        [sys.executable, "-E", "-s", script],
        cwd=tmp_path,
        env={**os.environ, "OPENROUTER_API_KEY": served.key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    answers, _, loaded = ran.stdout.removesuffix("\n").rpartition("\n")
    assert loaded == "[]"
    streamed, whole, _ = answers.split(" USD")
    assert whole == f"\n{streamed}"
    assert streamed.startswith(hello("Hello?"))
    assert [received["body"]["stream"] for received in served.completions] == [True, False]
