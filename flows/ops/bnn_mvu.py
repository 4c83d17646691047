# SPDX-License-Identifier: Apache-2.0
"""BnnMvu: FINN's MVAU in XNOR mode, on the kernel bnn_mvu."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from finn.custom_op.fpgadataflow.matrixvectoractivation import MVAU
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from flows.ops.base import Attributes, KernelOp
from hw.kernels.bnn_heap_ref import pipe
from hw.kernels.bnn_mvu_area import mvu_area
from hw.kernels.bnn_mvu_ref import (
    match_count,
    threshold_bits,
    threshold_words,
    vector,
    weight_words,
)


class BnnMvu(KernelOp, MVAU):  # type: ignore[misc]
    """Binary matrix-vector unit: matches, thresholded to bits or raw (noActivation=1).

    Inputs: x (1, MW) BINARY; weights (MW, MH), 0 or 1; thresholds (MH, 1) in matches unless raw.
    Output: (1, MH), BINARY or matches 0..MW.
    """

    kernel = "bnn_mvu"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """MVAU's attributes, blocks of the matrix, and who repeats the vectors."""
        return {
            **MVAU.get_nodeattr_types(self),
            **super().get_nodeattr_types(),
            "groups": ("i", False, 1),
            "replay": ("i", False, 1),
        }

    @property
    def groups(self) -> int:
        """Blocks on the diagonal of the matrix; MW is the width of one, MH the height of all."""
        return int(self.attr("groups"))

    @property
    def passes(self) -> int:
        """Times each vector is read: by the unit, or sent by the window in front (replay = 0)."""
        return int(self.attr("MH")) // self.groups // int(self.attr("PE"))

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(vectors, groups * MW); the weights' shape is MVAU's."""
        if ind != 0:
            return cast(tuple[int, ...], super().get_normal_input_shape(ind))
        return (*self.attr("numInputVectors"), int(self.attr("MW")) * self.groups)

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Beats of SIMD bits; each vector `passes` times where the unit does not repeat it."""
        if ind != 0:
            return cast(tuple[int, ...], super().get_folded_input_shape(ind))
        simd = int(self.attr("SIMD"))
        times = 1 if int(self.attr("replay")) else self.passes
        *vectors, n = self.get_normal_input_shape()
        return self.side_by_side((*vectors, n // simd * times, simd))

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Beats of PE rows, M pixels per beat."""
        return self.side_by_side(tuple(MVAU.get_folded_output_shape(self, ind)))

    @property
    def raw(self) -> bool:
        """Whether match counts leave the unit instead of bits."""
        return bool(self.attr("noActivation"))

    @property
    def acc_bits(self) -> int:
        """Width of a match count: 0..MW."""
        return int(self.attr("MW")).bit_length()

    @property
    def depth(self) -> int:
        """Words of the weight memory."""
        return int(self.calc_wmem())

    def get_output_datatype(self, ind: int = 0) -> Any:
        """BINARY, or the narrowest type that holds 0..MW."""
        return DataType[f"UINT{self.acc_bits}"] if self.raw else DataType["BINARY"]

    def get_instream_width(self, ind: int = 0) -> int:
        """SIMD bits per pixel for the activations; weights and thresholds are inside."""
        return self.pixels * int(self.attr("SIMD")) if ind == 0 else 0

    def get_outstream_width(self, ind: int = 0) -> int:
        """PE outputs per pixel."""
        return self.get_folded_output_shape()[-1] * self.bits(self.get_output_datatype())

    def get_exp_cycles(self) -> int:
        """Exactly FOLD_C * FOLD_R clk per vector (hw/README.md, bnn_mvu)."""
        vectors = int(np.prod(self.attr("numInputVectors")))
        return self.depth * vectors // self.pixels

    def set_folding(self, pe: int, simd: int) -> None:
        """PE rows and SIMD columns per clk."""
        self.set_nodeattr("PE", pe)
        self.set_nodeattr("SIMD", simd)

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_mvu.sv."""
        return {
            **dict(zip(("MW", "MH", "SIMD", "PE"), self.shape, strict=True)),
            "GROUPS": self.groups,
            "REPLAY": int(self.attr("replay")),
            "RAW": int(self.raw),
            "ROM_BLOCK": int(self.in_block_ram),
            "PIPE": self.pipe,
        }

    @property
    def pipe(self) -> int:
        """Registers inside the popcount."""
        return pipe(*self.shape, self.raw, self.in_block_ram)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """MW, MH, SIMD, PE."""
        mw, mh, simd, pe = (int(self.attr(name)) for name in ("MW", "MH", "SIMD", "PE"))
        return mw, mh, simd, pe

    @property
    def in_block_ram(self) -> bool:
        """Whether the weights are in block RAM (choose_memory; in LUTs until that is called)."""
        return str(self.attr("ram_style")) == "block"

    def choose_memory(self, price: float) -> None:
        """Put the weights where they cost least.

        Args:
            price: LUTs that a BRAM36 is worth.
        """
        *_, block = mvu_area(*self.shape, self.raw, price)
        self.set_nodeattr("ram_style", "block" if block else "distributed")

    def memory_files(self, constants: list[NDArray[np.float32]]) -> dict[str, list[str]]:
        """Weights in block RAM."""
        return {"WEIGHTS_FILE": self._weights(constants)} if self.in_block_ram else {}

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """Weights in LUTs, and thresholds unless raw."""
        pe, simd = int(self.attr("PE")), int(self.attr("SIMD"))
        given = {}
        if not self.in_block_ram:
            given["WEIGHTS"] = vector(self._weights(constants), pe * simd)
        if not self.raw:
            words = threshold_words(*self.rows(constants[1]), pe, self.acc_bits)
            given["THRESHOLDS"] = vector(words, pe * (1 + self.acc_bits))
        return given

    def _weights(self, constants: list[NDArray[np.float32]]) -> list[str]:
        w_bits = constants[0].T.astype(np.uint8)
        return weight_words(w_bits, int(self.attr("PE")), int(self.attr("SIMD")))

    def rows(self, thresholds: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Kernel thresholds from graph thresholds: one that no count reaches becomes "never".

        Returns:
            thr and sense, shape (MH,): bit = (matches >= thr) ^ sense, thr in 0..MW.
        """
        thr = np.broadcast_to(thresholds[:, 0], (int(self.attr("MH")),)).astype(np.int64)
        never = thr > int(self.attr("MW"))
        return np.where(never, 0, thr), never.astype(np.uint8)

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """XNOR and popcount, block by block."""
        mw, mh, groups = int(self.attr("MW")), int(self.attr("MH")), self.groups
        x = streams[0].reshape(-1, groups, mw).astype(np.uint8)
        w = constants[0].T.astype(np.uint8).reshape(groups, mh // groups, mw)
        counts = [match_count(x[:, g], w[g]) for g in range(groups)]
        matches = np.stack(counts, axis=1).reshape(len(x), mh)
        out = matches if self.raw else threshold_bits(matches, *self.rows(constants[1]))
        return [out.reshape(-1, *self.get_normal_output_shape()[1:])]
