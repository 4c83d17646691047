# SPDX-License-Identifier: Apache-2.0
"""Area of the nodes around the matrix-vector units, for the folding solver."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.estimate import Area
from hw.kernels import map_area
from hw.kernels.bnn_affine_area import affine_area
from hw.kernels.bnn_mvu_area import rom_lut

#: LUT sites per bit that two registers of a stream take (bnn_replay)
SKID = 0.5
DSP_COEF = 3  # bits of a coefficient from which a product takes a DSP


def area_of(model: ModelWrapper, node: NodeProto, pe: int, m: int = 1) -> Area:
    """A node that takes `pe` channels of `m` pixels per clk; nothing for kinds that are small.

    Args:
        model: holds the node's constants.
        node: of a specialised graph, not folded.
        pe: channels per clk, or the largest divisor of the channels that it contains.
        m: pixels per clk.
    """
    if node.op_type == "BnnPool":
        return _pool(getCustomOp(node), pe, m)
    return _one_pixel(model, node, pe).times(m)


def _one_pixel(model: ModelWrapper, node: NodeProto, pe: int) -> Area:
    op = getCustomOp(node)
    channels = int(model.get_tensor_shape(node.input[0])[-1])
    pe = int(np.gcd(pe, channels))
    constants = [model.get_initializer(name) for name in node.input[len(op.in_ports) :]]
    if node.op_type == "BnnRequant":
        return _requant(op.kernel_parameters(constants), pe, len(constants[1]))
    if node.op_type == "BnnBinarize":
        bits, depth = op.kernel_parameters(constants)["IN_W"] + 1, constants[0].size // pe
        lut = pe * ((bits + 1) / 2 + SKID) + (
            rom_lut(pe * bits, min(depth, 256)) if depth > 1 else 0
        )
        return Area(lut, 0, lut)
    if node.op_type == "BnnAdd":
        p = op.kernel_parameters(constants)
        return _area(map_area.add_area(pe, p["IN0_W"], p["IN1_W"], p["OUT_W"], p["LO"]))
    if node.op_type == "BnnAffine":
        return _area(affine_area({**op.kernel_parameters(constants), "PE": pe}))
    return Area(0, 0)


def _pool(op: Any, pe: int, m: int) -> Area:
    p = op.kernel_parameters([])
    found = map_area.pool_area(
        p["COLS"],
        p["C"],
        int(np.gcd(pe, p["C"])),
        (p["KR"], p["KC"]),
        p["IN_W"],
        p["OUT_W"],
        bool(p["MODE"]),
        rows=p["ROWS"],
        m=m,
    )
    return _area(found)


def _requant(p: dict[str, int], pe: int, classes: int) -> Area:
    found = map_area.requant_area(
        p["N"],
        pe,
        p["IN_W"],
        p["COEF_W"],
        p["OFFS_W"],
        p["SHIFT"],
        p["OUT_W"],
        p.get("LO", 0),
        classes,
        (p.get("ROWS", 1), p.get("COLS", 1)),
        bool(p.get("UNIFORM", 0)),
        p["COEF_W"] >= DSP_COEF,
        clamp=bool(p["CLAMP"]),
    )
    # a DSP48 multiplies 25 by 18 bits
    parts = -(-p["COEF_W"] // 25) * -(-(p["IN_W"] + 1 - p["IN_SIGNED"]) // 18)
    return _area(found._replace(dsp=found.dsp * parts))


def _area(found: Any) -> Area:
    return Area(found.lut, found.bram36, found.lut, found.dsp)
