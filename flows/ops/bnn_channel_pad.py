# SPDX-License-Identifier: Apache-2.0
"""BnnChannelPad: channels of zero around a map's, on the kernel bnn_channel_pad."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.ops.base import Attributes
from flows.ops.map_op import MapOp
from hw.kernels.bnn_channel_pad_ref import channel_pad


class BnnChannelPad(MapOp):
    """Shortcuts without weights where the channels grow (ResNet's option A).

    Inputs: x (1, rows, columns, C). Output: (1, rows, columns, before + C + after).
    """

    kernel = "bnn_channel_pad"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """Channels in front and behind."""
        return {
            **super().get_nodeattr_types(),
            "before": ("i", True, 0),
            "after": ("i", True, 0),
        }

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_channel_pad.sv."""
        return {
            "C": self.shape("inShape")[-1],
            "BEFORE": int(self.attr("before")),
            "AFTER": int(self.attr("after")),
            "PE": self.lanes,
            "IN_W": self.bits(self.get_input_datatype()),
        }

    def get_exp_cycles(self) -> int:
        """A beat of output per clk."""
        return prod(self.get_folded_output_shape()[:-1])

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Zeros around the channels."""
        return [channel_pad(streams[0], int(self.attr("before")), int(self.attr("after")))]
