# SPDX-License-Identifier: Apache-2.0
"""Between the bytes of a stream and the integers they carry.

One beat carries `lanes` values of `width_bits` bits, lane 0 lowest and bit 0 first, and is padded
with zeros to whole bytes. A frame is `n` values in ceil(n / lanes) beats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flows.errors import CheckFailed


def dense_lanes(n: int, lanes: int) -> int:
    """Bits of the narrowest beat that carries a frame of 1-bit values in the fewest bytes.

    Args:
        n: bits of a frame.
        lanes: bits that the reader takes per clk; divides n.

    Returns:
        A multiple of `lanes` that divides n: of beats in whole bytes n itself wastes least.
    """
    beats = n // lanes
    wide = [lanes * k for k in range(1, beats + 1) if beats % k == 0]
    return min(wide, key=lambda bits: (n // bits * ((bits + 7) // 8), bits))


def lanes_to_beats(values: ArrayLike, lanes: int, width_bits: int) -> bytes:
    """Pack integers into beats, two's complement where they are negative.

    Args:
        values: shape (frames, n), n a multiple of `lanes`, each fitting `width_bits` bits.
        lanes: values per beat.
        width_bits: bits per value, 1 .. 63.
    """
    v = np.asarray(values, np.int64).reshape(-1, lanes)
    bits = ((v[:, :, None] >> np.arange(width_bits)) & 1).astype(np.uint8)
    return np.packbits(bits.reshape(len(v), -1), axis=1, bitorder="little").tobytes()


def beats_to_scores(
    data: bytes, pe: int, width_bits: int, signed: bool, n: int
) -> NDArray[np.int64]:
    """Unpack a stream of `pe` values per beat; the inverse of `lanes_to_beats`.

    Args:
        data: whole frames as the bench writes them: score.bin, label.bin, tap<k>.bin.
        pe: values per beat.
        width_bits: bits per value, 1 .. 63.
        signed: the values are two's complement.
        n: values per frame; lanes of the last beat beyond them are padding.

    Returns:
        Shape (frames, n).

    Raises:
        CheckFailed: beats-ragged, when `data` is not a whole number of frames.
    """
    beat_bytes, beats = (pe * width_bits + 7) // 8, -(-n // pe)
    if len(data) % (beat_bytes * beats):
        raise CheckFailed(
            "beats-ragged",
            f"{len(data)} bytes are not whole frames of {beats} beats of {beat_bytes} bytes",
            f"stream with PE={pe}, {width_bits} bits per value, {n} values per frame",
            "compare PE, width and count with top.json and the graph they came from",
        )
    raw = np.frombuffer(data, np.uint8).reshape(-1, beat_bytes)
    out = np.empty((len(raw), pe), np.int64)
    for lane in range(pe):  # by lane: all bits at once would take 64 times the memory
        low = lane * width_bits
        high = low + width_bits
        bits = np.unpackbits(raw[:, low // 8 : (high + 7) // 8], axis=1, bitorder="little")
        bits = bits[:, low % 8 : low % 8 + width_bits]
        value = bits @ (np.int64(1) << np.arange(width_bits, dtype=np.int64))
        out[:, lane] = value - (bits[:, -1].astype(np.int64) << width_bits) if signed else value
    return out.reshape(-1, beats * pe)[:, :n]


def beats_to_labels(data: bytes, width_bits: int) -> NDArray[np.int64]:
    """Unpack label.bin: one unsigned class index per frame. Returns shape (frames,)."""
    return beats_to_scores(data, 1, width_bits, False, 1)[:, 0]
