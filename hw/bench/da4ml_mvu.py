# SPDX-License-Identifier: Apache-2.0
"""da4ml: a constant matrix as a graph of shared adders, one product per clock.

da4ml is LGPL-3 and serves the bench only: it is no dependency of bnnflow. The bench installs it in
an environment of its own, build/bench/da4ml, and runs it there; nothing of it is kept or shipped.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.bench.netlist import Netlist
from hw.bench.yosys import NotSynthesised, run_tool, synthesise

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "bench" / "da4ml"
PINS = ("da4ml==0.6.0", "quantizers==1.2.2")  # NumPy as in requirements.lock
VECTORS = 256


def environment() -> Path:
    """The Python that has da4ml; made on the first call.

    Raises:
        NotSynthesised: the package registry does not give it.
    """
    python, done = HOME / "bin" / "python", HOME / "installed.txt"
    if not done.is_file() or done.read_text().split() != list(PINS):
        run_tool([sys.executable, "-m", "venv", "--clear", str(HOME)], "venv for da4ml", 300)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run_tool([*pip, "-c", str(ROOT / "requirements.lock"), *PINS], f"pip: {PINS[0]}", 600)
        done.write_text("\n".join(PINS) + "\n")
    return python


def da4ml(weights: ArrayLike, cutoff: float = -1, limit_s: float = 1800) -> dict[str, Any]:
    """Solve a constant matrix with da4ml, synthesise its Verilog and check the netlist.

    Args:
        weights: +1 and -1, shape (MH, MW).
        cutoff: adders between pipeline registers; -1 for logic without registers.
        limit_s: seconds for the solver, and again for yosys.

    Returns:
        Counts as hw.bench.yosys.synthesise(), and what was configured; "lanes" is MH * MW.

    Raises:
        NotSynthesised: da4ml is not to be had, a tool failed, or the netlist gives another product.
    """
    w = np.asarray(weights, np.int8)
    mh, mw = w.shape
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "w.npy", w)
        child = str(Path(__file__).with_name("da4ml_child.py"))
        arguments = [str(Path(folder) / "w.npy"), folder, str(cutoff)]
        run_tool([str(environment()), child, *arguments], f"da4ml on {mh} x {mw}", limit_s)
        solved = json.loads((Path(folder) / "solved.json").read_text())
        if not solved["emulator_equal"]:
            raise NotSynthesised("da4ml's own emulator does not give the product")
        sources = sorted(Path(folder, "src").rglob("*.v"))
        rtl = " ".join(str(f) for f in sources if f.stem != "rival_wrapper")
        # -defer: of its modules many are unused, and do not elaborate alone. abc9's own proof of
        # its mapping did not end on adder graphs (64 x 64: 5 minutes); check() stands in for it
        reads = ["scratchpad -set abc9.verify 0", f"read_verilog -sv -defer {rtl}"]
        counts, module = synthesise("rival", reads, limit_s)
    outputs = solved.pop("outputs")
    check(module, w, outputs, solved["stages"])
    return {
        **counts,
        "rival": "da4ml",
        "what": "da4ml 0.6.0, constant weights",
        "params": {"MW": mw, "MH": mh, "CUTOFF": cutoff},
        "lanes": mw * mh,
        "cycles_per_vector": 1,
        "pipeline_registers": solved["stages"] + 1 if solved["stages"] else 0,
        "differs": "0/1 inputs: a constant per row from the product with +-1; no thresholds",
        "configured": solved,
        "checked_vectors": VECTORS,
    }


def check(
    module: dict[str, Any], w: NDArray[np.int8], outputs: list[list[int]], stages: int
) -> None:
    """Run the mapped netlist on random vectors, all 0 and all 1 among them.

    Raises:
        NotSynthesised: a product differs.
    """
    x = np.random.default_rng(2).integers(0, 2, (VECTORS, w.shape[1])).astype(np.uint8)
    x[0], x[1] = 0, 1
    netlist = Netlist(module, VECTORS)
    for _ in range(stages + 2):
        bits = netlist.step(model_inp=x)["model_out"].astype(np.int64)
    start = 0
    for row, (sign, integer, fraction) in enumerate(outputs):
        field = bits[:, start : start + sign + integer + fraction]
        start += field.shape[1]
        weight = np.array([1 << i for i in range(field.shape[1])], np.int64)
        if sign:
            weight[-1] = -weight[-1]
        got = field @ weight if fraction <= 0 else field @ weight / (1 << fraction)
        if not np.array_equal(got * (1 << max(-fraction, 0)), x.astype(int) @ w[row].astype(int)):
            raise NotSynthesised(f"da4ml's netlist gives another product in row {row}")
