# SPDX-License-Identifier: Apache-2.0
"""Convolutional networks: what they have in common, and the stacks CNV and VGG-Small.

Maps are padded with `[model] pad_value`, -1 by default: binary ones stay binary at the border.
What is not 1-bit is 8-bit integers and a fixed-point stream (integer.py), or, with ends = "real",
floating point as in the papers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from training.config import ModelConfig
from training.integer import Grid, IntLinear, Norm1d, Norm2d, feature_bits, int_conv
from training.methods import Method, pad_map
from training.network import Network, final_norm


class Pixels(nn.Module):
    """Images of [0, 1] as maps of integers 2p - 255, p the 8-bit pixel; odd, -255 .. 255.

    Products with 1-bit weights are then exact in float32, and batch norm takes care of the size.
    Images smaller than `side` get a black border.
    """

    def __init__(self, shape: tuple[int, ...], side: int = 0) -> None:
        super().__init__()
        self.shape = shape
        rows, columns = (max(0, side - n) for n in shape[1:])
        self.border = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (N, channels * rows * columns) or (N, channels, rows, columns) to the latter."""
        x = torch.round(x.view(-1, *self.shape) * 255)
        if any(self.border):
            x = pad_map(x, self.border)
        x = 2 * x - 255
        if self.training and x.device.type == "cpu":
            # A pixel's channels side by side: a quarter faster, in every layer behind.
            return x.contiguous(memory_format=torch.channels_last)
        return x


class Scale(nn.Module):
    """A factor; keeps real-valued first layers in the range that their initialisation expects."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return x * self.factor


def ends(model: ModelConfig, kind: Method) -> str:
    """What first and last layer and the stream between are: "binary", "int8" or "real"."""
    if model.ends != "auto":
        return model.ends
    if kind.name == "real":
        return "real"
    return "binary" if model.network == "cnv" else "int8"


def first_conv(
    model: ModelConfig,
    kind: Method,
    side: int,
    outputs: int,
    pad: int,
    kernel: int = 3,
    stride: int = 1,
) -> list[nn.Module]:
    """Pixels and the layer that sees them.

    Integer pixels are padded like bits: -1 and +1 are the two greys in the middle, 127 and 128.
    """
    pixels, inputs = Pixels(model.shape, side), model.shape[0]
    if ends(model, kind) == "binary":
        return [pixels, kind.conv(inputs, outputs, kernel, stride, pad, nn.Identity())]
    if ends(model, kind) == "int8":
        return [pixels, int_conv(inputs, outputs, kernel, stride, pad, model.pad_value)]
    return [pixels, Scale(1 / 128), nn.Conv2d(inputs, outputs, kernel, stride, pad, bias=False)]


def last_linear(model: ModelConfig, kind: Method, inputs: int, sees: nn.Module) -> nn.Sequential:
    """The classifier behind `sees`, a binariser or a grid; a norm follows one of 1-bit weights."""
    if ends(model, kind) == "int8":
        step = 2.0**-sees.fraction if isinstance(sees, Grid) else 1.0
        return nn.Sequential(IntLinear(inputs, model.classes, step))
    if ends(model, kind) == "real":
        return nn.Sequential(nn.Linear(inputs, model.classes))
    norm = final_norm(model, Norm1d)
    return nn.Sequential(*kind.classifier(inputs, model.classes, sees, norm))


def clips(kind: Method) -> bool:
    """Whether a method's nonlinearity keeps values in [-1, 1]."""
    return isinstance(kind.nonlinearity(1), nn.Hardtanh)


def feature_grid(kind: Method, inputs: int, clipped: bool) -> Grid:
    """What the last layer sees: [-1, 1) or else [-4, 4) in so many bits that its sums are exact."""
    bits = feature_bits(inputs)
    return Grid(bits, bits - 1 if clipped else bits - 3)


