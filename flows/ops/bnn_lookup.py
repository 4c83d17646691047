# SPDX-License-Identifier: Apache-2.0
"""BnnLookup: any integer function of the match count per class, on the kernel bnn_lookup."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from flows.ops.base import Attributes
from flows.ops.per_channel import PerChannelOp
from hw.kernels.bnn_lookup_ref import lookup, table_words
from hw.kernels.bnn_mvu_area import LUT_WORDS
from hw.kernels.bnn_mvu_ref import vector


class BnnLookup(PerChannelOp):
    """Integer scores from match counts (flows/transforms/map_scores.py), or any other function.

    Inputs: x (1, C), 0..MaxInput; table (C, MaxInput + 1). Output: (1, C). With signedInput, x is
    two's complement and the table, of 2^bits entries, has its bits as the index.
    """

    kernel = "bnn_lookup"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """Whether x is signed."""
        return {**super().get_nodeattr_types(), "signedInput": ("i", False, 0)}

    def get_input_datatype(self, ind: int = 0) -> Any:
        """The narrowest type for the entries."""
        bits = max(1, int(self.attr("MaxInput")).bit_length())
        return DataType[f"{'INT' if self.attr('signedInput') else 'UINT'}{bits}"]

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_lookup.sv."""
        return {
            "N": int(self.attr("NumChannels")),
            "PE": int(self.attr("PE")),
            "IN_W": self.bits(self.get_input_datatype()),
            "DEPTH": int(self.attr("MaxInput")) + 1,
            "OUT_W": self.bits(self.get_output_datatype()),
            "ROM_BLOCK": int(self.in_block_ram),
        }

    @property
    def in_block_ram(self) -> bool:
        """Whether the tables are in block RAM: where LUTs would hold them no more."""
        entries = int(self.attr("MaxInput")) + 1
        return int(self.attr("NumChannels")) // int(self.attr("PE")) * entries > LUT_WORDS

    def _table(self, constants: list[NDArray[np.float32]]) -> list[str]:
        out_w = self.bits(self.get_output_datatype())
        return table_words(constants[0].astype(np.int64), int(self.attr("PE")), out_w)

    def memory_files(self, constants: list[NDArray[np.float32]]) -> dict[str, list[str]]:
        """The tables of all classes in block RAM."""
        return {"TABLE_FILE": self._table(constants)} if self.in_block_ram else {}

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """The tables of all classes in LUTs."""
        if self.in_block_ram:
            return {}
        width = int(self.attr("PE")) * self.bits(self.get_output_datatype())
        return {"TABLE": vector(self._table(constants), width)}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """table[class][x]; NumPy counts a negative index from the end, as the bits do."""
        return [lookup(streams[0], constants[0].astype(np.int64))]
