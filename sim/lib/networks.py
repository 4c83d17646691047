# SPDX-License-Identifier: Apache-2.0
"""QONNX networks for tests: perceptrons of any size and make, and those of bnn_pynq."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GENERAL = "qonnx.custom_op.general"
BNN_PYNQ = ("TFC_1W1A", "SFC_1W1A", "LFC_1W1A")


@dataclass(frozen=True)
class Make:
    """How a network is built; every field but `sizes` has the plainest value as default."""

    sizes: tuple[int, ...]
    batch_norm: bool = False  # behind hidden layers
    final: str = "none"  # "none", "scalar", "negative", "bn", "curve" (a clip and bn)
    gemm: bool = False
    pixels: bool = True  # x -> 2x - 1 -> BipolarQuant in front
    input_norm: bool = False  # batch norm between 2x - 1 and its sign: a threshold per pixel
    weight_scale: float = 1.0
    act_scale: float = 1.0
    clip: bool = False  # Hardtanh in front of the signs
    image_shape: tuple[int, ...] | None = None
    batch: int | str = 1


def write_network(path: Path, make: Make, seed: int) -> Path:
    """Write a QONNX file with random weights and statistics (gammas of both signs and zero)."""
    model = network(make, np.random.default_rng(seed))
    onnx.save(model, str(path))
    return path


def network(make: Make, rng: np.random.Generator) -> onnx.ModelProto:
    """Build the graph."""
    b = _Builder(rng)
    tensor = "x"
    if make.image_shape is not None:
        tensor = b.node("Flatten", [tensor])
    if make.pixels:
        tensor = b.node("Mul", [tensor, b.const(np.float32(2))])
        tensor = b.node("Sub", [tensor, b.const(np.float32(1))])
        if make.input_norm:
            tensor = b.batch_norm(tensor, make.sizes[0], 0.5)
        tensor = b.sign(tensor, 1.0)
    pairs = list(zip(make.sizes, make.sizes[1:], strict=False))
    for i, (mw, mh) in enumerate(pairs):
        tensor = b.layer(tensor, mw, mh, make)
        if i == len(pairs) - 1:
            break
        if make.batch_norm:
            tensor = b.batch_norm(tensor, mh, np.sqrt(mw))
        if make.clip:
            tensor = b.node("Clip", [tensor, b.const(np.float32(-1)), b.const(np.float32(1))])
        tensor = b.sign(tensor, make.act_scale)
    if make.final in ("bn", "curve"):
        if make.final == "curve":  # in front: no seed makes it a line, for the ends tie always
            bound = make.sizes[-2] / 2
            ends = [b.const(np.float32(end)) for end in (-bound, bound)]
            tensor = b.node("Clip", [tensor, *ends])
        b.batch_norm(tensor, make.sizes[-1], np.sqrt(make.sizes[-2]))
    elif make.final in ("scalar", "negative"):
        factor = np.float32(0.37 if make.final == "scalar" else -0.37)
        tensor = b.node("Mul", [tensor, b.const(factor)])
        tensor = b.node("Add", [tensor, b.const(np.float32(1.25))])
    b.nodes[-1].output[0] = "y"
    shape = make.image_shape or (make.sizes[0],)
    graph = helper.make_graph(
        b.nodes,
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [make.batch, *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [make.batch, make.sizes[-1]])],
        initializer=b.constants,
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid(GENERAL, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def bnn_pynq(name: str, seed: int, path: Path) -> Path:
    """A model of brevitas_examples.bnn_pynq with statistics that make every neuron matter."""
    import torch
    from brevitas.export import export_qonnx
    from brevitas_examples.bnn_pynq.models import model_with_cfg

    torch.manual_seed(seed)
    model, _ = model_with_cfg(name, pretrained=False)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            spread = module.num_features**0.5
            torch.nn.init.uniform_(module.weight, -1, 1)
            torch.nn.init.uniform_(module.bias, -1, 1)
            module.get_buffer("running_mean").normal_(0, spread)
            module.get_buffer("running_var").uniform_(0.5 * spread**2, 2 * spread**2)
        if type(module).__name__ == "TensorNorm":
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 9)
            torch.nn.init.uniform_(module.weight, -1, 1)
    model.eval()
    export_qonnx(model, torch.zeros(1, 1, 28, 28), str(path), opset_version=13, dynamo=False)
    return path


class _Builder:
    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def const(self, value: np.ndarray | np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(self, op: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        name = f"{op}_{len(self.nodes)}"
        out = f"t{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, inputs, [out], name=name, domain=domain, **attributes)
        )
        return out

    def sign(self, tensor: str, scale: float) -> str:
        return self.node("BipolarQuant", [tensor, self.const(np.float32(scale))], GENERAL)

    def layer(self, tensor: str, mw: int, mh: int, make: Make) -> str:
        w = self.rng.standard_normal((mw, mh)).astype(np.float32)
        quantised = self.sign(self.const(w), make.weight_scale)
        if make.gemm:
            bias = self.const(np.zeros(mh, np.float32))
            return self.node("Gemm", [tensor, quantised, bias])
        return self.node("MatMul", [tensor, quantised])

    def batch_norm(self, tensor: str, n: int, spread: float) -> str:
        gamma = self.rng.uniform(-1, 1, n).astype(np.float32)
        gamma[:: max(3, n // 3)] = 0
        values = [
            gamma,
            self.rng.uniform(-0.3, 0.3, n).astype(np.float32),
            (self.rng.standard_normal(n) * spread * 0.3).astype(np.float32),
            self.rng.uniform(0.5, 2, n).astype(np.float32) * spread**2,
        ]
        constants = [self.const(v.astype(np.float32)) for v in values]
        return self.node("BatchNormalization", [tensor, *constants], epsilon=1e-5)
