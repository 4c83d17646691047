# SPDX-License-Identifier: Apache-2.0
"""Shapes and widths of ops on maps: (1, rows, columns, channels), some channels per clk."""

from __future__ import annotations

from math import prod
from typing import Any, cast

import numpy as np
from onnx import NodeProto
from qonnx.core.datatype import DataType

from flows.ops.base import Attributes, KernelOp
from hw.kernels.bnn_border_ref import class_literal, pixel_classes


class MapOp(KernelOp):
    """inShape and outShape are (rows, columns, channels) or (n,); PE channels per clk."""

    def get_nodeattr_types(self) -> Attributes:
        """Shapes, folding and datatypes."""
        return {
            **super().get_nodeattr_types(),
            "inShape": ("ints", True, []),
            "outShape": ("ints", True, []),
            "PE": ("i", True, 1),
            "inputDataType": ("s", True, ""),
            "outputDataType": ("s", True, ""),
        }

    def shape(self, name: str) -> tuple[int, ...]:
        """A shape attribute."""
        return tuple(int(n) for n in self.attr(name))

    @property
    def lanes(self) -> int:
        """Channels of a pixel per clk."""
        return int(self.attr("PE"))

    def make_shape_compatible_op(self, model: Any) -> NodeProto:
        """A constant of the output's shape."""
        return cast(NodeProto, super().make_const_shape_op(self.get_normal_output_shape()))

    def get_input_datatype(self, ind: int = 0) -> Any:
        """As the attribute says."""
        return DataType[self.attr("inputDataType")]

    def get_output_datatype(self, ind: int = 0) -> Any:
        """As the attribute says."""
        return DataType[self.attr("outputDataType")]

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, rows, columns, channels)."""
        return (1, *self.shape("inShape"))

    def get_normal_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, rows, columns, channels)."""
        return (1, *self.shape("outShape"))

    def folded(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape with its channels in beats of `lanes`, of several pixels where M says so."""
        return self.side_by_side((*shape[:-1], shape[-1] // self.lanes, self.lanes))

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, rows, columns, channels / PE, PE)."""
        return self.folded(self.get_normal_input_shape(ind))

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, rows, columns, channels / PE, PE)."""
        return self.folded(self.get_normal_output_shape(ind))

    def get_instream_width(self, ind: int = 0) -> int:
        """Bits of a beat; constants are inside."""
        if ind >= len(self.in_ports):
            return 0
        return self.get_folded_input_shape(ind)[-1] * self.bits(self.get_input_datatype(ind))

    def get_outstream_width(self, ind: int = 0) -> int:
        """Bits of a beat."""
        return self.get_folded_output_shape(ind)[-1] * self.bits(self.get_output_datatype(ind))

    def get_number_output_values(self) -> int:
        """Beats per frame."""
        return prod(self.get_folded_output_shape()[:-1])

    def get_exp_cycles(self) -> int:
        """A beat per clk, on the side that has more of them."""
        sides = self.get_folded_input_shape(), self.get_folded_output_shape()
        return max(prod(shape[:-1]) for shape in sides)

    def set_folding(self, pe: int, simd: int) -> None:
        """PE channels per clk."""
        self.set_nodeattr("PE", pe)


class BorderOp(MapOp):
    """An op whose constants depend on the class of the pixel (flows/integer/border.py)."""

    def get_nodeattr_types(self) -> Attributes:
        """Class of every row and column; none where all pixels are alike."""
        return {
            **super().get_nodeattr_types(),
            "rowClass": ("ints", False, []),
            "columnClass": ("ints", False, []),
        }

    def pixel_classes(self) -> np.ndarray | None:
        """Class of every pixel, shape (rows, columns); None where there is one."""
        rows, columns = self.shape("rowClass"), self.shape("columnClass")
        if not rows:
            return None
        return pixel_classes(rows, columns, max(columns) + 1)

    def border_parameters(self) -> dict[str, int]:
        """ROWS, COLS and the numbers of classes, where there are several."""
        rows, columns = self.shape("rowClass"), self.shape("columnClass")
        if not rows:
            return {}
        return {
            "ROWS": len(rows),
            "COLS": len(columns) // self.copies,
            "CLASSES_R": max(rows) + 1,
            "CLASSES_C": max(columns) + 1,
        }

    def border_literals(self, copy: int) -> dict[str, str]:
        """ROW_CLASS and COL_CLASS of a copy: a field a row or column, the first lowest."""
        rows, columns = self.shape("rowClass"), self.shape("columnClass")
        seen = {"ROW_CLASS": (rows, rows), "COL_CLASS": (columns[copy :: self.copies], columns)}
        return {
            key: class_literal(classes, max(whole) + 1)
            for key, (classes, whole) in seen.items()
            if max(whole, default=0)
        }
