# SPDX-License-Identifier: Apache-2.0
"""Where the time of a training step goes: products, norms, signs, weights, ... (for bench.py).

Time is cut by marks. Each module marks where its forward pass begins and ends; its output marks
where the gradient arrives, that is where its backward pass begins. Autograd runs one node after the
other, the last forward first, so what lies between two marks belongs to the first one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brevitas.nn import QuantConv2d, QuantLinear
from torch import Tensor, nn

from training.adalayers import AdaLayer
from training.cmim import Cmim
from training.integer import Grid, IntLinear, IntWeights
from training.maxout import Maxout
from training.methods import is_sign
from training.quantizers import BinaryQuant
from training.reactnet import ScaledLayer, ShiftPrelu

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
PRODUCTS = (nn.Conv2d, nn.Linear, QuantConv2d, QuantLinear, AdaLayer, IntLinear, ScaledLayer)
SIGNS = (Maxout, ShiftPrelu, nn.Hardtanh, nn.ReLU)
PARTS = ["products", "weights", "norms", "signs", "stream", "CMIM", "optimiser", "rest"]


def part_of(name: str, module: nn.Module) -> str:
    """What a module is a part of; "" where its parts say so themselves.

    Products include padding, signs the nonlinearities in front of them, weights what makes them
    binary; the stream is the rounding of integer networks.
    """
    if isinstance(module, Cmim):
        return "CMIM"
    if isinstance(module, (BinaryQuant, IntWeights)):
        return "weights" if "weight_quant" in name.split(".") else ""
    for part, kinds in (("norms", NORMS), ("products", PRODUCTS), ("stream", Grid)):
        if isinstance(module, kinds):
            return part
    if is_sign(module) or isinstance(module, SIGNS):
        return "signs"
    return "" if list(module.children()) else "rest"


class Parts:
    """A stop watch with one hand per part.

    Args:
        clock: seconds so far.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.running = clock, False
        self.seconds: dict[str, float] = {}
        self._now, self._since = "rest", 0.0
        self._stack: list[str] = []

    def start(self) -> None:
        """Begin a step; what was measured before is forgotten."""
        self.seconds, self.running = dict.fromkeys(PARTS, 0.0), True
        self._now, self._since, self._stack = "rest", self.clock(), []

    def stop(self) -> dict[str, float]:
        """End a step: seconds of each part."""
        self.mark("rest")
        self.running = False
        return self.seconds

    def mark(self, part: str) -> None:
        """From here on time belongs to this part."""
        if self.running:
            now = self.clock()
            self.seconds[self._now] += now - self._since
            self._now, self._since = part, now

    def watch(self, model: nn.Module) -> None:
        """Let all modules of a network or a loss mark their passes."""
        for name, module in model.named_modules():
            part = part_of(name, module)
            if part:
                module.register_forward_pre_hook(self._enter(part))
                module.register_forward_hook(self._leave(part))

    def _enter(self, part: str) -> Any:
        def enter(module: nn.Module, inputs: Any) -> None:
            self._stack.append(self._now)
            self.mark(part)

        return enter

    def _leave(self, part: str) -> Any:
        def leave(module: nn.Module, inputs: Any, output: Any) -> None:
            self.mark(self._stack.pop())
            for value in output if isinstance(output, tuple) else (output,):
                if self.running and isinstance(value, Tensor) and value.requires_grad:
                    value.register_hook(lambda _: self.mark(part))  # type: ignore[no-untyped-call]

        return leave
