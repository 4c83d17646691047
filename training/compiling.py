# SPDX-License-Identifier: Apache-2.0
"""torch.compile of a network's features in training steps. Evaluation never runs compiled code.

Evaluation has to be the same numbers in every runtime (integer.py), and a compiler may contract a
product and a sum into one rounding. In training it only changes roundings; a sign may turn by it.

What follows the epoch (EDE's k and t) is in buffers, which are inputs of what was compiled: a new
epoch neither compiles again nor keeps the old value (tested).
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import torch
from torch import Tensor

from flows.errors import FlowError
from training.network import Network

BACKEND = "inductor"


def compiled(model: Network, device: torch.device | str = "cpu") -> Callable[[Tensor], Tensor]:
    """`model.features`, compiled at its first call; hooks of its layers are part of it.

    The network itself, its state dict and its copies stay as they are.

    Raises:
        FlowError: train-compile, here and at a call.
    """
    options = {"backend": BACKEND, "dynamic": False}
    _tried(torch.compile(_probe, **options), torch.ones(64, device=device))  # type: ignore[call-overload]

    def call(x: Tensor) -> Tensor:
        return model.features(x)

    # A code object of its own: torch keeps what it compiled with the code, looks at no hooks when
    # it takes it for another network of the same layers, and gives up after a few networks.
    own = FunctionType(call.__code__.replace(), globals(), "features", None, call.__closure__)
    features = torch.compile(own, **options)  # type: ignore[call-overload]
    return lambda x: _tried(features, x)


def _probe(x: Tensor) -> Tensor:
    return (x * 2).tanh()


def _tried(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    try:
        return function(x)
    except Exception as err:
        # torch has no one class for what goes wrong in its compiler
        if not type(err).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise
        lines = [line for line in str(err).splitlines() if line.strip()]
        raise FlowError(
            "train-compile",
            f"torch.compile does not work here: {lines[0] if lines else type(err).__name__}",
            "[train] compile of the configuration, or --compile",
            "compile = false; or a C++ compiler (g++) and Python's headers, on a GPU Triton, "
            "which torch.compile calls",
            'training/README.md, "torch.compile"',
        ) from err
