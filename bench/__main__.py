"""Measure, and print one table: `python -m bench [FIGURE …]`."""

import argparse
import json
from contextlib import ExitStack
from math import isinf
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from bench import servers
from bench.figures import GROUPS, Bench, Row
from tests.browser.conftest import CHROMIUM, chromium_path

HEAD = ("figure", "unit", "ours", "baseline", "ratio", "limit", "")


def number(value: float | None) -> str:
    """Return a figure as it stands in the table."""
    if value is None:
        return "–"
    if isinf(value):
        return "lost"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def cells(row: Row) -> list[str]:
    """Return a row of the table."""
    beside = median(row.beside) if row.beside else None
    limit = "–" if row.limit is None else f"{row.of} ≤ {row.limit:.3g}"
    verdict = {True: "kept", False: "MISSED", None: ""}[row.holds]
    numbers = (median(row.ours), beside, row.ratio)
    return [row.figure, row.unit, *map(number, numbers), limit, verdict]


def record(row: Row) -> dict[str, object]:
    """Return a row for the file, with each round."""
    rounds = {"ours": row.ours, "baseline": row.beside}
    finite = {who: [None if isinf(v) else v for v in all_] for who, all_ in rounds.items()}
    limit = {"limit": row.limit, "of": row.of, "holds": row.holds}
    return {"figure": row.figure, "unit": row.unit, **finite, **limit}


def show(row: list[str]) -> None:
    """Print a row in columns."""
    figure, unit, *rest = row
    print(f"{figure:<46}{unit:<10}" + "".join(f"{cell:>14}" for cell in rest), flush=True)


parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the app.")
parser.add_argument(
    "figures", nargs="*", choices=[[], *GROUPS], metavar="FIGURE", help=", ".join(GROUPS)
)
parser.add_argument("--rounds", type=int, default=5, help="each figure is the median of so many")
parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results.json")
arguments = parser.parse_args()

rows: list[Row] = []
show(list(HEAD))
with (
    servers.serve("bench.upstream", health="api/v1/models") as upstream,
    ExitStack() as started,
    sync_playwright() as playwright,
):
    chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM)
    bench = Bench(chromium, upstream, arguments.rounds, started)
    for group in arguments.figures or GROUPS:
        for row in GROUPS[group](bench):
            rows.append(row)
            show(cells(row))
            arguments.json.write_text(json.dumps([record(row) for row in rows], indent=1) + "\n")
    chromium.close()
