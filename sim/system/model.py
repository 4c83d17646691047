# SPDX-License-Identifier: Apache-2.0
"""What the shell and toy_core must put into memory, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """Bytes of a frame: at the input, as labels, as scores."""

    in_bytes: int
    label_bytes: int
    score_bytes: int

    @classmethod
    def of(cls, p: dict[str, int]) -> Frame:
        """From the parameters of shell_bench."""
        return cls(
            p["IN_BEAT_BYTES"] * p["IN_BEATS"],
            p["LABEL_BEAT_BYTES"] * p["LABEL_BEATS"],
            p["SCORE_BEAT_BYTES"] * p["SCORE_BEATS"],
        )

    def out_bytes(self, scores: bool) -> int:
        """Bytes of a frame of the chosen output."""
        return self.score_bytes if scores else self.label_bytes


def toy_core(frame: bytes) -> int:
    """The hash that toy_core makes of a frame, 32 bits."""
    h = 1
    for byte in frame:
        h = ((h << 3 | h >> 29) & 0xFFFFFFFF) ^ byte
    return h


def batch(data: bytes, shape: Frame, scores: bool) -> bytes:
    """The output of a batch: `data` is its whole input."""
    out = bytearray()
    for start in range(0, len(data), shape.in_bytes):
        h = toy_core(data[start : start + shape.in_bytes]).to_bytes(4, "little")
        if scores:
            out += bytes((h[i % 4] + i) & 0xFF for i in range(shape.score_bytes))
        else:
            out += bytes(h[i % 4] for i in range(shape.label_bytes))
    return bytes(out)
