# SPDX-License-Identifier: Apache-2.0
"""BnnWindowWide: a BnnWindow that sends several taps per clk, on the kernel bnn_window_wide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flows.ops.base import Attributes
from flows.ops.bnn_window import BnnWindow
from hw.kernels.bnn_window_wide_ref import interval


class BnnWindowWide(BnnWindow):
    """What folding makes of a BnnWindow whose unit reads more than a pixel per clk.

    PE: values of a window per beat, a multiple of a pixel's channels; M: adjacent windows in a
    beat; PIX: adjacent pixels in a beat of the input.
    """

    kernel = "bnn_window_wide"

    @property
    def copies(self) -> int:
        """One takes all pixels of a beat."""
        return 1

    def get_nodeattr_types(self) -> Attributes:
        """The lines in the kernel have one size and place; PIX."""
        known = super().get_nodeattr_types()
        kept = {name: kind for name, kind in known.items() if name not in ("depth", "ram_style")}
        return {**kept, "PIX": ("i", False, 1)}

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, rows, columns / PIX, 1, PIX * C)."""
        rows, columns, channels = self.shape("inShape")
        pix = int(self.attr("PIX"))
        return (1, rows, columns // pix, 1, pix * channels)

    def get_exp_cycles(self) -> int:
        """A position per clk, or a beat."""
        return interval(self.kernel_parameters([]))

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_window_wide.sv."""
        given = self.geometry()
        del given["GROUPS"]
        mask = (1 << given["IN_W"]) - 1
        pad = int(self.attr("padValue")) & mask
        return {**given, "M": self.pixels, "PIX": int(self.attr("PIX")), "PAD_VALUE": pad}
