# SPDX-License-Identifier: Apache-2.0
"""Contrastive losses and the memory of embeddings that they draw negatives from.

All of them take a rank's own rows against rows of all ranks, so that a run of several ranks has
the loss and, after DDP's mean, the gradient of one process on the whole batch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training import ranks


def info_nce(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """Contrast rows of a with all rows of b, and the other way round: InfoNCE, mean of the two.

    L = -mean_i log( exp(a_i . b_i / T) / sum_j exp(a_i . b_j / T) )

    Args:
        a: unit rows of this rank, shape (n, d).
        b: the same; row i of both is the same image.
        temperature: T > 0.

    Source: van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018
    (arXiv:1807.03748).
    """
    first = ranks.rank() * len(a)
    target = torch.arange(first, first + len(a), device=a.device)
    one = F.cross_entropy(a @ ranks.gather(b).T / temperature, target)
    other = F.cross_entropy(b @ ranks.gather(a).T / temperature, target)
    return 0.5 * (one + other)


def nce(positive: Tensor, negative: Tensor, images: int) -> Tensor:
    """Noise contrastive estimation of pairs among K draws of noise over M images.

    h(p) = p / (p + K / M);  L = -mean_i [ log h(p_i) + sum_j log(1 - h(n_ij)) ]

    Args:
        positive: normalised scores of pairs, shape (n,).
        negative: those of noise, shape (n, K).
        images: M.

    Source: Tian et al., Contrastive Representation Distillation, ICLR 2020 (arXiv:1910.10699),
    the estimator of CMIM's released program.
    """
    noise, eps = negative.shape[1] / images, 1e-7
    pairs = (positive / (positive + noise + eps)).log()
    return -(pairs + (noise / (negative + noise + eps)).log().sum(1)).mean()


class Memory(nn.Module):
    """One embedding per training image, moved towards each new one; whole on every rank.

    Buffers, so a checkpoint has them: rows, (M, d) of unit length, and z, the normaliser of
    exp(score / T), which is fixed by the first batch: mean * M.
    """

    rows: Tensor
    z: Tensor

    def __init__(self, images: int, dim: int, momentum: float, draw: torch.Generator) -> None:
        super().__init__()
        self.momentum = momentum
        bound = 1 / math.sqrt(dim / 3)
        rows = torch.empty(images, dim).uniform_(-bound, bound, generator=draw)
        self.register_buffer("rows", F.normalize(rows, dim=1))
        self.register_buffer("z", torch.tensor(0.0))

    def scores(
        self, anchor: Tensor, positive: Tensor, negative: Tensor, temperature: float
    ) -> tuple[Tensor, Tensor]:
        """Normalised scores of anchors against their positives and against remembered rows.

        Args:
            anchor: unit rows, shape (n, d).
            positive: the same.
            negative: indices of remembered rows, shape (n, K), or (K,) for all anchors.
            temperature: T > 0.

        Returns:
            Shapes (n,) and (n, K).
        """
        rows = self.rows[negative]
        noise = anchor @ rows.T if negative.dim() == 1 else (rows @ anchor[:, :, None])[:, :, 0]
        p, n = ((anchor * positive).sum(1) / temperature).exp(), (noise / temperature).exp()
        with torch.no_grad():
            seen = torch.stack([p.sum() + n.sum(), p.new_tensor(float(p.numel() + n.numel()))])
            seen = ranks.total(seen)
            first = seen[0] / seen[1] * len(self.rows)
            self.z.copy_(torch.where(self.z > 0, self.z, first))
        return p / self.z, n / self.z

    @torch.no_grad()
    def update(self, index: Tensor, rows: Tensor) -> None:
        """Move the rows of these images; of all ranks' images on every rank."""
        index, rows = ranks.gather(index), ranks.gather(rows.detach())
        moved = torch.lerp(rows, self.rows[index], self.momentum)
        self.rows[index] = F.normalize(moved, dim=1)


class Negatives:
    """Draws images that are not the anchor, or not of the anchor's class.

    Args:
        y: class of every training image, shape (M,), or None: any other image will do.
        images: M.
    """

    def __init__(self, y: Tensor | None, images: int) -> None:
        self.order = torch.arange(images) if y is None else torch.argsort(y, stable=True)
        place = torch.empty_like(self.order)
        place[self.order] = torch.arange(images)
        self.first, self.count = place, torch.ones_like(place)
        if y is not None:
            sizes = torch.bincount(y)
            self.first, self.count = (sizes.cumsum(0) - sizes)[y], sizes[y]

    def shared(self, number: int, generator: torch.Generator) -> Tensor:
        """Images for all anchors alike, shape (number,); some may be an anchor's own."""
        return torch.randint(len(self.order), (number,), generator=generator)

    def draw(self, index: Tensor, number: int, generator: torch.Generator) -> Tensor:
        """Negatives of this rank's anchors, out of a draw for the whole batch.

        Args:
            index: which training images the anchors are, shape (n,).
            number: how many for each, with repetition.
            generator: of the processor; every rank has it in the same state.

        Returns:
            Shape (n, number), indices of training images.
        """
        whole = ranks.gather(index).cpu()
        first, count = self.first[whole, None], self.count[whole, None]
        uniform = torch.rand(len(whole), number, generator=generator, dtype=torch.float64)
        place = (uniform * (len(self.order) - count)).long()
        place = torch.where(place < first, place, place + count)
        return self.order[place[ranks.own_rows(len(whole))]].to(index.device)
