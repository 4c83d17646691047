# SPDX-License-Identifier: Apache-2.0
"""The driver: batches of any size through the accelerator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import registers as reg
from .backends import Backend, Buffer, open_backend
from .batches import COUNTERS, Batches
from .description import load_description
from .errors import HostError
from .installed import find_bitfile
from .packing import check_images, fetch, store


class Accelerator:
    """A compiled network, ready to classify.

    Args:
        bitfile: the .bit of a deploy folder, whose other files are found beside it; or the bare
            name of an installed network's (see installed.py).
        backend: "auto" (a simulation where one runs us, else the board), "board", "numpy", or a
            Backend.
        timeout_s: longest wait for one batch.
        max_batch: frames of one hardware batch; more are split. Two are in flight: while one is
            computed and the next is queued, the one after that is copied and packed.

    Raises:
        HostError: description-missing, description-format, backend-unknown, wrong-bitstream, and
            those of the back end.

    Attributes:
        bitfile: path of the .bit.
        about: what the accelerator is: name, clock, shape of an image, streams.
    """

    def __init__(
        self,
        bitfile: str | Path,
        backend: str | Backend = "auto",
        timeout_s: float = 10.0,
        max_batch: int = 1024,
    ) -> None:
        self.bitfile = path = find_bitfile(Path(bitfile))
        if max_batch < 1:
            raise HostError(
                "max-batch", f"max_batch is {max_batch}", "the argument `max_batch`", "1 or more"
            )
        self.about = load_description(path)
        self.timeout_s, self.max_batch = timeout_s, max_batch
        self._buffers: dict[str, Buffer] = {}
        self._backend: Backend | None = None
        opened = backend if isinstance(backend, Backend) else None
        opened = opened or open_backend(str(backend), path, self.about)
        try:
            self._identify(opened, path)
        except HostError:
            opened.close()
            raise
        self._backend, self._batches = opened, Batches(opened, self.about.name)
        self._batches.reset()

    def _identify(self, backend: Backend, path: Path) -> None:
        about = self.about
        found = backend.read(reg.IDENTITY)
        version = backend.read(reg.VERSION)
        what = ""
        if found != reg.IDENTITY_VALUE:
            what = f"the identity register holds {found:#010x}, not {reg.IDENTITY_VALUE:#010x}"
        elif version >> 16 != reg.MAP_VERSION >> 16:
            what = f"register map {version >> 16}, this package drives {reg.MAP_VERSION >> 16}"
        else:
            number = backend.read(reg.HASH_HIGH) << 32 | backend.read(reg.HASH_LOW)
            sizes = tuple(backend.read(r) for r in (reg.IN_BYTES, reg.LABEL_BYTES, reg.SCORE_BYTES))
            wanted = tuple(s.frame_bytes for s in (about.input, about.label, about.score))
            if number != about.hash:
                what = f"configuration {number:016x} is loaded, {path.stem} is {about.hash:016x}"
            elif sizes != wanted:
                what = f"frames of {sizes} bytes (input, labels, scores), {path.stem} has {wanted}"
        if what:
            raise HostError(
                "wrong-bitstream",
                what,
                str(path),
                "load the .bit that lies beside this .json; both come from one make deploy",
            )

    # -- what users call

    def predict(self, images: Any) -> np.ndarray:
        """Classify images.

        Args:
            images: uint8, shape (N, ...), N >= 0; maps of several channels (N, rows, columns,
                channels), as pictures come. 8-bit pixels go to memory as they are; for a packed
                build their sign is taken here. Such a one takes bool, too: True for the sign +1.

        Returns:
            Class indices, shape (N,), int64; of equal scores the lowest index.

        Raises:
            HostError: images-dtype, images-shape, images-values, batch-failed, closed.
            HostTimeout: batch-timeout.
        """
        return self._run(images, False)[:, 0]

    def scores(self, images: Any) -> np.ndarray:
        """Integer scores of images: shape (N, classes), int64; the rest as predict()."""
        return self._run(images, True)

    def benchmark(self, frames: int = 10_000) -> dict[str, Any]:
        """Run random frames once and say how fast, and what bounds the rate.

        Args:
            frames: how many, at least 1; in batches of max_batch.

        Returns:
            frames; seconds and frames_per_s of the whole call; hardware_frames_per_s at the
            clock of the description; cycles, read_stall, core_stall and write_stall, summed over
            the batches; bound: "core" where the core's own clk per frame are 95 % of them or more,
            else what stalled longest: "read", "core" or "write".
        """
        if frames < 1:
            raise HostError(
                "benchmark-frames", f"frames is {frames}", "the argument `frames`", "1 or more"
            )
        about = self.about
        high = 2 if about.input.bits == 1 and about.binarize is None else 256
        one = np.random.RandomState(0).randint(0, high, (min(frames, 256), about.elements))
        images = np.resize(one.astype(np.uint8), (frames, about.elements))
        self._open()
        counts = self._batches.counts = dict.fromkeys(COUNTERS, 0)
        begin = self._open().now()
        try:
            self.predict(images)
        finally:
            self._batches.counts = None
        seconds = max(self._open().now() - begin, 1e-9)
        stalls = {name: counts[name + "_stall"] for name in ("read", "core", "write")}
        # a core that takes its beats in bursts waits for the next one, and still is never idle
        busy = frames * about.interval >= 0.95 * counts["cycles"]
        return {
            "frames": frames,
            "seconds": seconds,
            "frames_per_s": frames / seconds,
            "hardware_frames_per_s": frames * about.clk_mhz * 1e6 / max(counts["cycles"], 1),
            **counts,
            "bound": "core" if busy else max(stalls, key=lambda name: stalls[name]),
        }

    def close(self) -> None:
        """Give all buffers back; a second call does nothing."""
        backend, self._backend = self._backend, None
        if backend is not None:
            for buffer in self._buffers.values():
                buffer.free()
            self._buffers.clear()
            backend.close()

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # -- a call in batches

    def _open(self) -> Backend:
        if self._backend is None:
            raise HostError(
                "closed", "the accelerator is closed", "Accelerator", "open it again to go on"
            )
        return self._backend

    def _run(self, images: Any, scores: bool) -> np.ndarray:
        self._open()
        flat = check_images(images, self.about)
        stream = self.about.score if scores else self.about.label
        count = self.about.classes if scores else 1
        out = np.empty((len(flat), count), np.int64)
        step = self.max_batch
        parts = [flat[first : first + step] for first in range(0, len(flat), step)]
        frames, batches = min(len(flat), step), self._batches
        size = stream.frame_bytes

        def collect(number: int) -> None:
            first, target = number * step, self._buffers[f"out{number % 2}"]
            n = len(parts[number])
            batches.finish(n, self.timeout_s)
            target.invalidate()
            out[first : first + n] = fetch(target.array[: n * size], stream, count)

        try:
            batches.begin(len(parts))
            for number, part in enumerate(parts):
                if number >= 2:  # its two buffers are used again; the batch between runs meanwhile
                    collect(number - 2)
                source = self._copy_in(part, number % 2, frames)
                target = self._buffer(f"out{number % 2}", frames * size)
                batches.start(source, target, len(part), scores)
            for number in range(max(len(parts) - 2, 0), len(parts)):
                collect(number)
        except BaseException:  # an interrupt, too: nothing may write to a buffer from here on
            if batches.in_flight:
                batches.abandon()
            raise
        return out

    def _copy_in(self, part: np.ndarray, slot: int, frames: int) -> Buffer:
        size = self.about.input.frame_bytes
        buffer = self._buffer(f"in{slot}", frames * size)
        store(part, self.about, buffer.array[: len(part) * size])
        buffer.flush()
        return buffer

    def _buffer(self, name: str, size: int) -> Buffer:
        """A buffer of at least `size` bytes, kept for the next call."""
        have = self._buffers.get(name)
        if have is None or len(have.array) < size:
            if have is not None:
                del self._buffers[name]
                have.free()
            room = 4096
            while room < size:
                room *= 2
            have = self._open().allocate(room)
            if have.address % 8:
                raise AssertionError(f"the back end allocated at {have.address:#x}")
            have.flush()  # nothing of ours may be written back over the accelerator's output
            self._buffers[name] = have
        return have
