# SPDX-License-Identifier: Apache-2.0
"""What the suite must know about a generated top: vectors.json, which tops.py wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from sim.lib.suite import Case, Frames

PORTS = ("s_axis", "m_axis_label", "m_axis_score")
TOPS = Path(__file__).resolve().parents[2] / "build" / "sim" / "bnn_top"
N_IMAGES = 64


def case(p: dict[str, Any], seed: int) -> Case:
    """The case of the top in build/sim/bnn_top/<run>: the four corner images, then any others."""
    vectors = json.loads((TOPS / p["run"] / "vectors.json").read_text())

    def frames(draw: np.random.Generator, n: int) -> Frames:
        chosen = [*range(4), *draw.integers(0, N_IMAGES, n)][:n]
        return tuple([vectors["frames"][name][i] for i in chosen] for name in PORTS)

    return Case(
        frames, vectors["interval"], None, outputs=PORTS[1:], clock="ap_clk", reset="ap_rst_n"
    )