class ConvNet(Network):
    """A body that makes maps or features, and a tail that makes scores."""

    body: nn.Sequential
    tail: nn.Sequential

    def features(self, x: Tensor) -> Tensor:
        """What the last layer sees, shape (N, features_out)."""
        features: Tensor = self.body(x)
        return features

    def head(self, features: Tensor) -> Tensor:
        """Scores, shape (N, classes)."""
        scores: Tensor = self.tail(features)
        return scores

    def head_module(self) -> nn.Module:
        """The tail."""
        return self.tail

    def start(self) -> None:
        """Initial weights of convolutions: normal, variance 2 / (inputs * kernel area)."""
        for module in self.modules():
            weight: Any = getattr(module, "weight", None)
            if isinstance(weight, Tensor) and weight.dim() == 4 and weight.requires_grad:
                nn.init.kaiming_normal_(weight)


class Cnv(ConvNet):
    """CNV of FINN: conv w-w-P-2w-2w-P-4w-4w, 3x3 unpadded, then linear 8w-8w-classes; w = 64.

    Every layer is 1-bit, the first one's input 8-bit pixels. Pooling takes bits. Made for 32 x 32;
    smaller images get a black border.

    Source: Umuroglu et al., FINN, FPGA 2017 (arXiv:1612.07119).
    """

    def __init__(self, model: ModelConfig, kind: Method) -> None:
        super().__init__()
        w = model.width or 64
        body: list[nn.Module] = []
        inputs, sign = 0, nn.Module()
        for outputs, pool in ((w, 0), (w, 1), (2 * w, 0), (2 * w, 1), (4 * w, 0), (4 * w, 0)):
            if inputs:
                body.append(kind.conv(inputs, outputs, 3, 1, 0, sign))
            else:
                body += first_conv(model, kind, 32, outputs, 0)
            body += [Norm2d(outputs), *kind.activation(outputs)]
            inputs, sign = outputs, body[-1]
            if pool:
                body.append(nn.MaxPool2d(2))
        side = max(32, *model.shape[1:])
        maps = ((side - 4) // 2 - 4) // 2 - 4
        body.append(nn.Flatten())
        inputs *= maps * maps
        for _ in range(2):
            body += [kind.linear(inputs, 8 * w, sign), Norm1d(8 * w)]
            body += kind.activation(8 * w)
            inputs, sign = 8 * w, body[-1]
        self.features_out, self.body = inputs, nn.Sequential(*body)
        self.tail = last_linear(model, kind, inputs, sign)
        self.start()


class VggSmall(ConvNet):
    """VGG-Small: conv w-w-P-2w-2w-P-4w-4w-P, 3x3 padded, then one linear layer; w = 128.

    [conv -> (max pool) -> batch norm -> nonlinearity -> sign]; the classifier sees the last
    nonlinearity, as integers or real, or its sign where ends = "binary".

    Source: as in IR-Net (arXiv:1909.10788), after Zhang et al., LQ-Nets, ECCV 2018.
    """

    def __init__(self, model: ModelConfig, kind: Method) -> None:
        super().__init__()
        w = model.width or 128
        plan = ((w, 0), (w, 1), (2 * w, 0), (2 * w, 1), (4 * w, 0), (4 * w, 1))
        body: list[nn.Module] = []
        inputs, sign = 0, nn.Module()
        rows, columns = model.shape[1:]
        for nth, (outputs, pool) in enumerate(plan):
            if inputs:
                body.append(kind.conv(inputs, outputs, 3, 1, 1, sign))
            else:
                body += first_conv(model, kind, 0, outputs, 1)
            if pool:
                body.append(nn.MaxPool2d(2))
                rows, columns = rows // 2, columns // 2
            body.append(Norm2d(outputs))
            if nth < len(plan) - 1 or ends(model, kind) == "binary":
                body += kind.activation(outputs)
            else:
                body.append(kind.nonlinearity(outputs))
            inputs, sign = outputs, body[-1]
        if ends(model, kind) == "int8":
            body.append(feature_grid(kind, inputs * rows * columns, clips(kind)))
            sign = body[-1]
        body.append(nn.Flatten())
        self.features_out, self.body = inputs * rows * columns, nn.Sequential(*body)
        self.tail = last_linear(model, kind, self.features_out, sign)
        self.start()
