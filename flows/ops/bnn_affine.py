# SPDX-License-Identifier: Apache-2.0
"""BnnAffine: slope * matches + offset per class, on the kernel bnn_affine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.ops.per_channel import PerChannelOp
from hw.kernels.bnn_affine_ref import affine, param_words
from hw.kernels.bnn_mvu_ref import vector


def signed_bits(values: NDArray[Any]) -> int:
    """Bits of two's complement that hold all values."""
    low, high = int(values.min()), int(values.max())
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0) + 1


class BnnAffine(PerChannelOp):
    """Integer scores from match counts; made by flows/transforms/map_scores.py.

    Inputs: x (1, C); slope (C,); offset (C,). Output: (1, C), signed or unsigned as needed.
    """

    kernel = "bnn_affine"
    has_prim = True

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_affine.sv."""
        return {
            "N": int(self.attr("NumChannels")),
            "PE": int(self.attr("PE")),
            "IN_W": self.bits(self.get_input_datatype()),
            "COEF_W": signed_bits(constants[0]),
            "OFFS_W": signed_bits(constants[1]),
            "OUT_W": self.bits(self.get_output_datatype()),
        }

    def literals(self, constants: list[NDArray[np.float32]]) -> dict[str, str]:
        """Slopes and offsets."""
        slope, offset = (c.astype(np.int64) for c in constants)
        pe, widths = int(self.attr("PE")), (signed_bits(slope), signed_bits(offset))
        return {"PARAMS": vector(param_words(slope, offset, pe, *widths), pe * sum(widths))}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Give slope * x + offset."""
        slope, offset = (c.astype(np.int64) for c in constants)
        return [affine(streams[0], slope, offset)]
