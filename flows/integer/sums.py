# SPDX-License-Identifier: Apache-2.0
"""Which pairs of sums two units can give that read the same inputs, one with weights of +1.

AdaBin's layers are y = A * P + B * Q + C, P a sum of +-x and Q the sum of the same x (Tu et al.,
AdaBin, ECCV 2022). With a the sum over the inputs of weight +1 and b over the others, P = a - b and
Q = a + b, so that a given Q leaves only some P, two apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flows.integer.border import Window
from flows.integer.value import Ints, Value


@dataclass(frozen=True)
class Sum:
    """What a unit with weights of 1 bit sums.

    Attributes:
        source: stream that it reads.
        window: of it.
        low, high: range of an input's code; of bits 0 and 1.
        taps: inputs of a sum.
        ones: (outputs,) how many of them have weight +1.
        matches: the unit counts bits that equal their weights: a bit of weight -1 counts as 1 - b;
            otherwise it adds integers up, and one of weight -1 counts as -1 - x.
    """

    source: str
    window: Window
    low: int
    high: int
    taps: int
    ones: Ints
    matches: bool

    @property
    def plain(self) -> bool:
        """Whether all weights are +1."""
        return bool((self.ones == self.taps).all())

    def same_inputs(self, other: Sum) -> bool:
        """Whether both units see the same inputs."""
        return (self.source, self.window) == (other.source, other.window)


@dataclass(frozen=True)
class Pairs:
    """Codes p that can come with each code q.

    Attributes:
        q: (n,) every code of the shared sum, rising.
        first: (n, channels) the smallest p.
        step: from one p to the next.
        count: (n, channels) how many.
    """

    q: Ints
    first: Ints
    step: int
    count: Ints


def pairs(value: Value, share: Value, sums: dict[str, Sum]) -> Pairs:
    """The pairs (p, q) that can come; more where nothing is known of the two units.

    Args:
        value: the channels' sums.
        share: the sum that they share.
        sums: of the lowering.
    """
    q = np.arange(share.low, share.high + 1, dtype=np.int64)
    own, plain = sums.get(value.stream), sums.get(share.stream)
    if own is None or plain is None or not (plain.plain and own.same_inputs(plain)):
        shape = (len(q), value.channels)
        count = value.high - value.low + 1
        return Pairs(q, np.full(shape, value.low), 1, np.full(shape, count))
    others = own.taps - own.ones
    column = q[:, None]
    least = np.maximum(own.ones * own.low, column - others * own.high)
    most = np.minimum(own.ones * own.high, column - others * own.low)
    first = 2 * least - column + (others if own.matches else -others)
    return Pairs(q, first, 2, most - least + 1)
