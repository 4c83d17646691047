# SPDX-License-Identifier: Apache-2.0
"""What stays in float32 where products of training are in bfloat16 (`[train] precision`)."""

from __future__ import annotations

import torch
from torch import Tensor


def in_float32(x: Tensor) -> torch.autocast:
    """A context whose products are in float32, whatever `precision` says.

    For contrasts: unit rows lose too much in 8 bits, and memories hold float32.

    Args:
        x: any tensor of the device in question.
    """
    return torch.autocast(x.device.type, enabled=False)
