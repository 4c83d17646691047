# SPDX-License-Identifier: Apache-2.0
"""BnnAffine: a function of a channel's sum and of one that a pixel's channels share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from flows.ops.base import Attributes
from flows.ops.map_op import BorderOp
from hw.kernels.bnn_affine_ref import affine, param_words
from hw.kernels.bnn_mvu_ref import vector
from hw.kernels.bnn_requant_ref import signed_bits


class BnnAffine(BorderOp):
    """y = clamp((a * x + b * q + c) >> shift, low, high): a, b per channel, c per class, too.

    Inputs: x (1, rows, columns, C) or (1, C); q, one number per pixel, (1, rows, columns, 1) or
    (1, 1); a, b (C,); c (classes, C). Output: the shape of x. With clamp = 0 no x and q give
    anything beyond low .. high, and the hardware does not look.
    """

    kernel = "bnn_affine"
    has_prim = True
    in_ports = ("s0_axis", "s1_axis")

    def get_nodeattr_types(self) -> Attributes:
        """The second stream's datatype, shift, limits, and what multiplies."""
        return {
            **super().get_nodeattr_types(),
            "input1DataType": ("s", True, ""),
            "shift": ("i", False, 0),
            "low": ("i", True, 0),
            "high": ("i", True, 0),
            "clamp": ("i", False, 1),
            "dsp": ("i", False, 1),
        }

    def get_input_datatype(self, ind: int = 0) -> Any:
        """As the attributes say."""
        return DataType[self.attr("inputDataType" if ind == 0 else "input1DataType")]

    def infer_node_datatype(self, model: Any) -> None:
        """Take over both input tensors' datatypes."""
        second = model.get_tensor_datatype(self.onnx_node.input[1])
        self.set_nodeattr("input1DataType", second.name)
        super().infer_node_datatype(model)

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """All channels, or one."""
        shape = super().get_normal_input_shape()
        return shape if ind == 0 else (*shape[:-1], 1)

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """PE channels per beat; of the shared sum a beat per pixel."""
        if ind == 0:
            return super().get_folded_input_shape()
        return self.side_by_side((*self.get_normal_input_shape(1), 1))

    @staticmethod
    def unit_shift(a: NDArray[np.int64]) -> int | None:
        """K where every factor is 2^k or -2^k."""
        size = abs(int(a.flat[0]))
        same = size > 0 and size & (size - 1) == 0 and bool((np.abs(a) == size).all())
        return size.bit_length() - 1 if same else None

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_affine.sv."""
        a, b, c = (array.astype(np.int64) for array in constants)
        given = {"N": self.shape("inShape")[-1], "PE": self.lanes}
        for prefix, i in (("IN", 0), ("Q", 1)):
            given[f"{prefix}_W"] = self.bits(self.get_input_datatype(i))
            given[f"{prefix}_SIGNED"] = int(self.get_input_datatype(i).signed())
        given |= {"SHARE_W": signed_bits(b), "OFFS_W": signed_bits(c), "DSP": int(self.attr("dsp"))}
        unit = self.unit_shift(a)
        if unit is None:
            given["COEF_W"] = signed_bits(a)
        else:
            given |= {"UNIT": 1, "UNIT_SHIFT": unit}
        given["OUT_W"] = self.bits(self.get_output_datatype())
        given |= {"SHIFT": int(self.attr("shift")), "CLAMP": int(self.attr("clamp"))}
        if given["CLAMP"]:
            given |= {"LO": int(self.attr("low")), "HI": int(self.attr("high"))}
        return {**given, **self.border_parameters()}

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """Coefficients."""
        a, b, c = (array.astype(np.int64) for array in constants)
        unit = self.unit_shift(a)
        widths = (1 if unit is not None else signed_bits(a), signed_bits(b), signed_bits(c))
        words = param_words(a, b, c, self.lanes, *widths, unit_shift=unit)
        return {"PARAMS": vector(words, self.lanes * sum(widths)), **self.border_literals(copy)}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """The formula of the class."""
        a, b, c = (array.astype(np.int64) for array in constants)
        shape = self.shape("outShape")
        x, q = streams[0].reshape(-1, *shape), streams[1].reshape(-1, *shape[:-1])
        classes = self.pixel_classes()
        given = int(self.attr("shift")), int(self.attr("low")), int(self.attr("high"))
        return [affine(x, q, a, b, c if classes is not None else c[0], *given, classes)]
