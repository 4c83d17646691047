# SPDX-License-Identifier: Apache-2.0
"""What all networks have in common."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.config import ModelConfig


class TensorNorm(nn.Module):
    """Batch norm with one mean, variance, gain and offset for the whole tensor.

    As a last layer it keeps the order of integer scores (the gain's sign aside), so hardware needs
    no arithmetic for it.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, eps: float = 1e-4, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.tensor(1.0))
        self.bias = nn.Parameter(torch.tensor(0.0))
        self.register_buffer("running_mean", torch.tensor(0.0))
        self.register_buffer("running_var", torch.tensor(1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise: batch statistics in training, running ones in evaluation."""
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(), x.var(correction=0)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * x.numel() / max(1, x.numel() - 1), self.momentum)
        gain = self.weight / (var + self.eps).sqrt()
        return x * gain + (self.bias - mean * gain)


def final_norm(model: ModelConfig, norm: type[nn.BatchNorm1d]) -> nn.Module:
    """The norm of the scores: `norm` per class, one for all, or none (nn.Identity)."""
    if model.final_norm == "bn":
        return norm(model.classes)
    return TensorNorm() if model.final_norm == "tensor" else nn.Identity()


class Network(nn.Module):
    """Base of all networks: features of images, and a head that makes them scores."""

    features_out: int  # numbers per image that `features` gives

    def features(self, x: Tensor) -> Tensor:
        """What the last matrix layer sees.

        Args:
            x: shape (N, in_features), float32 in [0, 1]: pixel / 255.

        Returns:
            Shape (N, features_out).
        """
        raise NotImplementedError

    def head(self, features: Tensor) -> Tensor:
        """Scores of features, shape (N, classes)."""
        raise NotImplementedError

    def head_module(self) -> nn.Module:
        """The layers of `head`, which linear evaluation trains alone."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Scores of images.

        Args:
            x: shape (N, in_features), float32 in [0, 1]: pixel / 255.

        Returns:
            Shape (N, classes); the class is the first largest score.
        """
        return self.head(self.features(x))
