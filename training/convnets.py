# SPDX-License-Identifier: Apache-2.0
"""Convolutional networks: CNV and VGG-Small as stacks, ResNet-20 and ResNet-18 for small images.

Binary maps are padded with `[model] pad_value`, -1 by default: they stay binary at the border.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.config import ModelConfig
from training.methods import Method
from training.network import Network, TensorNorm


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
            x = F.pad(x, self.border)
        return 2 * x - 255


class Scale(nn.Module):
    """A factor; keeps real-valued first layers in the range that their initialisation expects."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return x * self.factor


def binary_ends(model: ModelConfig) -> bool:
    """Whether first and last layer are 1-bit, too: CNV's are, those of the papers' nets are not."""
    return model.network == "cnv" if model.ends == "auto" else model.ends == "binary"


def first_conv(
    model: ModelConfig, kind: Method, side: int, outputs: int, pad: int
) -> list[nn.Module]:
    """Pixels and the 3x3 layer that sees them."""
    pixels = Pixels(model.shape, side)
    if binary_ends(model):  # pads real pixels: black or grey would both do, -1 is nearly grey
        return [pixels, kind.conv(model.shape[0], outputs, 3, 1, pad, nn.Identity())]
    return [pixels, Scale(1 / 128), nn.Conv2d(model.shape[0], outputs, 3, 1, pad, bias=False)]


def last_linear(model: ModelConfig, kind: Method, inputs: int, sign: nn.Module) -> nn.Sequential:
    """The classifier and its norm, behind the binariser `sign` where it is 1-bit."""
    if not binary_ends(model):
        return nn.Sequential(nn.Linear(inputs, model.classes))
    layers = [kind.linear(inputs, model.classes, sign)]
    if model.final_norm == "bn":
        layers.append(nn.BatchNorm1d(model.classes))
    elif model.final_norm == "tensor":
        layers.append(TensorNorm())
    return nn.Sequential(*layers)


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
            body += [nn.BatchNorm2d(outputs), *kind.activation(outputs)]
            inputs, sign = outputs, body[-1]
            if pool:
                body.append(nn.MaxPool2d(2))
        side = max(32, *model.shape[1:])
        maps = ((side - 4) // 2 - 4) // 2 - 4
        body.append(nn.Flatten())
        inputs *= maps * maps
        for _ in range(2):
            body += [kind.linear(inputs, 8 * w, sign), nn.BatchNorm1d(8 * w)]
            body += kind.activation(8 * w)
            inputs, sign = 8 * w, body[-1]
        self.features_out, self.body = inputs, nn.Sequential(*body)
        self.tail = last_linear(model, kind, inputs, sign)
        self.start()


class VggSmall(ConvNet):
    """VGG-Small: conv w-w-P-2w-2w-P-4w-4w-P, 3x3 padded, then one linear layer; w = 128.

    [conv -> (max pool) -> batch norm -> nonlinearity -> sign]; the classifier sees the last
    nonlinearity, or its sign where ends = "binary".

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
            body.append(nn.BatchNorm2d(outputs))
            last = nth == len(plan) - 1
            if last and not binary_ends(model):
                body.append(kind.nonlinearity(outputs))
            else:
                body += kind.activation(outputs)
            inputs, sign = outputs, body[-1]
        body.append(nn.Flatten())
        self.features_out, self.body = inputs * rows * columns, nn.Sequential(*body)
        self.tail = last_linear(model, kind, self.features_out, sign)
        self.start()


class MapMean(nn.Module):
    """Mean over each map: (N, C, rows, columns) to (N, C), deterministic on a GPU, too."""

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.mean((2, 3))


class Skip(nn.Module):
    """Shortcut without weights: every second pixel, new channels of zero (option A)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.extra = outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        """Half the rows and columns, more channels."""
        before = self.extra // 2
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, before, self.extra - before))


class Unit(nn.Module):
    """One binary convolution with its own shortcut, as in Bi-Real Net.

    y = nonlinearity(batch norm(conv(sign(x))) + shortcut(x))

    Source: Liu et al., Bi-Real Net, ECCV 2018 (arXiv:1808.00278).
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, kind: Method, shortcut: nn.Module
    ) -> None:
        super().__init__()
        self.sign = kind.sign(inputs)
        self.conv = kind.conv(inputs, outputs, 3, stride, 1, self.sign)
        self.norm, self.shortcut = nn.BatchNorm2d(outputs), shortcut
        self.nonlinearity = kind.nonlinearity(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, rows, columns) to (N, outputs, rows / stride, columns / stride)."""
        y: Tensor = self.nonlinearity(self.norm(self.conv(self.sign(x))) + self.shortcut(x))
        return y


class ResNet(ConvNet):
    """ResNets for small images with one shortcut per binary convolution.

    real 3x3 stem -> stages of units, width doubled and size halved at each but the first -> mean
    over the map -> batch norm -> real classifier. ResNet-20: 3 stages of 6 units, width 16,
    shortcuts without weights. ResNet-18: 4 stages of 4 units, width 64, shortcuts that change the
    size are real-valued 1x1 convolutions.
    """

    def __init__(self, model: ModelConfig, kind: Method) -> None:
        super().__init__()
        small = model.network == "resnet20"
        stages, units, width = (3, 6, 16) if small else (4, 4, 64)
        width = model.width or width
        body = first_conv(model, kind, 0, width, 1)
        body += [nn.BatchNorm2d(width), kind.nonlinearity(width)]
        inputs = width
        for stage in range(stages):
            for nth in range(units):
                outputs, stride = width << stage, 2 if stage and not nth else 1
                shortcut: nn.Module = nn.Identity()
                if stride == 2 and small:
                    shortcut = Skip(inputs, outputs)
                elif stride == 2:
                    conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
                    shortcut = nn.Sequential(conv, nn.BatchNorm2d(outputs))
                body.append(Unit(inputs, outputs, stride, kind, shortcut))
                inputs = outputs
        body += [MapMean(), nn.BatchNorm1d(inputs)]
        self.features_out, self.body = inputs, nn.Sequential(*body)
        self.tail = nn.Sequential(nn.Linear(inputs, model.classes))
        self.start()
