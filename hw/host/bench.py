# SPDX-License-Identifier: Apache-2.0
"""What the driver costs: a call with one image, and packing, beside FINN's in the same run.

    make bench-host

The accelerator is one that is done at once, so what is timed is Python: CPU time of the thread, so
that other work on the machine counts little. FINN's packing is finn.util.data_packing of the
finn-plus that is installed, as its driver calls it: values folded to the stream's beats, packed,
copied into the buffer. Both work in batches as large as our driver's; a packed build's thresholds
are included. Best of several turns, ours and FINN's in turn.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bnnflow_host import Accelerator
from bnnflow_host import registers as reg
from bnnflow_host.backends import NumpyBackend
from bnnflow_host.description import FORMAT, Binarize, Description, Stream
from bnnflow_host.packing import store

IMAGES, PIXELS, TURNS, BATCH = 10_000, 784, 15, 1024


class Instant(NumpyBackend):
    """Done as soon as it is started; computes nothing."""

    def __init__(self, about: Description) -> None:
        self.about = about
        self.buffers = {}
        self._next = 0x1000_0000
        frames = (about.input.frame_bytes, about.label.frame_bytes, about.score.frame_bytes)
        self.registers = {
            reg.IDENTITY: reg.IDENTITY_VALUE,
            reg.VERSION: reg.VERSION_VALUE,
            **dict(zip((reg.IN_BYTES, reg.LABEL_BYTES, reg.SCORE_BYTES), frames, strict=True)),
        }

    def batch(self) -> int:
        """Nothing to do."""
        return reg.STATUS_DONE


def best(work: Callable[[], Any], repeat: int = 1) -> float:
    """Seconds of CPU of one call, the best of TURNS turns of `repeat` calls."""
    found = []
    for _ in range(TURNS):
        begin = time.thread_time()
        for _ in range(repeat):
            work()
        found.append((time.thread_time() - begin) / repeat)
    return min(found)


def call_us() -> float:
    """Microseconds of predict() on one image, the accelerator's own time left out."""
    score = Stream(5, 6, 2, 21, False)
    label, pixels = Stream(1, 1, 1, 4, False), Stream(8, 98, 98, 8, False)
    about = Description("bench", 0, 100.0, 0, PIXELS, (PIXELS,), 10, pixels, label, score)
    image = np.zeros((1, PIXELS), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        bit = Path(folder) / "bench.bit"
        table = {**about._asdict(), "format": FORMAT, "hash": "0"}
        table |= {k: getattr(about, k)._asdict() for k in ("input", "label", "score")}
        bit.with_suffix(".json").write_text(_json(table))
        with Accelerator(bit, Instant(about)) as accelerator:
            return best(lambda: accelerator.predict(image), 2000) * 1e6


def _json(table: dict[str, Any]) -> str:
    import json

    return json.dumps(table)


def packing_us(bits: int, thresholds: int) -> tuple[float, float]:
    """Microseconds per image: ours, FINN's; the bytes are compared.

    Args:
        bits: that the accelerator is fed an input: 8, or 1 (then 56 inputs to a beat, whole bytes).
        thresholds: with bits = 1: 0 for images of bits; else images of 8-bit pixels are binarised,
            with one threshold for all of an image or PIXELS of them. FINN's driver has no such
            step: what its user would write in NumPy stands in front of its packing.
    """
    from finn.util.data_packing import finnpy_to_packed_bytearray
    from qonnx.core.datatype import DataType

    per_beat = 98 if bits == 8 else 56
    stream = Stream(PIXELS // per_beat, per_beat * bits // 8, per_beat, bits, False)
    draw = np.random.default_rng(0)
    levels = 2 if bits == 1 and not thresholds else 256
    images = draw.integers(0, levels, (IMAGES, PIXELS)).astype(np.uint8)
    limits = draw.integers(0, 256, max(1, thresholds)).astype(np.uint8)
    binarize = Binarize(limits.tobytes(), b"\0", b"\0") if thresholds else None
    one = Stream(1, 1, 1, 4, False)
    about = Description("b", 0, 100.0, 0, PIXELS, (PIXELS,), 10, stream, one, one, binarize)
    ours, theirs = (np.zeros((IMAGES, stream.frame_bytes), np.uint8) for _ in range(2))
    kind = DataType["UINT8" if bits == 8 else "BINARY"]
    parts = [slice(first, min(first + BATCH, IMAGES)) for first in range(0, IMAGES, BATCH)]

    def mine() -> None:
        for part in parts:
            store(images[part], about, ours[part].reshape(-1))

    def finn() -> None:
        for part in parts:
            values = (images[part] >= limits).astype(np.uint8) if thresholds else images[part]
            folded = values.reshape(len(values), -1, per_beat)
            packed = finnpy_to_packed_bytearray(
                folded, kind, reverse_endian=True, reverse_inner=True
            )
            np.copyto(theirs[part].reshape(packed.shape), packed)

    seconds = best(mine), best(finn)
    if not (ours == theirs).all():
        raise AssertionError("the two packings differ")
    return seconds[0] / IMAGES * 1e6, seconds[1] / IMAGES * 1e6


ROWS = {
    "8-bit pixels as they are": (8, 0),
    "1-bit inputs": (1, 0),
    "8-bit pixels to bits, one threshold": (1, 1),
    "8-bit pixels to bits, a threshold each": (1, PIXELS),
}


def main() -> None:
    """Print the rows."""
    print(f"predict() on one image, without the accelerator: {call_us():.1f} us a call")
    for name, (bits, thresholds) in ROWS.items():
        mine, other = packing_us(bits, thresholds)
        print(f"{IMAGES} images of {PIXELS} {name}: {mine:.3f} us an image,", end=" ")
        print(f"FINN's {other:.3f} us; same bytes")


if __name__ == "__main__":
    main()
