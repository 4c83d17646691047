# SPDX-License-Identifier: Apache-2.0
"""Command line of the report: `python -m flows.report --run build/demo`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from flows.errors import run_main

from . import write_report


def main() -> int:
    """Write the report and print where it is."""
    parser = argparse.ArgumentParser(
        prog="python -m flows.report", description="Write report.html, report.md and report.json."
    )
    parser.add_argument("--run", type=Path, required=True, help="folder of the build")
    print(write_report(parser.parse_args().run))
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
