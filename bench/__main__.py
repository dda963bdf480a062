"""Measure, and print one table: `python -m bench [GROUP …]`."""

import argparse
import json
from contextlib import ExitStack
from math import isinf
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from bench import servers
from bench.metrics import GROUPS, Bench, Row
from tests.browser.conftest import CHROMIUM, chromium_path

HEADER = ("metric", "unit", "ours", "baseline", "ratio", "limit", "")


def format_number(value: float | None) -> str:
    """Return a number as the table shows it; an infinite one means a lost answer."""
    if value is None:
        return "–"
    if isinf(value):
        return "lost"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table_cells(row: Row) -> list[str]:
    """Return the cells of a row, with medians."""
    baseline = median(row.baseline) if row.baseline else None
    limit = "–" if row.limit is None else f"{row.limited} ≤ {row.limit:.3g}"
    verdict = {True: "met", False: "MISSED", None: ""}[row.is_within_limit]
    numbers = (median(row.ours), baseline, row.ratio)
    return [row.metric, row.unit, *map(format_number, numbers), limit, verdict]


def json_record(row: Row) -> dict[str, object]:
    """Return a row for the JSON file, with the value of each round; null for a lost answer."""
    rounds = {"ours": row.ours, "baseline": row.baseline}
    finite = {app: [None if isinf(v) else v for v in values] for app, values in rounds.items()}
    limit = {"limit": row.limit, "limited": row.limited, "within_limit": row.is_within_limit}
    return {"metric": row.metric, "unit": row.unit, **finite, **limit}


def print_row(cells: list[str]) -> None:
    """Print the cells of a row in columns."""
    metric, unit, *rest = cells
    print(f"{metric:<46}{unit:<10}" + "".join(f"{cell:>14}" for cell in rest), flush=True)


parser = argparse.ArgumentParser(
    prog="python -m bench", description="Measure the app, and compare it with the baseline."
)
parser.add_argument(
    "groups",
    nargs="*",
    choices=[[], *GROUPS],
    metavar="GROUP",
    help=f"groups of metrics to measure (default: all of them): {', '.join(GROUPS)}",
)
parser.add_argument(
    "--rounds",
    type=int,
    default=5,
    help="number of rounds; the table shows their median (default: %(default)s)",
)
parser.add_argument(
    "--json",
    type=Path,
    default=Path(__file__).parent / "results.json",
    help="file to write the results of each round to (default: bench/results.json)",
)
arguments = parser.parse_args()

rows: list[Row] = []
print_row(list(HEADER))
with (
    servers.serve("bench.upstream", health="api/v1/models") as upstream,
    ExitStack() as started,
    sync_playwright() as playwright,
):
    chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM)
    bench = Bench(chromium, upstream, arguments.rounds, started)
    for group in arguments.groups or GROUPS:
        for row in GROUPS[group](bench):
            rows.append(row)
            print_row(table_cells(row))
            records = [json_record(row) for row in rows]
            arguments.json.write_text(json.dumps(records, indent=1) + "\n")
    chromium.close()
