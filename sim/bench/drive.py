# SPDX-License-Identifier: Apache-2.0
"""Runs a built bench over a file of frames and measures cycles."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.errors import CheckFailed, FlowError
from flows.files import write_json

from .compile import fingerprint
from .diagnose import failure
from .layout import Layout, read_layout


def run(
    bin_dir: Path,
    frames_file: Path,
    out_dir: Path,
    *,
    gap: float = 0.0,
    stall: float = 0.0,
    seed: int | None = None,
    taps: bool = False,
    reset_at: int | None = None,
    watchdog: int | None = None,
) -> dict[str, Any]:
    """Stream every frame of a file through the top and write what comes out.

    Args:
        bin_dir: made by `build`.
        frames_file: TDATA bytes of the input beats, frame after frame, nothing between.
        out_dir: gets score.bin, label.bin (TDATA bytes of the output beats), done.bin (uint64:
            cycle of each frame's last label beat), tap<k>.bin and, last of all, run.json.
        gap: chance in [0, 1) that the input pauses in a cycle before it offers the next beat.
        stall: chance in [0, 1) that an output is not ready in a cycle.
        seed: of gaps and stalls; None takes SEED from the environment or draws one and prints it.
        taps: keep the internal streams, too; the bench must be built with them.
        reset_at: assert reset once that many input beats were taken, then run all frames anew.
        watchdog: cycles without a beat at the ports that count as a deadlock; None chooses.

    Returns:
        What run.json holds: frames, cycles, latency_cycles (first input beat of frame 0 to its
        last output beat), interval (None unless constant over the later half), and so on.

    Raises:
        FlowError: bench-missing, bench-stale, frames-size, chance, reset-range, mem-file.
        CheckFailed: sim-stuck, sim-extra, sim-early, sim-unstable, sim-tap-count, sim-finish.
    """
    bin_dir, out_dir = bin_dir.resolve(), out_dir.resolve()
    made = _read_build(bin_dir, taps)
    top_dir = Path(made["top_dir"])
    layout = read_layout(top_dir)
    frames = _count_frames(frames_file, layout)
    for name, chance in (("gap", gap), ("stall", stall)):
        if not 0 <= chance < 1:
            raise FlowError(
                "chance", f"{name} {chance} is not in [0, 1)", f"--{name}", f"--{name} 0.5"
            )
    if reset_at is not None and not 0 <= reset_at <= frames * layout.input.beats:
        raise FlowError(
            "reset-range",
            f"reset at beat {reset_at} of {frames * layout.input.beats} never comes",
            "--reset-at",
            f"a beat in the middle of a frame: --reset-at {layout.input.beats // 2}",
        )
    seed = _seed(seed, gap, stall)
    base = 4 * layout.beats_in_all + 10_000
    drain = int(base / (1 - stall))
    if watchdog is None:
        silence = 4 * layout.cycles_per_frame if layout.cycles_per_frame else 200_000
        watchdog = int((base + silence) / ((1 - gap) * (1 - stall)))
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "run.json").unlink(missing_ok=True)  # from here on the old results do not count
    with tempfile.TemporaryDirectory(prefix=".run_", dir=out_dir) as work:
        numbers = [frames, gap, stall, seed, watchdog, drain, -1 if reset_at is None else reset_at]
        _execute(bin_dir / "bench", frames_file.resolve(), Path(work), numbers, top_dir)
        outcome = json.loads((Path(work) / "outcome.json").read_text())
        if outcome["outcome"] != "done":
            error = failure(outcome, frames, bin_dir, watchdog)
            if gap or stall:
                error.where += f"; gap {gap}, stall {stall}, seed {seed}"
            raise error
        _keep(Path(work), out_dir, layout, taps)
    result = _measure(outcome, np.fromfile(out_dir / "done.bin", np.uint64), frames)
    result |= {"gap": gap, "stall": stall, "seed": seed, "reset_at": reset_at}
    write_json(out_dir / "run.json", result)
    return result


def _read_build(bin_dir: Path, taps: bool) -> dict[str, Any]:
    again = "build it: python -m sim.network_bench build --top TOP --out " + str(bin_dir)
    try:
        made: dict[str, Any] = json.loads((bin_dir / "build.json").read_text())
    except (OSError, ValueError) as err:
        raise FlowError("bench-missing", "no built bench there", str(bin_dir), again) from err
    if taps and not made["taps"]:
        raise FlowError("bench-taps", "built without taps", str(bin_dir), again + " --taps")
    waivers = Path(made["waivers"]) if made["waivers"] else None
    if fingerprint(Path(made["top_dir"]), waivers) != made["inputs_sha256"]:
        raise FlowError(
            "bench-stale", "the top has changed since the bench was built", str(bin_dir), again
        )
    return made


def _count_frames(frames_file: Path, layout: Layout) -> int:
    frame_bytes = layout.input.bytes * layout.input.beats
    size = frames_file.stat().st_size if frames_file.is_file() else -1
    if size <= 0 or size % frame_bytes:
        said = "is not there" if size < 0 else f"has {size} bytes"
        raise FlowError(
            "frames-size",
            f"the file of frames {said}; a frame is {frame_bytes} bytes"
            f" ({layout.input.beats} beats of {layout.input.bytes})",
            str(frames_file),
            "write every frame as the TDATA bytes of its beats, one after the other",
        )
    return size // frame_bytes


def _seed(seed: int | None, gap: float, stall: float) -> int:
    if seed is None and (gap or stall):
        seed = int(os.environ["SEED"]) if "SEED" in os.environ else secrets.randbits(32)
        print(f"seed {seed}", file=sys.stderr)
    return seed or 0


def _execute(program: Path, frames: Path, work: Path, numbers: list[Any], top_dir: Path) -> None:
    """Run the program in the folder of the top, where $readmemh finds its files."""
    command = [str(program), str(frames), str(work), *map(str, numbers)]
    done = subprocess.run(command, cwd=top_dir, stdout=subprocess.PIPE, text=True)
    if done.returncode == 4:
        code, path = done.stdout.split("bench-io ")[-1].strip().split(" ", 1)
        raise OSError(int(code), os.strerror(int(code)), path)
    said = [line for line in done.stdout.splitlines() if line.startswith("%")]
    if said and "readmem" in done.stdout.lower():
        raise FlowError(
            "mem-file",
            f"a memory file was not read: {said[0]}",
            str(top_dir),
            "generate the top again: python -m flows.build --from generate",
        )
    if done.returncode or said:
        raise CheckFailed(
            "sim-died",
            f"the simulation stopped with code {done.returncode}: {(said or ['no message'])[0]}",
            f"{program}",
            "mend what the message names; it comes from the RTL ($fatal, $error or an assertion)",
        )


def _keep(work: Path, out_dir: Path, layout: Layout, taps: bool) -> None:
    """Move the files of a good run to their names: m_axis_score.bin becomes score.bin."""
    for stream in layout.outputs:
        name = stream.port.removeprefix("m_axis_")
        (work / f"{stream.port}.bin").replace(out_dir / f"{name}.bin")
    (work / "done.bin").replace(out_dir / "done.bin")
    for old in out_dir.glob("tap*.bin"):
        old.unlink()
    for tap in layout.taps if taps else ():
        (work / f"{tap.port}.bin").replace(out_dir / f"{tap.port}.bin")


def _measure(outcome: dict[str, Any], done: NDArray[np.uint64], frames: int) -> dict[str, Any]:
    streams, cycles, wall_s = outcome["streams"], outcome["cycles"], outcome["wall_s"]
    latency = outcome["first_out"] - outcome["first_in"]
    return {
        "frames_in": streams[0]["beats"] // streams[0]["frame_beats"],
        "frames_out": frames,
        "cycles": cycles,
        "latency_cycles": latency,
        **intervals(done, latency),
        "beats": {s["name"]: s["beats"] for s in streams},
        "tap_unstable": {s["name"]: s["unstable"] for s in streams if s["unstable"]},
        "wall_s": round(wall_s, 4),
        "kcycles_per_s": round(cycles / max(wall_s, 1e-6) / 1e3, 1),
    }


def intervals(done: NDArray[np.uint64], latency: int = 0) -> dict[str, int | None]:
    """Cycles between successive frame completions over the later half of them.

    The frames that are inside when the input ends have none behind them, and may leave a little
    earlier: a wide window is not held up by words of the next frame then. They may not leave later.

    Args:
        done: shape (frames,), cycle in which each frame was complete.
        latency: of a frame in clk, from its first beat in.

    Returns:
        interval (None unless all are the same while frames follow, and no later one is longer), its
        min, max and mode (None for one frame) and warmup_frames: completions before the difference
        became what it is then.
    """
    ends = done.astype(np.int64)
    steps = np.diff(ends)
    if not len(steps):
        keys = ("interval", "interval_min", "interval_max", "interval_mode", "warmup_frames")
        return dict.fromkeys(keys)
    half = len(steps) // 2
    followed = int((ends <= ends[-1] - latency).sum())
    steady = steps[: max(followed - 1, half + 1)]
    values, counts = np.unique(steady[half:], return_counts=True)
    low, high = int(values[0]), int(values[-1])
    other = np.flatnonzero(steady != steady[-1])
    return {
        "interval": low if low == high >= steps[half:].max() else None,
        "interval_min": low,
        "interval_max": high,
        "interval_mode": int(values[counts.argmax()]),
        "warmup_frames": int(other[-1]) + 1 if len(other) else 0,
    }
