# SPDX-License-Identifier: Apache-2.0
"""Random views of images for training without labels: crops, mirrored, in other light.

Source: MoCo v2's augmentation in S2-BNN's milder form (arXiv:2102.08946), for small images: hue and
blur are left out. On whatever device the images are; random numbers are the processor's, drawn for
the whole batch of all ranks, so that views follow from seed and epoch alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from training import ranks

SCALE = (0.2, 1.0)  # area of a crop, without labels
AREA = (0.08, 1.0)  # the same with labels (Szegedy et al., arXiv:1409.4842, section 6)
ASPECT = math.log(4 / 3)
JITTER, P_JITTER, P_GREY = 0.4, 0.6, 0.2


def view(x: Tensor, shape: tuple[int, ...], draw: torch.Generator) -> Tensor:
    """One random view of every image.

    Args:
        x: shape (N, channels * rows * columns) in [0, 1]; the N images of this rank.
        shape: channels, rows, columns.
        draw: in the same state on every rank.

    Returns:
        The same shape and range.
    """
    count = len(x) * ranks.world()
    numbers = torch.rand(count, 10, generator=draw)[ranks.own_rows(count)].to(x.device)
    images = x.view(len(x), *shape)
    return light(crop(images, numbers[:, :5]), numbers[:, 5:]).flatten(1)


def crop(
    x: Tensor,
    numbers: Tensor,
    size: tuple[int, ...] = (),
    scale: tuple[float, float] = SCALE,
    mirror: bool = True,
) -> Tensor:
    """A random part of each image, every second one mirrored.

    Args:
        x: shape (N, channels, rows, columns).
        numbers: shape (N, 5) in [0, 1): area, aspect, column, row, mirrored.
        size: rows and columns of the result; those of the whole if not given.
        scale: least and largest area of a part, the whole being 1.
        mirror: whether any are mirrored.
    """
    area = scale[0] + (scale[1] - scale[0]) * numbers[:, 0]
    aspect = ((2 * numbers[:, 1] - 1) * ASPECT).exp()
    wide, high = ((area * a).sqrt().clamp_max(1) for a in (aspect, 1 / aspect))
    theta = x.new_zeros(len(x), 2, 3)
    theta[:, 0, 0] = torch.where((numbers[:, 4] < 0.5) & mirror, -wide, wide)
    theta[:, 1, 1] = high
    theta[:, 0, 2] = (2 * numbers[:, 2] - 1) * (1 - wide)
    theta[:, 1, 2] = (2 * numbers[:, 3] - 1) * (1 - high)
    grid = F.affine_grid(theta, [*x.shape[:2], *(size or x.shape[2:])], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def light(x: Tensor, numbers: Tensor) -> Tensor:
    """Other brightness and contrast, and for colours other saturation, or none.

    Args:
        x: shape (N, channels, rows, columns) in [0, 1].
        numbers: shape (N, 5) in [0, 1): whether at all, brightness, contrast, saturation, grey.
    """
    factor = 1 + JITTER * (2 * numbers[:, 1:4] - 1)
    factor = torch.where(numbers[:, :1] < P_JITTER, factor, 1.0)[:, :, None, None, None]
    x = x * factor[:, 0]
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * factor[:, 1]
    if x.shape[1] == 3:
        grey = x.mean(1, keepdim=True)
        keep = torch.where(numbers[:, 4, None, None, None] < P_GREY, 0.0, factor[:, 2])
        x = grey + (x - grey) * keep
    return x.clamp(0, 1)
