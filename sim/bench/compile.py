# SPDX-License-Identifier: Apache-2.0
"""Verilates a generated top with bench.cpp into one program, only when something changed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from flows.env.tools import package_version, verilator_env
from flows.errors import FlowError
from flows.files import replacing, write_atomic, write_json

from .layout import Layout, header, read_layout

HERE = Path(__file__).parent
CPP = ("bench.cpp", "parts.h", "stream.h")
FLAGS = [
    "--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast",
    "--prefix", "Vtop", "-o", "bench", "-j", "2", "-CFLAGS", "-std=c++17 -march=native",
    "--output-split", "5000",  # enough files for two compilers at once
    "--max-num-width", "4194304",  # bits of a literal: a layer's weights are one
]  # fmt: skip
# Only the model takes time in a run: its set-up code and the Verilator library need no optimiser.
OPTIMISE = "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O0"


def build(top_dir: Path, out_dir: Path, taps: bool = False, waivers: Path | None = None) -> Path:
    """Verilate and compile the top in `top_dir`; an unchanged top is not compiled again.

    Args:
        top_dir: folder of a generated top: top.json, sources.f, memory files.
        out_dir: made whole or not at all: the program `bench` and build.json.
        taps: with the internal streams (macro BNN_TAPS), for finding where bits or beats differ.
        waivers: a Verilator control file with justified waivers; warnings stop the build.

    Returns:
        `out_dir`, for `run`.

    Raises:
        FlowError: top-missing, top-json, waivers, tool-missing, verilate (the RTL has a warning).
    """
    top_dir, out_dir = top_dir.resolve(), out_dir.resolve()
    layout = read_layout(top_dir)
    sources = source_files(top_dir)
    if waivers is not None and not waivers.is_file():
        raise FlowError("waivers", "no such file", str(waivers), "--waivers hw/lint/verilator.vlt")
    env = verilator_env(OPTIMISE)
    digest = fingerprint(top_dir, waivers)
    key = {"inputs_sha256": digest, "taps": taps, "verilator": package_version("verilator")}
    if (out_dir / "bench").is_file() and _recorded(out_dir) == key:
        return out_dir
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bnn_bench_") as work:
        program = _compile(layout, top_dir, out_dir, sources, taps, waivers, Path(work), env)
        with replacing(out_dir) as tmp:
            tmp.mkdir(parents=True)
            shutil.copy2(program, tmp / "bench")
            write_json(
                tmp / "build.json",
                {
                    **key,
                    "top_dir": str(top_dir),
                    "waivers": str(waivers.resolve()) if waivers else None,
                    "seconds": round(time.monotonic() - start, 2),
                },
            )
    return out_dir


def source_files(top_dir: Path) -> list[Path]:
    """The files that sources.f names, as absolute paths.

    Raises:
        FlowError: source-missing.
    """
    files = []
    for line in (top_dir / "sources.f").read_text().splitlines():
        name = line.split("//")[0].split("#")[0].strip()
        if name:
            files.append(top_dir / name)
    for path in files:
        if not path.is_file():
            raise FlowError(
                "source-missing",
                f"sources.f names {path.name}, which is not there",
                str(top_dir / "sources.f"),
                "generate the top again: python -m flows.build --from generate",
            )
    return files


def fingerprint(top_dir: Path, waivers: Path | None) -> str:
    """SHA-256 over everything the program is made from.

    Memory files are left out: the program reads them when it starts, so new weights in the same
    structure need no new build.
    """
    total = hashlib.sha256()
    headers = sorted([*top_dir.rglob("*.svh"), *top_dir.rglob("*.vh")])
    own = [HERE / name for name in (*CPP, "compile.py", "layout.py")]
    shared = [top_dir / "top.json", top_dir / "sources.f", *source_files(top_dir), *headers]
    for path in [*own, *shared, *([waivers] if waivers else [])]:
        total.update(path.name.encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _recorded(out_dir: Path) -> dict[str, object] | None:
    try:
        made = json.loads((out_dir / "build.json").read_text())
        return {k: made[k] for k in ("inputs_sha256", "taps", "verilator")}
    except (OSError, ValueError, KeyError):
        return None


def _compile(
    layout: Layout,
    top_dir: Path,
    out_dir: Path,
    sources: list[Path],
    taps: bool,
    waivers: Path | None,
    work: Path,
    env: dict[str, str],
) -> Path:
    """Run Verilator and g++ in `work`, which has no blanks in its name (make cannot have them)."""
    for name in CPP:
        shutil.copy2(HERE / name, work / name)
    (work / "streams.h").write_text(header(layout, taps))
    command = [
        "verilator",
        *FLAGS,
        *["--top-module", layout.top, "--Mdir", str(work / "obj"), "-CFLAGS", f"-I{work}"],
        *(["+define+BNN_TAPS"] if taps else []),
        *([str(waivers.resolve())] if waivers else []),
        *[str(path.relative_to(top_dir)) if path.is_relative_to(top_dir) else str(path)
          for path in sources],
        str(work / "bench.cpp"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=top_dir, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        log = out_dir.with_name(f"{out_dir.name}.verilator.log")
        write_atomic(log, done.stdout + done.stderr)
        raise FlowError(
            "verilate",
            f"Verilator did not build {layout.top}: {_first_complaint(done.stderr + done.stdout)}",
            f"{top_dir}   (whole output: {log})",
            "mend the RTL that the message names; a warning may be waived only with a reason,"
            " in hw/lint/verilator.vlt (build --waivers)",
        )
    return work / "obj" / "bench"


def _first_complaint(text: str) -> str:
    pattern = r"^(%(?:Warning|Error).*|.*error:.*)$"
    for line in re.findall(pattern, text, flags=re.MULTILINE):
        return str(line).strip()
    return (text.strip().splitlines() or ["no output"])[-1]
