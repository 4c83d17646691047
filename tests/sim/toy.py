# SPDX-License-Identifier: Apache-2.0
"""The toy top as a folder like the ones that flows generates, and what it computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.files import write_json

FRAME_BEATS, BEAT_BYTES, OFFSET = 7, 5, 3
TOP_JSON: dict[str, Any] = {
    "top": "bnn_top",
    "streams": {
        "s_axis": {"bytes": BEAT_BYTES, "beats_per_frame": FRAME_BEATS},
        "m_axis_score": {"bytes": 1, "beats_per_frame": 2},
        "m_axis_label": {"bytes": 1, "beats_per_frame": 1},
    },
    "taps": [
        {"name": "Add_0.out0", "bytes": BEAT_BYTES, "beats_per_frame": FRAME_BEATS},
        {"name": "Sum_1.out0", "bytes": 2, "beats_per_frame": 1},
    ],
}


def write_top(folder: Path, fault: str = "") -> Path:
    """Make a folder with sources.f, top.json and the memory file; `fault` is a macro of the RTL."""
    (folder / "rtl").mkdir(parents=True)
    rtl = (Path(__file__).parent / "toy_top.sv").read_text()
    define = f"`define {fault}\n" if fault else ""
    (folder / "rtl" / "toy_top.sv").write_text(define + rtl)
    (folder / "sources.f").write_text("rtl/toy_top.sv\n")
    (folder / "offset.mem").write_text(f"{OFFSET:02x}\n")
    write_json(folder / "top.json", TOP_JSON)
    return folder


def frames(n: int, seed: int = 1) -> NDArray[np.uint8]:
    """Random input, shape (n, FRAME_BEATS, BEAT_BYTES)."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, FRAME_BEATS, BEAT_BYTES), np.uint8)


def sums(x: NDArray[np.uint8]) -> NDArray[np.int64]:
    """What the top computes, shape (n,)."""
    return ((x[:, :, 0].astype(np.int64) + OFFSET) % 256).sum(axis=1)
