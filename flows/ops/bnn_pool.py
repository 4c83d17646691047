# SPDX-License-Identifier: Apache-2.0
"""BnnPool: maximum or sum over windows that do not overlap, on the kernel bnn_pool."""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.ops.base import Attributes
from flows.ops.map_op import MapOp
from hw.kernels.bnn_pool_ref import mask_literal, pool


class BnnPool(MapOp):
    """mode "max": of bits an OR, or an AND in channels where `mask` is 1; mode "sum".

    Inputs: x (1, rows, columns, C); mask (C,), 0 or 1. Output: (1, rows / kr, columns / kc, C).
    """

    kernel = "bnn_pool"
    has_prim = True

    @property
    def copies(self) -> int:
        """One takes all pixels of a beat."""
        return 1

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """What is left of the M pixels of a beat: those of a window become one."""
        left = self.pixels // gcd(self.pixels, self.shape("kernel")[1])
        *outer, columns, channels = self.get_normal_output_shape()
        return (*outer, columns // left, channels // self.lanes, left * self.lanes)

    def get_nodeattr_types(self) -> Attributes:
        """Window and mode."""
        return {
            **super().get_nodeattr_types(),
            "kernel": ("ints", True, []),
            "mode": ("s", True, "max", {"max", "sum"}),
        }

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_pool.sv."""
        rows, columns, channels = self.shape("inShape")
        kr, kc = self.shape("kernel")
        return {
            "ROWS": rows,
            "COLS": columns,
            "C": channels,
            "PE": self.lanes,
            "M": self.pixels,
            "KR": kr,
            "KC": kc,
            "IN_W": self.bits(self.get_input_datatype()),
            "IN_SIGNED": int(self.get_input_datatype().signed()),
            "MODE": int(self.attr("mode") == "sum"),
            "OUT_W": self.bits(self.get_output_datatype()),
        }

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """Channels that are an AND."""
        mask = constants[0].astype(int)
        if not mask.any():
            return {}
        return {"AND_MASK": mask_literal(mask)}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Pool every window."""
        mode = int(self.attr("mode") == "sum")
        x = streams[0].reshape(-1, *self.shape("inShape"))  # a map of one pixel may be a vector
        return [pool(x, self.shape("kernel"), mode, constants[0].astype(np.uint8))]
