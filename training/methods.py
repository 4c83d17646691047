# SPDX-License-Identifier: Apache-2.0
"""Binarisation methods by name: what the layers of a network are made of.

A further method is a module with a subclass of `Method` and one `@register`; models.py imports it.
"""

from __future__ import annotations

import difflib
from typing import Any, ClassVar

import torch
from brevitas.nn import QuantConv2d, QuantIdentity, QuantLinear
from torch import Tensor, nn
from torch.nn import functional as F

from flows.errors import FlowError
from training.config import QuantConfig
from training.quantizers import BinaryQuant, activation_injector, weight_injector


class InputSign(QuantIdentity):  # type: ignore[misc]
    """The binariser of a network's input: a comparator for pixels, never learned."""


class PaddedConv(QuantConv2d):  # type: ignore[misc]
    """A convolution of quantized weights whose map is padded with a value of ours before it.

    -1 keeps the padded map binary; 0, PyTorch's usual padding, is a third value at the border and
    left to the convolution itself.
    """

    def __init__(self, *shape: int, stride: int, pad: int, pad_value: float, **more: Any) -> None:
        own = pad if pad_value == 0 else 0
        super().__init__(*shape, stride=stride, padding=own, bias=False, **more)
        self.pad, self.pad_value = pad - own, pad_value

    def forward(self, x: Tensor) -> Tensor:
        """Pad and convolve maps of shape (N, channels, rows, columns)."""
        y: Tensor = super().forward(padded(x, self.pad, self.pad_value))
        return y


class _PadWith(torch.autograd.Function):
    """Padding with a learned value: one pass over memory, its gradient the sum at the border."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Tensor, pad: int) -> Tensor:
        ctx.pad = pad
        rows, columns = x.shape[2] + 2 * pad, x.shape[3] + 2 * pad
        y = x.new_empty(*x.shape[:2], rows, columns).fill_(value)
        y[:, :, pad:-pad, pad:-pad] = x
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, None]:
        dx = dy[:, :, ctx.pad : -ctx.pad, ctx.pad : -ctx.pad]
        return dx, dy.sum() - dx.sum(), None


class _PadNode(torch.autograd.Function):
    """Constant padding that leaves as one Pad node; F.pad leaves with a formula for its sizes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sizes: tuple[int, ...], value: float) -> Tensor:
        return F.pad(x, sizes, value=value)

    @staticmethod
    def symbolic(g: Any, x: Any, sizes: tuple[int, ...], value: float) -> Any:
        dims = len(sizes) // 2  # ONNX: all starts, then all ends; first dimension first
        edges = [[0] * (4 - dims) + list(sizes[end::2])[::-1] for end in (0, 1)]
        pads = g.op("Constant", value_t=torch.tensor(edges[0] + edges[1]))
        return g.op(
            "Pad", x, pads, g.op("Constant", value_t=torch.tensor(value)), mode_s="constant"
        )


def pad_map(x: Tensor, sizes: tuple[int, ...], value: float = 0.0) -> Tensor:
    """F.pad of maps, shape (N, C, rows, columns), with a constant."""
    if torch._C._get_tracing_state():
        y: Tensor = _PadNode.apply(x, sizes, value)  # type: ignore[no-untyped-call]
        return y
    return F.pad(x, sizes, value=value)


def padded(x: Tensor, pad: int, value: float | Tensor) -> Tensor:
    """Maps with `pad` pixels of a value on each side; a tensor keeps its gradient."""
    if not pad:
        return x
    if isinstance(value, Tensor):
        y: Tensor = _PadWith.apply(x, value, pad)  # type: ignore[no-untyped-call]
        return y
    return pad_map(x, (pad,) * 4, value)


def per_channel(x_C: Tensor, like: Tensor) -> Tensor:
    """Shape (C,) to one that multiplies (N, C) or (N, C, rows, columns)."""
    return x_C.view(-1, *[1] * (like.dim() - 2))


