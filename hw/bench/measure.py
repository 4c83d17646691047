# SPDX-License-Identifier: Apache-2.0
"""Measures the kernels with yosys: `python -m hw.bench.measure [--check] [group ...]`.

Writes hw/bench/areas.json, the areas that later runs are held against (of some groups: theirs
anew, the others stay), and, when everything is measured, build/bench/units.json row by row: what it
has of the same sources is not measured again. With --check nothing in the repository is written
and the exit code is 3 where an area grew by more than 2 %.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hw.bench.configs import Config, configs, constants
from hw.bench.yosys import count
from hw.kernels.bnn_mvu_area import mvu_lut, rom_bram36
from hw.kernels.recipe import commands

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench" / "units.json"
AREAS = Path(__file__).with_name("areas.json")
GUARDED = ("sites", "cells", "ff", "bram36", "dsp")
GROWTH = 0.02
LIMIT_S = 1800.0


def sources() -> list[Path]:
    """The RTL that is measured."""
    return [*sorted((ROOT / "hw" / "kernels").glob("*.sv")), Path(__file__).with_name("bnn_mac.sv")]


def sources_sha256() -> str:
    """Hash of the RTL, of how yosys is called and of how it is counted."""
    recipe = [ROOT / "hw" / "kernels" / f"{name}.py" for name in ("recipe", "sites", "levels")]
    prims = sorted((ROOT / "hw" / "prims").iterdir())
    digest = hashlib.sha256()
    chosen = [Path(__file__).with_name(f"{name}.py") for name in ("configs", "kernel_configs")]
    for path in (*sources(), *recipe, *prims, *chosen):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def known(sha256: str) -> dict[str, dict[str, Any]]:
    """Rows of an earlier run on the same sources, by key."""
    if not RESULT.is_file():
        return {}
    rows: list[dict[str, Any]] = json.loads(RESULT.read_text())
    return {row["key"]: row for row in rows if row.get("sources_sha256") == sha256}


def measure(config: Config) -> dict[str, Any]:
    """Synthesise one configuration in a child process.

    Returns:
        The configuration, what hw.bench.yosys.count() counts ("lut" as "cells"), and for a
        bnn_mvu the estimate beside it.

    Raises:
        NotSynthesised: yosys failed.
    """
    start = time.monotonic()
    given = {**config.params, "PRIM": config.prim}
    if config.group == "kernel" and not config.prim:
        del given["PRIM"]  # a kernel without it
    with tempfile.TemporaryDirectory() as folder:
        generics = [f"{name}={value}" for name, value in given.items()]
        literals, files = constants(config.top, config.params)
        generics += [f"{name}={value}" for name, value in literals.items()]
        for name, lines in files.items():
            path = Path(folder) / f"{name}.mem"
            path.write_text("\n".join(lines) + "\n")
            generics.append(f'{name}="{path}"')
        rtl = [str(f) for f in sources()]
        counts, _ = count(config.top, commands(config.top, rtl, generics=generics), LIMIT_S)
    counts["cells"] = counts.pop("lut")
    row = {**asdict(config), "key": config.key, "lanes": config.lanes, **counts}
    if config.top == "bnn_mvu":
        p = config.params
        shape = (p["MW"], p["MH"], p["SIMD"], p["PE"], bool(p["RAW"]), bool(p["ROM_BLOCK"]))
        row["sites_estimate"] = round(mvu_lut(*shape), 1)
        words = p["MW"] * p["MH"] // config.lanes
        row["bram36_estimate"] = rom_bram36(config.lanes, words) if p["ROM_BLOCK"] else 0
    return {**row, "seconds": round(time.monotonic() - start, 1)}


def grown(rows: list[dict[str, Any]], recorded: dict[str, dict[str, float]]) -> list[str]:
    """What takes more than 2 % (and more than one) of anything beyond the record.

    Args:
        rows: results of measure().
        recorded: contents of areas.json.

    Returns:
        A line for each figure that grew, and for each configuration without a record.
    """
    lines = []
    for row in rows:
        before = recorded.get(row["key"])
        if before is None:
            lines.append(f"{row['key']}: not in {AREAS.name}")
            continue
        lines += [
            f"{row['key']}: {kind} {before[kind]:g} -> {row[kind]:g}"
            for kind in GUARDED
            if row[kind] > before[kind] * (1 + GROWTH) and row[kind] > before[kind] + 1
        ]
    return lines


def main(argv: list[str] | None = None) -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hw.bench.measure", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--check", action="store_true", help="compare with hw/bench/areas.json")
    parser.add_argument("group", nargs="*", help="mac, layer, unit, unseen, kernel: only these")
    args = parser.parse_args(argv)
    todo = [c for c in configs() if not args.group or c.group in args.group]
    rows: list[dict[str, Any]] = []
    sha256 = sources_sha256()
    earlier = {} if args.check else known(sha256)
    start = time.monotonic()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    for i, config in enumerate(todo):
        if config.key in earlier:
            rows.append(earlier[config.key])
            continue
        row = {**measure(config), "sources_sha256": sha256}
        rows.append(row)
        each = f"{row['sites'] / row['lanes']:.3f} a lane" if row["lanes"] else ""
        left = (time.monotonic() - start) / (i + 1) * (len(todo) - i - 1)
        print(
            f"[{i + 1}/{len(todo)}] {config.key}: {row['sites']} sites {each},"
            f" {row['cells']} cells, {row['ff']} FF, {row['bram36']:g} BRAM36,"
            f" {row['levels']} levels; {left / 60:.0f} min left",
            flush=True,
        )
        if not args.group and not args.check:
            RESULT.write_text(json.dumps(rows, indent=1) + "\n")
    if args.check:
        lines = grown(rows, json.loads(AREAS.read_text()))
        for line in lines:
            print(line, file=sys.stderr)
        if lines:
            print(
                f"failed[area-grown]: {len(lines)} areas are above the record\n"
                f"  where  {AREAS.relative_to(ROOT)}\n"
                "  try    find the commit that costs them; if the growth is wanted:"
                " make bench-kernels, and commit the new record",
                file=sys.stderr,
            )
        return 3 if lines else 0
    areas = json.loads(AREAS.read_text())
    areas |= {row["key"]: {kind: row[kind] for kind in GUARDED} for row in rows}
    kept = {c.key: areas[c.key] for c in configs() if c.key in areas}
    AREAS.write_text(json.dumps(kept, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
