# SPDX-License-Identifier: Apache-2.0
"""Runs in the bench's own environment of da4ml, never in ours: a constant matrix to its Verilog.

`python da4ml_child.py WEIGHTS.npy FOLDER CUTOFF` writes FOLDER/src and FOLDER/solved.json. Only
NumPy and da4ml are imported.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from da4ml.codegen import RTLModel
from da4ml.trace import FixedVariableArray, HWConfig, comb_trace
from da4ml.types import minimal_kif


def main() -> None:
    """Solve, write Verilog, and say how the outputs are encoded."""
    weights, folder, cutoff = np.load(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    w_MW_MH = np.ascontiguousarray(weights.T.astype(np.float32))
    n = len(w_MW_MH)
    # unsigned 1-bit inputs; cost counted in bits of adders, as LUTs are
    bits = (np.zeros(n, np.int8), np.ones(n, np.int8), np.zeros(n, np.int8))
    x = FixedVariableArray.from_kif(*bits, hwconf=HWConfig(1, -1, -1))
    start = time.monotonic()
    logic = comb_trace(x, x @ w_MW_MH)
    seconds = time.monotonic() - start
    vectors = np.random.default_rng(3).integers(0, 2, (64, n)).astype(np.float64)
    model = RTLModel(logic, "rival", folder, latency_cutoff=cutoff, print_latency=False)
    model.write()
    outputs = [minimal_kif(interval) for interval in logic.out_qint]
    solved = {
        "solve_s": round(seconds, 1),
        "cost": float(logic.cost),
        "adders": len(logic.ops) - n,
        "stages": len(model._pipe.solutions) if model._pipe else 0,
        "emulator_equal": bool(np.array_equal(logic.predict(vectors), vectors @ w_MW_MH)),
        "outputs": [[int(k), int(i), int(f)] for k, i, f in outputs],
    }
    (folder / "solved.json").write_text(json.dumps(solved))


if __name__ == "__main__":
    main()