class Method:
    """Plain signs: clipped straight-through gradient, weights and activations -1 and +1.

    Args:
        quant: [quant] of the configuration.
        pad_value: what binary maps are padded with.
    """

    name: ClassVar[str] = "ste"

    def __init__(self, quant: QuantConfig, pad_value: float = -1.0) -> None:
        self.quant, self.pad_value = quant, pad_value

    def weight_quant(self) -> BinaryQuant:
        """The quantizer of a layer's weights."""
        return BinaryQuant()

    def act_quant(self) -> BinaryQuant:
        """The quantizer of a layer's inputs."""
        return BinaryQuant()

    def input_sign(self) -> nn.Module:
        """The binariser of the network's input."""
        return InputSign(act_quant=activation_injector(self.act_quant))

    def sign(self, channels: int) -> nn.Module:
        """A binariser of activations."""
        made: nn.Module = QuantIdentity(act_quant=activation_injector(self.act_quant))
        return made

    def nonlinearity(self, channels: int) -> nn.Module:
        """What stands behind a batch norm, or behind batch norm and shortcut."""
        return nn.Identity()

    def activation(self, channels: int) -> list[nn.Module]:
        """Nonlinearity and sign, in networks that use the value between for nothing else."""
        return [self.nonlinearity(channels), self.sign(channels)]

    def linear(self, inputs: int, outputs: int, sign: nn.Module) -> nn.Module:
        """A layer without bias behind the binariser `sign`."""
        if self.quant.weights == "real":
            return nn.Linear(inputs, outputs, bias=False)
        weight_quant = weight_injector(self.weight_quant)
        made: nn.Module = QuantLinear(inputs, outputs, bias=False, weight_quant=weight_quant)
        return made

    def classifier(
        self, inputs: int, outputs: int, sign: nn.Module, norm: nn.Module
    ) -> list[nn.Module]:
        """The last layer, of 1-bit weights, and the norm of its scores (nn.Identity: none)."""
        layer = self.linear(inputs, outputs, sign)
        return [layer] if isinstance(norm, nn.Identity) else [layer, norm]

    def conv(
        self, inputs: int, outputs: int, kernel: int, stride: int, pad: int, sign: nn.Module
    ) -> nn.Module:
        """A convolution without bias behind the binariser `sign`, padded with `pad_value`."""
        real = self.quant.weights == "real"
        weight_quant = None if real else weight_injector(self.weight_quant)
        return PaddedConv(
            inputs,
            outputs,
            kernel,
            stride=stride,
            pad=pad,
            pad_value=self.pad_value,
            weight_quant=weight_quant,
        )


METHODS: dict[str, type[Method]] = {}


def register(cls: type[Method]) -> type[Method]:
    """Make a method known to the configuration by its name."""
    METHODS[cls.name] = cls
    return cls


register(Method)


def method(quant: QuantConfig, pad_value: float = -1.0) -> Method:
    """The method that [quant] names.

    Raises:
        FlowError: method-name.
    """
    if quant.method not in METHODS:
        near = difflib.get_close_matches(quant.method, METHODS, 1, 0.0)[0]
        raise FlowError(
            "method-name",
            f"no method is called {quant.method!r}",
            "[quant] method of the configuration",
            f"did you mean {near!r}? One of: " + ", ".join(METHODS),
        )
    return METHODS[quant.method](quant, pad_value)


@torch.no_grad()
def signs(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """(name, module) of every binariser of activations, in the order of the network.

    Not the input's: nothing is learned in front of it.
    """
    found = [(n, m) for n, m in model.named_modules() if is_sign(m)]
    return [(n, m) for n, m in found if not isinstance(m, InputSign)]


def is_sign(module: nn.Module) -> bool:
    """Whether a module puts out bits; other quantizers of activations do not."""
    if not isinstance(module, QuantIdentity):
        return False
    return isinstance(module.act_quant.fused_activation_quant_proxy.tensor_quant, BinaryQuant)
