# SPDX-License-Identifier: Apache-2.0
"""BnnWindow: the pixels that each output of a convolution sees, on the kernel bnn_window."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.integer.border import Window
from flows.ops.base import Attributes
from flows.ops.map_op import MapOp
from hw.kernels.bnn_window_ref import min_depth, window


class BnnWindow(MapOp):
    """Sliding window, its border filled with the code padValue.

    Inputs: x (1, rows, columns, C). Output: (1, oh, ow, groups * kernel * C / groups), each window
    `passes` times over: the unit behind reads it once for every PE of its rows.
    """

    kernel = "bnn_window"

    def get_nodeattr_types(self) -> Attributes:
        """Geometry of the window, the line buffer's depth in words and memory."""
        return {
            **super().get_nodeattr_types(),
            "kernel": ("ints", True, []),
            "strides": ("ints", False, [1, 1]),
            "dilations": ("ints", False, [1, 1]),
            "pads": ("ints", False, [0, 0, 0, 0]),
            "padValue": ("i", False, 0),
            "groups": ("i", False, 1),
            "passes": ("i", False, 1),
            "depth": ("i", False, 0),
            "ram_style": ("s", False, "distributed", {"block", "distributed"}),
        }

    @property
    def window(self) -> Window:
        """Geometry."""
        rows, columns, _ = self.shape("inShape")
        kernel, strides, dilations, pads = (
            self.shape(name) for name in ("kernel", "strides", "dilations", "pads")
        )
        return Window(rows, columns, kernel, strides, dilations, pads)  # type: ignore[arg-type]

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, oh, ow, passes * values / SIMD, SIMD)."""
        *outer, folds, lanes = self.folded(self.get_normal_output_shape())
        return (*outer, folds * int(self.attr("passes")), lanes)

    def geometry(self) -> dict[str, int]:
        """Parameters that say what is computed, not how it is stored."""
        rows, columns, channels = self.shape("inShape")
        pairs = {"K": "kernel", "STRIDE_": "strides", "DIL_": "dilations"}
        given = {"ROWS": rows, "COLS": columns, "C": channels, "SIMD": self.lanes}
        given["IN_W"] = self.bits(self.get_input_datatype())
        for prefix, name in pairs.items():
            given[f"{prefix}R"], given[f"{prefix}C"] = self.shape(name)
        given |= dict(zip(("PAD_T", "PAD_L", "PAD_B", "PAD_R"), self.shape("pads"), strict=True))
        given["GROUPS"], given["PASSES"] = int(self.attr("groups")), int(self.attr("passes"))
        return given

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_window.sv."""
        given = self.geometry()
        depth = max(int(self.attr("depth")), min_depth(given))
        mask = (1 << given["IN_W"]) - 1
        return {
            **given,
            "PAD_VALUE": int(self.attr("padValue")) & mask,
            "DEPTH": depth,
            "RAM_BLOCK": int(str(self.attr("ram_style")) == "block"),
        }

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Windows, once each: the passes carry nothing new."""
        given = {**self.geometry(), "PASSES": 1, "PAD_VALUE": int(self.attr("padValue"))}
        _, rows, columns, n = self.get_normal_output_shape()
        x = streams[0].reshape(-1, *self.shape("inShape"))  # a map of one pixel may be a vector
        return [window(x, given).reshape(-1, rows, columns, n)]
