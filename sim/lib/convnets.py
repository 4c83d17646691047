# SPDX-License-Identifier: Apache-2.0
"""QONNX convolutional networks for tests: untrained, with statistics that make all channels matter.

    write_convnet(path, ConvMake("resnet20", width=8), seed=1)
    write_bnn_pynq_cnv(path, seed=1, width=16)

Both take seconds. Batch norms have gains of both signs and some of zero, and the running statistics
of images that differ in brightness and pattern, so that bits are about as often 1 as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from flows import export
from training import models
from training.config import from_table
from training.methods import PaddedConv

BATCH = 16  # images that statistics are taken of


@dataclass(frozen=True)
class ConvMake:
    """A network of training.convnets; every field but `network` has a small value as default.

    network: a convolutional one of [model].
    pad_value: of maps; 0 leaves as pads of the Conv itself, or as a Pad node where pad_node is set.
    ends: "auto", "binary", "int8" or "real".
    more: further keys of [model].
    """

    network: str
    shape: tuple[int, int, int] = (3, 32, 32)
    width: int = 8
    method: str = "irnet"
    pad_value: float = -1.0
    pad_node: bool = False
    ends: str = "auto"
    classes: int = 10
    more: tuple[tuple[str, Any], ...] = ()


def images(shape: tuple[int, ...], count: int, seed: int) -> NDArray[np.uint8]:
    """Images of blots of several sizes, brightness and contrast; shape (count, pixels), 8 bit."""
    generator = torch.Generator().manual_seed(seed)
    channels, rows, columns = shape
    x = torch.zeros(count, *shape)
    for side in (2, 5, 11, max(rows, columns)):
        coarse = torch.randn(count, channels, side, side, generator=generator)
        x += F.interpolate(coarse, size=(rows, columns), mode="bilinear")
    x = 128 + 30 * torch.rand(count, 1, 1, 1, generator=generator) * x
    x += 40 * torch.randn(count, 1, 1, 1, generator=generator)
    out: NDArray[np.uint8] = x.clamp(0, 255).round().to(torch.uint8).flatten(1).numpy()
    return out


@torch.no_grad()
def enliven(model: nn.Module, x: torch.Tensor, seed: int) -> nn.Module:
    """Random gains, offsets and learned shifts, then the running statistics of images x.

    Leaves the model in evaluation mode.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(like: torch.Tensor, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(like.shape, generator=generator)

    for name, parameter in model.named_parameters():
        if name.endswith((".before", ".after", ".shift", ".beta")):
            parameter.copy_(uniform(parameter, -0.3, 0.3))
        elif name.endswith((".slope", ".n")):
            parameter.copy_(uniform(parameter, 0.1, 0.5))
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        gain = uniform(norm.weight, 0.5, 1.5)
        gain[uniform(gain, 0, 1) < 0.4] *= -1
        gain[:: max(7, len(gain) // 3)] = 0
        norm.weight.copy_(gain)
        norm.bias.copy_(uniform(gain, -0.4, 0.4))
        norm.momentum = 1.0  # statistics are those of the batch that comes
    for module in model.modules():
        if type(module).__name__ == "TensorNorm":
            module.momentum = 1.0  # type: ignore[assignment]
    model.train()
    model(x)
    return model.eval()


def convnet(make: ConvMake, seed: int) -> nn.Module:
    """The network in evaluation mode; `training.models.scores` runs it on `images`."""
    table: dict[str, Any] = {
        "network": make.network,
        "shape": list(make.shape),
        "width": make.width,
        "pad_value": make.pad_value,
        "ends": make.ends,
        "classes": make.classes,
    }
    table |= dict(make.more)
    config = from_table({"model": table, "quant": {"method": make.method}}, "sim.lib.convnets")
    torch.manual_seed(seed)
    model = models.build(config.model, config.quant)
    for conv in (m for m in model.modules() if isinstance(m, PaddedConv)):
        if make.pad_node and conv.padding != (0, 0):
            conv.pad, conv.padding = conv.padding[0], (0, 0)
    x = torch.from_numpy(images(make.shape, BATCH, seed)).float() / 255
    return enliven(model, x, seed)


def write_convnet(path: Path, make: ConvMake, seed: int) -> Path:
    """Write the QONNX file of `convnet` (make, seed); its input has shape (1, pixels)."""
    model = export.deployed(convnet(make, seed))
    export.write_qonnx(model, int(np.prod(make.shape)), path)
    return path


def bnn_pynq_cnv(seed: int, width: int = 64) -> nn.Module:
    """CNV_1W1A of brevitas_examples.bnn_pynq with fewer channels, in evaluation mode."""
    from brevitas_examples.bnn_pynq.models import CNV

    sizes: dict[str, Any] = {
        "CNV_OUT_CH_POOL": [(n * width // 64, pool) for n, pool in CNV.CNV_OUT_CH_POOL],
        "INTERMEDIATE_FC_FEATURES": [(4 * width, 8 * width), (8 * width, 8 * width)],
        "LAST_FC_IN_FEATURES": 8 * width,
    }
    torch.manual_seed(seed)
    with mock.patch.multiple(CNV, **sizes):
        model: nn.Module = CNV.CNV(10, 1, 1, 8, 3)
    x = torch.from_numpy(images((3, 32, 32), BATCH, seed)).float() / 255
    return enliven(model, x.view(-1, 3, 32, 32), seed)


def write_bnn_pynq_cnv(path: Path, seed: int, width: int = 64) -> Path:
    """Write `bnn_pynq_cnv` as its own export does; its input has shape (1, 3, 32, 32)."""
    from brevitas.export import export_qonnx

    model = bnn_pynq_cnv(seed, width)
    export_qonnx(model, torch.zeros(1, 3, 32, 32), str(path), opset_version=13, dynamo=False)
    return path
