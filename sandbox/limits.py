"""What a sandbox hands out at most, to one visitor and in all."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The bounds of a sandbox; without any it serves one developer.

    `lifetime_s`: how long keys, codes and records of answers are held, in seconds. `stream_s`: the
    longest answer, in seconds. `recorded`: how many requests are held for tests, None for all.
    """

    sign_ins: float = math.inf
    sign_ins_per_visitor: float = math.inf
    answers: float = math.inf
    streams: float = math.inf
    streams_per_key: float = math.inf
    body_bytes: float = math.inf
    lifetime_s: float = math.inf
    stream_s: float | None = None
    recorded: int | None = None


UNLIMITED = Limits()
PUBLIC = Limits(
    sign_ins=2_000,
    sign_ins_per_visitor=60,  # visitors behind one proxy may count as one
    answers=500,
    streams=100,
    streams_per_key=8,
    body_bytes=16_000_000,
    lifetime_s=3_600,
    stream_s=300,
    recorded=0,
)
"""For a sandbox that anybody may use: `sign_ins` within the lifetime, `streams` at once."""
