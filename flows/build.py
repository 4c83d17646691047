# SPDX-License-Identifier: Apache-2.0
"""From a QONNX file to proved RTL, stage by stage.

python -m flows.build --model any.onnx --board pynq-z1 --target-fps 100000
python -m flows.build --run build/any --from fold --target-fps 500000
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from flows import zoo
from flows.config import INPUTS, MAX_UTILISATION, STAGES, FlowConfig, board_names, load_board
from flows.errors import FlowError, run_main
from flows.files import read_json, write_json
from flows.images import DATA_SETS


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m flows.build",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--model", help="QONNX file, or zoo:NAME (default: 00_export.onnx of the run)")
    p.add_argument("--run", type=Path, help="run folder (default: build/<name of the model>)")
    p.add_argument("--board", help=f"one of {', '.join(board_names())} (default: pynq-z1)")
    p.add_argument("--clk-mhz", type=float, help="clock of the accelerator (default: the board's)")
    goal = p.add_mutually_exclusive_group()
    goal.add_argument("--target-fps", type=float, help="frames per second to reach")
    goal.add_argument("--folding", help="JSON file with PE and SIMD of every unit")
    goal.add_argument(
        "--max", action="store_true", default=None, help="the fastest that fits the board"
    )
    p.add_argument(
        "--utilisation", type=float, help="share of the board that may be taken (--max: 0.8)"
    )
    p.add_argument("--input", choices=INPUTS, help="what the network's input is")
    p.add_argument(
        "--packed",
        action=argparse.BooleanOptionalAction,
        help="the driver takes the sign of 8-bit pixels and packs it: 1/8 of the bytes on the bus",
    )
    p.add_argument("--images", help=f"{', '.join(DATA_SETS)}, a .npy file, or random:N")
    p.add_argument("--data", help="folder of the data set, where it is not data/")
    p.add_argument("--rtl-images", type=int, help="images that the RTL runs (default: by clk)")
    p.add_argument("--seed", type=int, help="of random images, gaps and stalls")
    p.add_argument("--from", dest="first", default="import", choices=STAGES, metavar="STAGE")
    p.add_argument("--to", dest="last", default="report", choices=STAGES, metavar="STAGE")
    p.add_argument(
        "--if-changed",
        action="store_true",
        help="build nothing where the run is whole, and of this model and these options",
    )
    p.add_argument(
        "--first-difference",
        action="store_true",
        help="build nothing: compare every layer of a built run, and say where it differs first",
    )
    p.epilog = f"stages: {' -> '.join(STAGES)}"
    return p


def configure(args: argparse.Namespace) -> tuple[Path, FlowConfig]:
    """Run folder and options: those given now over those of the run's flow.json.

    Raises:
        FlowError: model-missing, build-goal, stage-order.
    """
    if args.run is None and args.model is None:
        raise FlowError(
            "model-missing",
            "neither a model nor a run is named",
            "--model, --run",
            "--model any.onnx, or --run build/demo after `make train export`",
        )
    images: dict[str, str] = {}
    if args.model is not None and args.model.startswith(zoo.PREFIX):
        name = args.model.removeprefix(zoo.PREFIX)
        data = zoo.describe(name).get("config", {}).get("data", {}).get("name")
        images = {"images": data} if data in DATA_SETS[:2] else {}
        args.model = str(zoo.unpack(name))
    run: Path = args.run or Path("build") / Path(args.model).stem
    stored: dict[str, Any] = {}
    if (run / "flow.json").is_file():
        stored = read_json(run / "flow.json")
    known = {field.name for field in fields(FlowConfig)}
    given = {k: v for k, v in vars(args).items() if k in known and v is not None}
    goals = ("target_fps", "folding", "max")
    if any(goal in given for goal in goals):
        stored = {k: v for k, v in stored.items() if k not in goals}
    base: dict[str, Any] = {"model": str(run / "00_export.onnx")}
    if args.model is None:
        base |= _data_set_of(run)
    kept = {k: stored[k] for k in known & set(stored)}
    config = FlowConfig(**{**base, **images, **kept, **given})
    if config.target_fps is None and config.folding is None and not config.max:
        raise FlowError(
            "build-goal",
            "the build has no goal: neither a rate, nor a folding, nor the fastest",
            "--target-fps, --folding, --max",
            "--target-fps 100000",
            'flows/README.md, "Folding"',
        )
    if STAGES.index(args.first) > STAGES.index(args.last):
        raise FlowError(
            "stage-order",
            f"stage {args.first} comes after {args.last}",
            f"--from {args.first} --to {args.last}",
            f"--from {args.last} --to {args.first}",
        )
    if config.rtl_images is not None and config.rtl_images < 1:
        raise FlowError(
            "rtl-images", f"{config.rtl_images} images prove nothing", "--rtl-images", "1 or more"
        )
    if not 0 < config.share <= 1:
        raise FlowError(
            "utilisation-range",
            f"{config.share:g} is no share of a board",
            "--utilisation",
            f"--utilisation {MAX_UTILISATION:g}",
        )
    if config.clk_mhz is not None and not config.clk_mhz > 0:
        raise FlowError("clock", f"{config.clk_mhz} MHz is no clock", "--clk-mhz", "--clk-mhz 100")
    return run, config


def _data_set_of(run: Path) -> dict[str, str]:
    """The images a network of ours is proved on: the test set of the data it was trained on."""
    if not (run / "metrics.json").is_file():
        return {}
    name = read_json(run / "metrics.json").get("config", {}).get("data", {}).get("name")
    return {"images": name} if name in DATA_SETS else {}


def build(run: Path, config: FlowConfig, first: str = "import", last: str = "report") -> None:
    """Run the stages `first` .. `last` in a run folder, removing what lies behind `first`.

    Writes flow.json (the options), stages.json (seconds and state of every stage, for the report)
    and each stage's artefacts.

    Raises:
        FlowError, CheckFailed: of the stages; the stage's artefacts are then not there.
    """
    from flows.steps import (
        STEPS,
        Context,
        check_folded,
        check_fresh,
        check_inputs,
        remove_outputs,
    )
    from flows.versions import tool_versions

    ctx = Context(run, config, load_board(config.board))
    a, b = STAGES.index(first), STAGES.index(last)
    check_inputs(ctx, STEPS[a])
    if first not in ("import", "report"):
        check_fresh(run, config)
    if a > STAGES.index("fold"):
        check_folded(run, config)
    run.mkdir(parents=True, exist_ok=True)
    write_json(run / "flow.json", asdict(config))
    write_json(run / "versions.json", tool_versions())
    remove_outputs(run, STEPS[a:])
    state = _stages(run, a)
    for step in STEPS[a : b + 1]:
        check_inputs(ctx, step)
        started = time.monotonic()
        print(f"{step.name:<11}", end="", flush=True)
        ctx.notes.clear()
        if step.name == "report":
            write_json(run / "stages.json", state)
        try:
            step.action(ctx)
        except BaseException:
            print(" failed")
            raise
        seconds = time.monotonic() - started
        note = "; ".join(ctx.notes)
        row = {"name": step.name, "seconds": round(seconds, 2), "status": "done", "note": note}
        state.append(row)
        write_json(run / "stages.json", state)
        print(stage_line(row)[len(step.name.ljust(11)) :])


def is_built(run: Path, config: FlowConfig) -> bool:
    """Whether a run folder holds all that build(run, config) would write, of the same model."""
    from flows.steps import STEPS, check_fresh

    flow = run / "flow.json"
    if not flow.is_file() or read_json(flow) != asdict(config):
        return False
    if not all((run / name).exists() for step in STEPS for name in step.writes):
        return False
    try:
        check_fresh(run, config)
    except FlowError:
        return False
    return True


def stage_line(row: dict[str, Any]) -> str:
    """What is printed of a finished stage, from its row of stages.json."""
    return f"{row['name']:<11} {row['seconds']:6.1f} s  {row.get('note', '')}".rstrip()


def _stages(run: Path, first: int) -> list[dict[str, Any]]:
    """Rows of stages.json that stay: those of the stages in front of `first`."""
    if not (run / "stages.json").is_file():
        return []
    kept = STAGES[:first]
    return [row for row in read_json(run / "stages.json") if row["name"] in kept]


def main() -> int:
    """Parse and build."""
    args = parser().parse_args()
    run, config = configure(args)
    if args.first_difference:
        from flows.first_difference import first_difference
        from flows.steps import Context

        print(first_difference(Context(run, config, load_board(config.board))))
        return 0
    if args.if_changed and is_built(run, config):
        print(f"{run} is as asked for; not built again")
        return 0
    build(run, config, args.first, args.last)
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
