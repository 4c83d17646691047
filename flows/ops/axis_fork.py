# SPDX-License-Identifier: Apache-2.0
"""AxisFork: FINN's DuplicateStreams with two outputs, on the kernel axis_fork."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.duplicatestreams import DuplicateStreams
from numpy.typing import NDArray

from flows.ops.base import Attributes, KernelOp


class AxisFork(KernelOp, DuplicateStreams):  # type: ignore[misc]
    """Copy a stream to two readers that may stall independently.

    Inputs: x (1, C). Outputs: x twice.
    """

    kernel = "axis_fork"
    has_prim = True
    out_ports = ("m0_axis", "m1_axis")

    def get_nodeattr_types(self) -> Attributes:
        """DuplicateStreams' attributes."""
        return {**DuplicateStreams.get_nodeattr_types(self), **super().get_nodeattr_types()}

    @property
    def copies(self) -> int:
        """One takes all pixels of a beat."""
        return 1

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, ..., C / PE, PE), M pixels per beat."""
        return self.side_by_side(DuplicateStreams.get_folded_input_shape(self, ind))

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """As the input."""
        return self.get_folded_input_shape()

    def get_instream_width(self, ind: int = 0) -> int:
        """Bits of a beat."""
        return self.pixels * int(DuplicateStreams.get_instream_width(self, ind))

    def get_outstream_width(self, ind: int = 0) -> int:
        """Bits of a beat."""
        return self.get_instream_width()

    def get_exp_cycles(self) -> int:
        """One beat per clk."""
        return prod(int(n) for n in self.get_folded_input_shape()[:-1])

    def set_folding(self, pe: int, simd: int) -> None:
        """PE elements per clk."""
        self.set_nodeattr("PE", pe)

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See axis_fork.sv."""
        return {"W": self.get_instream_width()}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """The input, twice."""
        return [streams[0], streams[0]]
