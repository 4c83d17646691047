# SPDX-License-Identifier: Apache-2.0
"""Networks, each built from a configuration by one constructor.

Input is always float32 in [0, 1], meaning pixel / 255; the first thing a network does is to turn
it into bits: u = sign(2x - b) with b = (2T - 1) / 255, so a pixel of T or more is +1. T = 128, the
default, gives the usual 2x - 1. The comparison has half a grey level of room on both sides, so no
rounding can turn it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import torch
from brevitas.nn import QuantConv2d, QuantLinear
from torch import Tensor, nn

from flows.errors import FlowError
from training import adabin, irnet, reactnet  # noqa: F401 (they register themselves)
from training.config import ModelConfig, QuantConfig
from training.convnets import Cnv, VggSmall
from training.data import pixels
from training.methods import method
from training.network import Network, final_norm
from training.resnets import ResNet

LARGE = 3 * 64 * 64  # numbers of an image above which fewer are evaluated at once


class Mlp(Network):
    """Multilayer perceptron of 1-bit weights, activations and inputs (TFC, SFC, LFC of FINN).

    pixels -> sign -> [1-bit linear -> batch norm -> nonlinearity -> sign -> dropout] per
    hidden layer -> 1-bit linear -> final norm -> one score per class.
    """

    def __init__(self, model: ModelConfig, quant: QuantConfig) -> None:
        super().__init__()
        kind = method(quant)
        self.offset = (2 * model.threshold - 1) / 255
        sign = kind.input_sign()
        body: list[nn.Module] = [sign]
        if model.input_dropout:
            body.append(nn.Dropout(model.input_dropout))
        width = model.in_features
        for hidden in model.hidden:
            body.append(kind.linear(width, hidden, sign))
            if model.batch_norm:
                body.append(nn.BatchNorm1d(hidden))
            body += kind.activation(hidden)
            sign = body[-1]
            if model.dropout:
                body.append(nn.Dropout(model.dropout))
            width = hidden
        self.cut, self.features_out = len(body), width
        norm = final_norm(model, nn.BatchNorm1d)
        body += kind.classifier(width, model.classes, sign, norm)
        self.body = nn.Sequential(*body)

    def features(self, x: Tensor) -> Tensor:
        """Output of the last hidden layer: bits, where that is binarised."""
        features: Tensor = self.body[: self.cut](2.0 * x - self.offset)
        return features

    def head(self, features: Tensor) -> Tensor:
        """The last layer and its norm."""
        scores: Tensor = self.head_module()(features)
        return scores

    def head_module(self) -> nn.Module:
        """The last layer and its norm."""
        layers: nn.Module = self.body[self.cut :]
        return layers


class Rows(Protocol):
    """Rows of pixels that are read by slices: a tensor, images in memory or in a file."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Tensor: ...


def build(model: ModelConfig, quant: QuantConfig) -> Network:
    """The network of a configuration, freshly initialised from torch's random state."""
    if model.network == "mlp":
        return Mlp(model, quant)
    kind = method(quant, model.pad_value)
    return {"cnv": Cnv, "vgg-small": VggSmall}.get(model.network, ResNet)(model, kind)


def load_init(model: Network, run: str) -> None:
    """Begin with the weights of a finished run.

    From one step to the next of two: a layer of real weights may become one of 1-bit weights, which
    keeps them one level deeper (`match`). What a method adds, its learned sets for instance, keeps
    its initial value.

    Raises:
        FlowError: init-missing, init-fits.
    """
    where, path = "[train] init of the configuration", Path(run) / "model.pt"
    if not path.is_file():
        raise FlowError(
            "init-missing", f"{run!r} is no folder of a finished run", where, "train it"
        )
    saved = torch.load(path, weights_only=True, map_location="cpu")["state"]
    saved = {name.replace(".match.", "."): value for name, value in saved.items()}
    state, taken = model.state_dict(), 0
    for name, value in state.items():
        found = saved.get(name.replace(".match.", "."))
        if found is None:
            continue
        if found.shape != value.shape:
            raise FlowError(
                "init-fits",
                f"{name} has shape {tuple(value.shape)}, but {tuple(found.shape)} in {run}",
                where,
                "a run of the same [model]",
            )
        state[name], taken = found, taken + 1
    if not taken:
        raise FlowError(
            "init-fits", f"{run} has no weight of this network", where, "the same [model]"
        )
    model.load_state_dict(state)


def matrix_layers(model: nn.Module) -> list[tuple[str, Any]]:
    """(name, layer) of every layer with quantized weights, in the order they are defined."""
    kinds = (QuantLinear, QuantConv2d)
    found = [(name, m) for name, m in model.named_modules() if isinstance(m, kinds)]
    return [(name, m) for name, m in found if m.weight_quant.is_quant_enabled]


@torch.no_grad()
def scores(model: nn.Module, x: Rows, chunk: int = 500) -> Tensor:
    """Scores in evaluation mode; the model's mode is put back.

    Args:
        model: any network of this module.
        x: shape (N, in_features), uint8 pixels; images in a file, too.
        chunk: images per forward pass, fewer where they are large.

    Returns:
        Shape (N, classes), float32.
    """
    mode = model.training
    device = next(model.parameters()).device
    model.eval()
    chunk = max(1, min(chunk, chunk * LARGE // len(x[:1].flatten()))) if len(x) else chunk
    starts = range(0, len(x), chunk)
    out = [model(pixels(x[start : start + chunk].to(device))).cpu() for start in starts]
    model.train(mode)
    return torch.cat(out)
