# SPDX-License-Identifier: Apache-2.0
"""The whole network in Verilator at full speed: files of frames in, files of scores out.

    python -m sim.network_bench build --top TOP --out BIN [--taps] [--waivers FILE]
    python -m sim.network_bench run --bin BIN --frames FILE --out OUT [--gap P --stall P --seed S]

Exit codes: 0 done, 2 wrong input, 3 the top is stuck or breaks its protocol.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from flows.beats import beats_to_labels, beats_to_scores, lanes_to_beats
from flows.errors import run_main
from sim.bench.compile import build
from sim.bench.drive import run

__all__ = ["beats_to_labels", "beats_to_scores", "build", "lanes_to_beats", "run"]


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and do it."""
    signal.signal(signal.SIGTERM, _interrupt)  # so that the simulation ends with this process
    args = _parser().parse_args(argv)
    if args.command == "build":
        print(build(args.top, args.out, args.taps, args.waivers))
        return 0
    result = run(
        args.bin,
        args.frames,
        args.out,
        gap=args.gap,
        stall=args.stall,
        seed=args.seed,
        taps=args.taps,
        reset_at=args.reset_at,
        watchdog=args.watchdog,
    )
    print(
        f"{result['frames_out']} frames in {result['cycles']} cycles,"
        f" interval {result['interval'] or 'not constant'}, latency {result['latency_cycles']};"
        f" {result['wall_s']:.2f} s, {result['kcycles_per_s']:.0f} kcycles/s"
    )
    return 0


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.network_bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("build", help="Verilate and compile a generated top")
    make.add_argument("--top", type=Path, required=True, help="folder with top.json and sources.f")
    make.add_argument("--out", type=Path, required=True, help="folder for the program")
    make.add_argument("--taps", action="store_true", help="with the internal streams")
    make.add_argument("--waivers", type=Path, help="Verilator control file (.vlt)")
    go = commands.add_parser("run", help="stream a file of frames through it")
    go.add_argument("--bin", type=Path, required=True, help="folder made by build")
    go.add_argument("--frames", type=Path, required=True, help="TDATA bytes, frame after frame")
    go.add_argument("--out", type=Path, required=True, help="folder for score.bin, run.json, ...")
    go.add_argument("--gap", type=float, default=0.0, help="chance of an input pause per cycle")
    go.add_argument("--stall", type=float, default=0.0, help="chance of an output stall per cycle")
    go.add_argument("--seed", type=int, help="of gaps and stalls (default: SEED, or drawn)")
    go.add_argument("--taps", action="store_true", help="keep the internal streams")
    go.add_argument("--reset-at", type=int, help="reset after this input beat, then run all")
    go.add_argument("--watchdog", type=int, help="cycles of silence that mean a deadlock")
    return parser


if __name__ == "__main__":
    sys.exit(run_main(main))
