"""The benchmark runs; its results are not checked here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser


def test_bench(tmp_path: Path) -> None:
    """One metric of one round is printed, and written as JSON."""
    path = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "start", "--rounds", "1", "--json", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True
    )
    (row,) = json.loads(path.read_text())
    assert row["metric"] in done.stdout
    assert row["ours"][0] > 0
    assert row["baseline"][0] > 0
