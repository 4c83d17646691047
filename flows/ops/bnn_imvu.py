# SPDX-License-Identifier: Apache-2.0
"""BnnImvu: a matrix times integers, on the kernel bnn_imvu."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.ops.base import Attributes
from flows.ops.map_op import MapOp
from hw.kernels.bnn_imvu_area import imvu_area
from hw.kernels.bnn_imvu_ref import integer_dot, weight_words
from hw.kernels.bnn_mvu_ref import vector


class BnnImvu(MapOp):
    """Integer matrix-vector unit, sums out.

    Inputs: x (1, rows, columns, groups * MW); weights (MW, MH): bits where weightBits is 1, else
    signed. Output: (1, rows, columns, MH). With bits the sum is of x where the bit is 1 and of
    -1 - x where it is 0.
    """

    kernel = "bnn_imvu"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """Folding, weights and where they are kept."""
        return {
            **super().get_nodeattr_types(),
            "SIMD": ("i", True, 1),
            "MW": ("i", True, 0),
            "MH": ("i", True, 0),
            "groups": ("i", False, 1),
            "replay": ("i", False, 1),
            "weightBits": ("i", True, 1),
            "ram_style": ("s", False, "distributed", {"block", "distributed"}),
        }

    @property
    def in_block_ram(self) -> bool:
        """Whether the weights are in block RAM."""
        return str(self.attr("ram_style")) == "block"

    @property
    def passes(self) -> int:
        """Times each vector is read."""
        return int(self.attr("MH")) // int(self.attr("groups")) // self.lanes

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Beats of SIMD elements; each vector `passes` times where replay is 0."""
        simd = int(self.attr("SIMD"))
        *outer, n = self.get_normal_input_shape()
        times = 1 if int(self.attr("replay")) else self.passes
        return self.side_by_side((*outer, n // simd * times, simd))

    def get_exp_cycles(self) -> int:
        """FOLD_C * FOLD_R clk per vector."""
        *outer, _ = self.get_normal_output_shape()
        folds = int(self.attr("MW")) // int(self.attr("SIMD"))
        vectors = int(np.prod(outer)) // self.pixels
        return vectors * folds * (int(self.attr("MH")) // self.lanes)

    def set_folding(self, pe: int, simd: int) -> None:
        """PE rows and SIMD columns per clk."""
        self.set_nodeattr("PE", pe)
        self.set_nodeattr("SIMD", simd)

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_imvu.sv."""
        return {
            "MW": int(self.attr("MW")),
            "MH": int(self.attr("MH")),
            "SIMD": int(self.attr("SIMD")),
            "PE": self.lanes,
            "GROUPS": int(self.attr("groups")),
            "REPLAY": int(self.attr("replay")),
            "IN_W": self.bits(self.get_input_datatype()),
            "IN_SIGNED": int(self.get_input_datatype().signed()),
            "W_W": int(self.attr("weightBits")),
            "OUT_W": self.bits(self.get_output_datatype()),
            "ROM_BLOCK": int(self.in_block_ram),
        }

    def _words(self, constants: list[NDArray[np.float32]]) -> list[str]:
        w = constants[0].T.astype(np.int64)
        return weight_words(w, self.lanes, int(self.attr("SIMD")), int(self.attr("weightBits")))

    def memory_files(self, constants: list[NDArray[np.float32]]) -> dict[str, list[str]]:
        """Weights in block RAM."""
        return {"WEIGHTS_FILE": self._words(constants)} if self.in_block_ram else {}

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """Weights in LUTs."""
        if self.in_block_ram:
            return {}
        bits = self.lanes * int(self.attr("SIMD")) * int(self.attr("weightBits"))
        return {"WEIGHTS": vector(self._words(constants), bits)}

    def choose_memory(self, price: float) -> None:
        """Put the weights where they cost least; price is what a BRAM36 is worth in LUTs."""
        given = self.kernel_parameters([])
        *_, block = imvu_area(given, price)
        self.set_nodeattr("ram_style", "block" if block else "distributed")

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Exact sums, group by group."""
        mw, mh, groups = int(self.attr("MW")), int(self.attr("MH")), int(self.attr("groups"))
        x = streams[0].reshape(-1, groups, mw)
        w = constants[0].T.astype(np.int64).reshape(groups, mh // groups, mw)
        bits = int(self.attr("weightBits")) == 1
        sums = [integer_dot(x[:, g], w[g], bits) for g in range(groups)]
        return [np.stack(sums, axis=1).reshape(-1, *self.shape("outShape"))]
