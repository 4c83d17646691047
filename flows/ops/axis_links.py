# SPDX-License-Identifier: Apache-2.0
"""AxisFifo and AxisDwc: what stands between two nodes and changes no value."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.ops.base import Attributes
from flows.ops.map_op import MapOp


class AxisFifo(MapOp):
    """A FIFO of `depth` beats; its depth is what flows/schedule.py found.

    Inputs: x. Output: x.
    """

    kernel = "axis_fifo"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """Depth in beats and the memory."""
        return {
            **super().get_nodeattr_types(),
            "depth": ("i", True, 2),
            "ram_style": ("s", False, "distributed", {"block", "distributed"}),
        }

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See axis_fifo.sv."""
        block = int(str(self.attr("ram_style")) == "block")
        return {
            "W": self.get_instream_width(),
            "DEPTH": int(self.attr("depth")),
            "RAM_BLOCK": block,
        }

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """The input."""
        return [streams[0]]


class AxisDwc(MapOp):
    """Beats of PE elements to beats of outLanes elements; one is a multiple of the other.

    Inputs: x. Output: x.
    """

    kernel = "axis_dwc"

    def get_nodeattr_types(self) -> Attributes:
        """Lanes of the output; PE are those of the input."""
        return {**super().get_nodeattr_types(), "outLanes": ("i", True, 1)}

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, beats, PE)."""
        n = prod(self.shape("inShape"))
        return (1, n // self.lanes, self.lanes)

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, beats, outLanes)."""
        n, lanes = prod(self.shape("inShape")), int(self.attr("outLanes"))
        return (1, n // lanes, lanes)

    def get_outstream_width(self, ind: int = 0) -> int:
        """Bits of a beat."""
        return int(self.attr("outLanes")) * self.bits(self.get_output_datatype())

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See axis_dwc.sv."""
        return {
            "IN_LANES": self.lanes,
            "OUT_LANES": int(self.attr("outLanes")),
            "W": self.bits(self.get_input_datatype()),
        }

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """The input."""
        return [streams[0]]
