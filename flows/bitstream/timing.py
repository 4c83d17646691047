# SPDX-License-Identifier: Apache-2.0
"""What place and route found, and whether it holds the clock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flows.errors import CheckFailed


@dataclass(frozen=True)
class Routed:
    """A routed design.

    Attributes:
        folder: of its stage.
        report: the file with its timing.
        slack_ns: the worst; below 0, the clock is too fast.
        used: resources by name, as the tool counts them.
        power_w: the tool's estimate; None where it makes none.
    """

    folder: Path
    report: Path
    slack_ns: float
    used: dict[str, float]
    power_w: float | None = None


def check_slack(routed: Routed, clk_mhz: float, allow_slack: bool) -> None:
    """Refuse a design that is too slow for its clock, unless that is allowed.

    Raises:
        CheckFailed: timing-missed.
    """
    if routed.slack_ns >= 0 or allow_slack:
        return
    reached = 1000 / (1000 / clk_mhz - routed.slack_ns)
    raise CheckFailed(
        "timing-missed",
        f"{clk_mhz:g} MHz are asked for, {reached:.1f} MHz are reached "
        f"(worst slack {routed.slack_ns:.3f} ns)",
        str(routed.report),
        f"build with --clk-mhz {int(reached)} or a slower folding, or keep it: ALLOW_SLACK=1",
        'README.md, "Bitstream"',
    )
