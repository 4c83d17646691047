# SPDX-License-Identifier: Apache-2.0
"""Residual networks, ResNet-20 and ResNet-18 in two forms: 1-bit convolutions and a stream.

The stream beside the convolutions is fixed point (integer.py), or, with ends = "real", floating
point as in the papers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from training.blocks import layout, map_mean
from training.config import ModelConfig
from training.convnets import ConvNet, clips, ends, feature_grid, first_conv, last_linear
from training.integer import Grid, Norm1d, Norm2d, int_conv
from training.methods import Method, pad_map


def stream_grid(model: ModelConfig, kind: Method) -> nn.Module:
    """The residual stream's fixed point, or nothing where ends are real.

    8 bits are [-2, 2) behind Hardtanh: a branch of 2 takes the stream from one end to the other.
    Otherwise they are [-4, 4), and the stream saturates there.
    """
    if ends(model, kind) == "real":
        return nn.Identity()
    bits = model.residual_bits
    return Grid(bits, model.residual_fraction or (bits - 2 if clips(kind) else bits - 3))


def stream_end(model: ModelConfig, kind: Method, channels: int) -> nn.Sequential:
    """Nonlinearity of the stream, and back to its grid: Hardtanh never leaves it."""
    nonlinearity, grid = kind.nonlinearity(channels), stream_grid(model, kind)
    stays = isinstance(grid, Grid) and clips(kind) and grid.fraction < grid.width - 1
    return nn.Sequential(nonlinearity, nn.Identity() if stays else grid)


class MapMean(nn.Module):
    """Mean over each map: (N, C, rows, columns) to (N, C), deterministic on a GPU, too.

    Of maps whose size is no power of two, the sum by the next one: exact in fixed point, and the
    batch norm behind it makes it the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        count = x.shape[2] * x.shape[3]
        if count & (count - 1) == 0:
            return map_mean(x) if self.training else x.mean((2, 3))
        return x.sum((2, 3)) * 0.5 ** int(count).bit_length()


class SkipFunction(torch.autograd.Function):
    """Every second pixel between channels of zero, `before` and `after`; maps keep their layout.

    PyTorch's gradient of a slice has rows of pixels side by side whatever x has, and from there on
    so has the stream's: batch norms then take several times as long.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, before: int, after: int) -> Tensor:  # noqa: D102
        ctx.shape, ctx.order, ctx.before = x.shape, layout(x), before
        thin = x[:, :, ::2, ::2]
        images, channels, rows, columns = thin.shape
        shape = (images, before + channels + after, rows, columns)
        y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=ctx.order).zero_()
        y[:, before : before + channels] = thin
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:  # noqa: D102
        dx = torch.empty(ctx.shape, dtype=dy.dtype, device=dy.device, memory_format=ctx.order)
        dx.zero_()[:, :, ::2, ::2] = dy[:, ctx.before : ctx.before + ctx.shape[1]]
        return dx, None, None


class Skip(nn.Module):
    """Shortcut without weights: every second pixel, new channels of zero (option A)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.extra = outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        """Half the rows and columns, more channels."""
        before = self.extra // 2
        after = self.extra - before
        if self.training:
            return SkipFunction.apply(x, before, after)  # type: ignore[no-any-return, no-untyped-call]
        return pad_map(x[:, :, ::2, ::2], (0, 0, 0, 0, before, after))


class Unit(nn.Module):
    """One binary convolution with its own shortcut, as in Bi-Real Net.

    y = end(grid(batch norm(conv(sign(x)))) + shortcut(x)), end the nonlinearity of the stream

    Source: Liu et al., Bi-Real Net, ECCV 2018 (arXiv:1808.00278).
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, model: ModelConfig, kind: Method
    ) -> None:
        super().__init__()
        self.sign = kind.sign(inputs)
        self.conv = kind.conv(inputs, outputs, 3, stride, 1, self.sign)
        self.norm, self.grid = Norm2d(outputs), stream_grid(model, kind)
        self.shortcut = shortcut(inputs, outputs, stride, model, kind)
        self.end = stream_end(model, kind, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, rows, columns) to (N, outputs, rows / stride, columns / stride)."""
        y: Tensor = self.end(self.grid(self.norm(self.conv(self.sign(x)))) + self.shortcut(x))
        return y


def shortcut(inputs: int, outputs: int, stride: int, model: ModelConfig, kind: Method) -> nn.Module:
    """Around a unit: nothing where the size stays, else option A or a 1x1 convolution.

    ResNet-18 for small images has it see every second pixel (IR-Net's program), that for ImageNet
    the mean of every 2x2 pixels (Bi-Real Net, section 3.2).
    """
    if stride == 1:
        return nn.Identity()
    if model.network == "resnet20":
        return Skip(inputs, outputs)
    layers: list[nn.Module] = []
    if model.network == "resnet18-imagenet":
        layers, stride = [nn.AvgPool2d(2)], 1
    if ends(model, kind) == "real":
        layers.append(nn.Conv2d(inputs, outputs, 1, stride, bias=False))
    else:
        layers.append(int_conv(inputs, outputs, 1, stride, 0, 0.0))
    return nn.Sequential(*layers, Norm2d(outputs), stream_grid(model, kind))


PLANS = {  # stages, units in each, channels of the first
    "resnet20": (3, 6, 16),
    "resnet18": (4, 4, 64),
    "resnet18-imagenet": (4, 4, 64),
}


class ResNet(ConvNet):
    """ResNets with one shortcut per binary convolution.

    8-bit stem -> stages of units, width doubled and size halved at each but the first -> mean
    over the map -> batch norm -> 8-bit classifier. ResNet-20: 3 stages of 6 units, width 16,
    shortcuts without weights. ResNet-18: 4 stages of 4 units, width 64, shortcuts that change the
    size are 1x1 convolutions of 8-bit weights. Between the units runs a stream of fixed point.
    The stem is 3x3; that of "resnet18-imagenet" 7x7 with stride 2 and a 3x3 maximum of stride 2
    behind its nonlinearity, so that the first stage sees a quarter of the rows and columns.
    """

    def __init__(self, model: ModelConfig, kind: Method) -> None:
        super().__init__()
        stages, units, width = PLANS[model.network]
        width = model.width or width
        large = model.network == "resnet18-imagenet"
        pad, kernel, stride = (3, 7, 2) if large else (1, 3, 1)
        body = first_conv(model, kind, 0, width, pad, kernel, stride)
        body += [Norm2d(width), kind.nonlinearity(width)]
        body += [nn.MaxPool2d(3, 2, 1)] * large
        body.append(stream_grid(model, kind))
        inputs = width
        for stage in range(stages):
            for nth in range(units):
                outputs, stride = width << stage, 2 if stage and not nth else 1
                body.append(Unit(inputs, outputs, stride, model, kind))
                inputs = outputs
        body += [MapMean(), Norm1d(inputs)]
        sees: nn.Module = nn.Identity()
        if ends(model, kind) == "int8":
            sees = feature_grid(kind, inputs, clipped=False)
        body.append(sees)
        self.features_out, self.body = inputs, nn.Sequential(*body)
        self.tail = last_linear(model, kind, inputs, sees)
        self.start()
