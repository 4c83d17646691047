# SPDX-License-Identifier: Apache-2.0
"""What the kernel bench measures: configurations, and the constants they are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hw.bench import kernel_configs
from hw.kernels import bnn_mvu_ref
from hw.kernels.bnn_heap_ref import heap_levels, pipe
from hw.kernels.bnn_mvu_area import mvu_area
from hw.kernels.bnn_mvu_ref import vector

BRAM_PRICE = 380.0  # LUTs per BRAM36: xc7z020 has 53,200 and 140
LANES = (32, 112)  # PE, SIMD of the 3,584 lanes that FINN+ published (anchors: 2.96 LUT per lane)


@dataclass(frozen=True)
class Config:
    """One module to synthesise.

    Attributes:
        group: "mac" (a row with weights as inputs), "layer" (3,584 lanes by depth), "unit" (the
            estimate was fitted on these), "unseen" (it was not), "kernel".
        top: module name.
        params: its integer parameters, PRIM left out.
        prim: 0, 1 or 2; see bnn_lut6_2.sv.
    """

    group: str
    top: str
    params: dict[str, int]
    prim: int

    @property
    def key(self) -> str:
        """Name in areas.json."""
        return " ".join(
            [self.top, *(f"{k}={v}" for k, v in {**self.params, "PRIM": self.prim}.items())]
        )

    @property
    def lanes(self) -> int:
        """XNORs per clk of a matrix-vector unit or row; 0 for the other kernels."""
        matrix = self.top in ("bnn_mac", "bnn_mvu")
        return self.params["SIMD"] * self.params.get("PE", 1) if matrix else 0


def unit(mw: int, mh: int, simd: int, pe: int, raw: int = 0) -> dict[str, int]:
    """Parameters of bnn_mvu as flows would choose them."""
    _, _, block = mvu_area(mw, mh, simd, pe, bool(raw), BRAM_PRICE)
    given = {"MW": mw, "MH": mh, "SIMD": simd, "PE": pe, "RAW": raw, "ROM_BLOCK": int(block)}
    return {**given, "PIPE": pipe(mw, mh, simd, pe, bool(raw), block)}


def row(simd: int) -> dict[str, int]:
    """Parameters of bnn_mac: four beats to a row, so that there is something to accumulate."""
    pairs = simd // 2
    levels = heap_levels(-(-pairs // 4) + simd % 2, pairs, 2)
    return {"MW": 4 * simd, "SIMD": simd, "PIPE": sum(1 for sevens, _, _ in levels if sevens)}


#: MW, MH, SIMD, PE, RAW: small to large, every kind of weight memory
FITTED = (
    (64, 10, 4, 2, 1), (64, 10, 8, 2, 1), (256, 10, 16, 2, 1), (64, 10, 64, 1, 1),
    (64, 16, 16, 4, 0), (64, 64, 16, 4, 0), (256, 64, 32, 8, 0), (128, 96, 64, 12, 0),
    (64, 64, 32, 16, 0), (784, 64, 49, 16, 0), (784, 64, 28, 8, 0), (256, 256, 32, 8, 0),
    (256, 256, 64, 32, 0), (64, 64, 64, 32, 0), (1024, 1024, 32, 8, 0), (1024, 10, 64, 1, 1),
    (64, 64, 64, 64, 0), (128, 10, 128, 10, 1),
)  # fmt: skip
UNSEEN = (
    (64, 10, 16, 1, 1), (64, 10, 32, 5, 1), (96, 24, 12, 3, 0), (96, 48, 48, 4, 0),
    (100, 40, 25, 8, 0), (128, 64, 16, 8, 0), (128, 128, 64, 16, 0), (192, 32, 24, 8, 0),
    (256, 128, 64, 8, 0), (288, 32, 36, 16, 0), (320, 20, 80, 10, 0), (400, 50, 100, 5, 0),
    (512, 64, 64, 4, 0), (512, 512, 32, 16, 0), (576, 64, 72, 16, 0), (784, 32, 98, 8, 0),
    (784, 128, 56, 16, 0), (1152, 128, 36, 8, 0), (32, 32, 32, 32, 0), (96, 24, 96, 24, 0),
    (784, 64, 784, 64, 0),
)  # fmt: skip
DEPTHS = {2: (224, 32), 4: (224, 64), 8: (448, 64), 14: (784, 64), 16: (896, 64)}  # words: MW, MH


def configs() -> list[Config]:
    """Everything, in the order of the report."""
    pe, simd = LANES
    rows = [Config("mac", "bnn_mac", row(n), p) for n in (64, 128, 256, 784) for p in (1, 2, 0)]
    layers = [Config("layer", "bnn_mvu", unit(*shape, simd, pe), 1) for shape in DEPTHS.values()]
    layers += [Config("layer", "bnn_mvu", unit(*DEPTHS[14], simd, pe), p) for p in (2, 0)]
    units = [Config("unit", "bnn_mvu", unit(*given), 1) for given in FITTED]
    unseen = [Config("unseen", "bnn_mvu", unit(*given), 1) for given in UNSEEN]
    others = [Config("kernel", *given) for given in kernel_configs.KERNELS]
    return [*rows, *layers, *units, *unseen, *others]


def random_layer(mh: int, mw: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight bits, shape (MH, MW), and thresholds, shape (MH,), the same at every call."""
    rng = np.random.default_rng(1)
    w = rng.integers(0, 2, (mh, mw))
    return w, np.clip(rng.normal(mw / 2, mw**0.5, mh), 0, mw).astype(int)


def constants(top: str, p: dict[str, int]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Random literals, and memory files, of one configuration: the same at every call."""
    if top == "bnn_mvu":
        mw, mh, simd, pe = p["MW"], p["MH"], p["SIMD"], p["PE"]
        w, thr = random_layer(mh, mw)
        words = bnn_mvu_ref.weight_words(w, pe, simd)
        files = {"WEIGHTS_FILE": words} if p["ROM_BLOCK"] else {}
        literals = {} if files else {"WEIGHTS": vector(words, pe * simd)}
        if not p["RAW"]:
            acc_w = mw.bit_length()
            rows = bnn_mvu_ref.threshold_words(thr, np.zeros(mh, int), pe, acc_w)
            literals["THRESHOLDS"] = vector(rows, pe * (1 + acc_w))
        return literals, files
    return kernel_configs.constants(top, p)
