# SPDX-License-Identifier: Apache-2.0
"""CMIM: keep the information that a sign takes away, by contrast of both sides of it.

Source: Shang et al., Network Binarization via Contrastive Learning, ECCV 2022 (arXiv:2207.02970).

mode = "layers", as published: for every binarised layer k the latent activations in front of its
sign and the bits behind it are embedded by a trained head each, z = normalise(P(pool(a))). Pairs of
one image are pulled together, pairs of two images pushed apart, in both directions:
    L = cross-entropy + weight * sum_k decay^-(K-1-k) * L_k,   k = 0 .. K-1
L_k is InfoNCE over the batch (negatives = "batch"), or NCE with negatives out of two memories with
one embedding per training image (negatives = "bank").

mode = "distill", as the released program: the last features of the network and of a finished
real-valued teacher, two memories, negatives of other classes, NCE in both directions. Unlike there
the heads are trained and the teacher is in evaluation mode.

Training only: heads and memories are no part of the network that is saved and exported.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from flows.errors import FlowError
from training.blocks import map_mean
from training.config import CmimConfig, Config
from training.data import generator
from training.distill import load_teacher
from training.methods import signs
from training.nce import Memory, Negatives, info_nce, nce
from training.network import Network
from training.precision import in_float32

MEMORY_SEED = 0x6D696D


def pooled(a: Tensor) -> Tensor:
    """Activations as one vector per image: (N, C) as they are, maps by their mean."""
    return a if a.dim() == 2 else map_mean(a)


def layer_weights(config: CmimConfig, layers: int) -> list[float]:
    """Weight of each layer's loss: as given, or decay^-(K-1-k), the last one's being 1.

    Raises:
        FlowError: cmim-layers.
    """
    if config.layer_weights and len(config.layer_weights) == layers:
        return list(config.layer_weights)
    if config.layer_weights or not layers:
        what = "the network has no signs to look at"
        if layers:
            what = (
                f"{len(config.layer_weights)} layer_weights, but one weight per sign makes {layers}"
            )
        raise FlowError(
            "cmim-layers",
            what,
            "[cmim] of the configuration",
            "leave layer_weights out to use decay" if layers else "a binary method in [quant]",
        )
    return [config.decay ** -(layers - 1 - k) for k in range(layers)]


class Taps:
    """What went into and came out of every sign in the last training pass of a network."""

    def __init__(self, model: nn.Module) -> None:
        self.pairs: dict[str, tuple[Tensor, Tensor]] = {}
        self.names = [name for name, _ in signs(model)]
        for name, module in signs(model):
            module.register_forward_hook(self._hook(name))

    def _hook(self, name: str) -> Any:
        def keep(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if module.training:
                self.pairs[name] = (inputs[0], output)

        return keep

    def take(self) -> list[tuple[Tensor, Tensor]]:
        """The pairs in the order of the network; they are forgotten here."""
        out = [self.pairs[name] for name in self.names]
        self.pairs = {}
        return out


class Pair(nn.Module):
    """Heads of the two sides of one contrast, and its memories if it has any."""

    def __init__(self, sides: tuple[int, int], config: CmimConfig, images: int, nth: int) -> None:
        super().__init__()
        self.config, self.images = config, images
        self.heads = nn.ModuleList(nn.Linear(side, config.dim) for side in sides)
        self.memories = nn.ModuleList()
        if config.negatives == "bank" or config.mode == "distill":
            draw = generator(MEMORY_SEED, nth)
            for _ in sides:
                self.memories.append(Memory(images, config.dim, config.bank_momentum, draw))

    def embed(self, sides: tuple[Tensor, Tensor]) -> list[Tensor]:
        """Unit embeddings of both sides in float32, each of shape (N, dim)."""
        both = zip(self.heads, sides, strict=True)
        return [F.normalize(head(pooled(a).float()), dim=1) for head, a in both]

    def forward(
        self, sides: tuple[Tensor, Tensor], index: Tensor, negative: Tensor | None
    ) -> Tensor:
        """Loss of one contrast.

        Args:
            sides: activations of the same images, (N, C, ...) each.
            index: which training images they are.
            negative: drawn images, shape (N, K), or (K,) for all; None: the rest of the batch.
        """
        z = self.embed(sides)
        temperature = self.config.temperature
        if negative is None:
            return info_nce(z[0], z[1], temperature)
        loss = z[0].new_zeros(())
        for anchor, other, memory in (
            (z[0], z[1], self.memories[1]),
            (z[1], z[0], self.memories[0]),
        ):
            assert isinstance(memory, Memory)
            positive = memory.rows[index] if self.config.mode == "distill" else other
            p, n = memory.scores(anchor, positive, negative, temperature)
            if negative.dim() == 1:  # an image is not its own noise: its term becomes 0
                n = n.masked_fill(negative == index[:, None], 0.0)
            loss = loss + nce(p, n, self.images)
        for memory, row in zip(self.memories, z, strict=True):
            memory.update(index, row)  # type: ignore[operator]
        return loss


class Cmim(nn.Module):
    """The contrastive loss of one network, see the module's text.

    Args:
        config: the experiment.
        model: its network; mode = "layers" hooks its signs.
        y: classes of the training images, shape (M,).
    """

    def __init__(self, config: Config, model: Network, y: Tensor) -> None:
        super().__init__()
        self.config, self.seed = config.cmim, config.train.seed
        self.taps: Taps | None = None
        self.teacher: list[Network] | None = None  # a list: no child, so in no checkpoint
        if self.config.mode == "distill":
            self.teacher = [load_teacher(self.config.teacher, config, "cmim")]
            widths = [(model.features_out, self.teacher[0].features_out)]
            self.weights = [1.0]
        else:
            self.taps = Taps(model)
            widths = [(n, n) for n in self._widths(config, model)]
            self.weights = layer_weights(self.config, len(widths))
        self.pairs = nn.ModuleList(
            Pair(sides, self.config, len(y), nth) for nth, sides in enumerate(widths)
        )
        self.negatives = None
        if self.config.mode == "distill":
            self.negatives = Negatives(y, len(y))
        elif self.config.negatives == "bank":
            self.negatives = Negatives(None, len(y))

    @torch.no_grad()
    def _widths(self, config: Config, model: Network) -> list[int]:
        """Channels of every sign, found by one pass that leaves no trace in batch norms."""
        assert self.taps is not None
        found: dict[str, int] = {}
        hooks = [
            m.register_forward_hook(lambda m, i, o, n=n: found.update({n: o.shape[1]}))
            for n, m in signs(model)
        ]
        mode = model.training
        model.eval()(torch.zeros(2, config.model.in_features))
        model.train(mode)
        for hook in hooks:
            hook.remove()
        return [found[name] for name in self.taps.names]

    def start_epoch(self, epoch: int) -> None:
        """Negatives of an epoch follow from seed and epoch alone."""
        self.generator = generator(self.seed ^ MEMORY_SEED, epoch)

    def forward(self, x: Tensor, features: Tensor, index: Tensor) -> Tensor:
        """The loss of the network's last training pass, before it is weighted.

        Args:
            x: images, as the network saw them.
            features: the network's features of them.
            index: which training images they are, shape (N,).
        """
        if self.teacher is not None:
            with torch.no_grad():
                teacher = self.teacher[0].to(x.device).features(x)
            contrasts = [(features, teacher)]
        else:
            assert self.taps is not None
            contrasts = [self._cut(*pair) for pair in self.taps.take()]
        loss = x.new_zeros(())
        for weight, pair, sides in zip(self.weights, self.pairs, contrasts, strict=True):
            negative = None
            if self.teacher is not None and self.negatives is not None:
                negative = self.negatives.draw(index, self.config.draws, self.generator)
            elif self.negatives is not None:
                negative = self.negatives.shared(self.config.draws, self.generator)
                negative = negative.to(index.device)
            with in_float32(x):
                loss = loss + weight * pair(sides, index, negative)
        return loss

    def _cut(self, latent: Tensor, binary: Tensor) -> tuple[Tensor, Tensor]:
        stop = self.config.stop_gradient
        return (
            latent.detach() if stop == "latent" else latent,
            binary.detach() if stop == "binary" else binary,
        )
