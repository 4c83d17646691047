# SPDX-License-Identifier: Apache-2.0
"""Command line of the report: `python -m flows.report --run build/demo`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from flows.errors import run_main

from . import write_report
from .readme import fill_readme


def main() -> int:
    """Write the report and print where it is."""
    parser = argparse.ArgumentParser(
        prog="python -m flows.report", description="Write report.html, report.md and report.json."
    )
    parser.add_argument("--run", type=Path, required=True, help="folder of the build")
    parser.add_argument("--readme", type=Path, help="fill its results from this run, too")
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="runs for further rows")
    args = parser.parse_args()
    print(write_report(args.run))
    if args.readme:
        fill_readme(args.readme, args.run, args.also)
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
