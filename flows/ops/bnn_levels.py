# SPDX-License-Identifier: Apache-2.0
"""BnnLevels: integers to codes by thresholds, on the kernel bnn_levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.ops.base import Attributes
from flows.ops.map_op import BorderOp
from hw.kernels.bnn_levels_ref import (
    count_levels,
    stage_bits,
    stage_literal,
    stage_words,
    stored,
)
from hw.kernels.bnn_mvu_ref import vector
from hw.kernels.map_area import BRAM_PRICE, first_block_stage

Ints = NDArray[np.int64]


class BnnLevels(BorderOp):
    """y = low + number of thresholds that x reaches; from above in a falling channel.

    Inputs: x (1, rows, columns, C); thresholds (classes, 2^K - 1 or 2^K, C) in the order in which
    they are reached; falling (C,), 0 or 1. Output: the shape of x.
    """

    kernel = "bnn_levels"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """The result where no threshold is reached."""
        return {**super().get_nodeattr_types(), "low": ("i", True, 0)}

    def _stored(self, constants: list[NDArray[np.float32]]) -> tuple[Ints, int]:
        """Thresholds as the kernel has them, and BEYOND."""
        thr, falling = (c.astype(np.int64) for c in constants)
        datatype = self.get_input_datatype()
        values = stored(thr, falling, self.bits(datatype), bool(datatype.signed()))
        return values, int(values.max() >> self.bits(datatype))

    def _block_from(self, constants: list[NDArray[np.float32]]) -> int:
        values, beyond = self._stored(constants)
        classes, n_levels, n = values.shape
        thr_w = self.bits(self.get_input_datatype()) + beyond
        k, top = stage_bits(n_levels)
        return first_block_stage(n, self.lanes, thr_w, k, top == 1, classes, BRAM_PRICE)

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_levels.sv."""
        values, beyond = self._stored(constants)
        k, top = stage_bits(values.shape[1])
        return {
            "N": self.shape("inShape")[-1],
            "PE": self.lanes,
            "IN_W": self.bits(self.get_input_datatype()),
            "IN_SIGNED": int(self.get_input_datatype().signed()),
            "K": k,
            "TOP": top,
            "BEYOND": beyond,
            "LO": int(self.attr("low")),
            "OUT_W": self.bits(self.get_output_datatype()),
            "BLOCK_FROM": self._block_from(constants),
            **self.border_parameters(),
        }

    def _stages(self, constants: list[NDArray[np.float32]]) -> tuple[list[list[str]], int]:
        """Words of every stage, and bits of a threshold."""
        values, beyond = self._stored(constants)
        thr_w = self.bits(self.get_input_datatype()) + beyond
        return stage_words(values, self.lanes, thr_w), thr_w

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """Directions, and the thresholds of the stages in LUTs."""
        stages, thr_w = self._stages(constants)
        _, top = stage_bits(constants[0].shape[1])
        in_luts = stages[: self._block_from(constants)]
        given = {
            "FALLING": vector([str(int(f)) for f in constants[1]], 1),
            **self.border_literals(copy),
        }
        if in_luts:
            given["THRESHOLDS"] = stage_literal(in_luts, self.lanes, thr_w, top)
        return given

    def memory_files(self, constants: list[NDArray[np.float32]]) -> dict[str, list[str]]:
        """The thresholds of the stages in block RAM."""
        stages, _ = self._stages(constants)
        first = self._block_from(constants)
        return {f"FILE_{s}": words for s, words in enumerate(stages) if s >= first}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Count by class and channel."""
        thr, falling = (c.astype(np.int64) for c in constants)
        return [count_levels(streams[0], thr, falling, int(self.attr("low")), self.pixel_classes())]
