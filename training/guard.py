# SPDX-License-Identifier: Apache-2.0
"""Stops a run whose numbers are no longer numbers, and says where that began."""

from __future__ import annotations

import math
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn

from flows.errors import FlowError
from training import models, ranks
from training.experiment import Experiment

LOSS_MAX = 1e4  # above it a run diverges: no loss here begins beyond a few hundred
GPU_EVERY = 50  # steps between two looks on a GPU, where each look waits for it


class Guard(Callback):
    """Looks at loss and gradients before every optimiser step."""

    def __init__(self) -> None:
        super().__init__()
        self.batch: Any = None
        self.index, self.loss = 0, math.nan

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Keep the batch, to look for the layer with."""
        self.batch, self.index = batch, batch_idx

    def _looks(self, pl_module: pl.LightningModule) -> bool:
        return pl_module.device.type == "cpu" or self.index % GPU_EVERY == 0

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        """Stop at a loss that is no number, or far too large."""
        if self._looks(pl_module):
            self.loss = loss.item()
            if _anywhere(not abs(self.loss) <= LOSS_MAX, loss):
                raise self._error(pl_module, f"the loss is {self.loss:.3g}")

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        """Stop at a gradient that is no number, before it reaches a weight."""
        if not self._looks(pl_module):
            return
        grads = [p.grad for p in pl_module.parameters() if p.grad is not None]
        norm = torch.stack(torch._foreach_norm(grads)).sum()
        if _anywhere(not bool(norm.isfinite()), norm):
            raise self._error(pl_module, f"a gradient is not finite (loss {self.loss:.3g})")

    def _error(self, module: pl.LightningModule, what: str) -> FlowError:
        assert isinstance(module, Experiment)
        epoch, step = module.current_epoch + 1, self.index + 1
        early = "" if module.device.type == "cpu" else f" or up to {GPU_EVERY - 1} steps before"
        kept = f"; last.ckpt holds epoch {epoch - 1}" if epoch > 1 else ""
        return FlowError(
            "train-diverged",
            f"{what} in epoch {epoch}, step {step}{early}; {culprit(module, self.batch)}",
            f"[train] lr = {module.config.train.lr}, seed {module.config.train.seed}{kept}",
            f"a smaller lr, e.g. {module.config.train.lr / 10:.1e}, and --resume never",
        )


def _anywhere(bad: bool, like: Tensor) -> bool:
    """Whether it is so on any rank: all of them have to stop, or the rest would wait for ever."""
    return bool(ranks.total(like.new_tensor(float(bad))) > 0)


@torch.no_grad()
def culprit(module: Experiment, batch: Any) -> str:
    """Where values stop being finite: a weight, a layer's output, or a gradient, in this order."""
    for name, parameter in module.model.named_parameters():
        if not bool(parameter.isfinite().all()):
            return f"weights of {_layer(module, name)} are not finite"
    found: list[str] = []

    def watch(name: str) -> Any:
        def look(m: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and not bool(output.isfinite().all()):
                found.append(name)

        return look

    layers = dict(models.matrix_layers(module.model))
    layers |= {n: m for n, m in module.model.named_modules() if not list(m.children())}
    hooks = [m.register_forward_hook(watch(n)) for n, m in layers.items()]
    module.model(batch[0])
    for hook in hooks:
        hook.remove()
    if found:
        return f"the first layer whose output is not finite is {_layer(module, found[0])}"
    grads = [(n, p.grad) for n, p in module.model.named_parameters() if p.grad is not None]
    for name, grad in reversed(grads):  # from the loss backwards
        if not bool(grad.isfinite().all()):
            return f"the gradient of {_layer(module, name)} is not finite"
    if grads:
        name, grad = max(grads, key=lambda pair: float(pair[1].norm()))
        return f"all layers are finite, the largest gradient is that of {_layer(module, name)}"
    return (
        f"all layers are finite, the scores reach {float(module.model(batch[0]).abs().max()):.3g}"
    )


def _layer(module: Experiment, name: str) -> str:
    """A layer's name with its kind, of the name of one of its parameters or of its own."""
    modules = dict(module.model.named_modules())
    while name not in modules:
        name = name.rpartition(".")[0]
    return f"{name} ({type(modules[name]).__name__})"
