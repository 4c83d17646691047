# SPDX-License-Identifier: Apache-2.0
"""The driver: batches of any size through the accelerator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import registers as reg
from .backends import Backend, Buffer, open_backend
from .description import load_description
from .errors import HostError, HostTimeout
from .installed import find_bitfile
from .packing import check_images, fetch, store

_ERRORS = (
    (reg.STATUS_READ_ERROR, "the bus answered a read of the input with an error"),
    (reg.STATUS_WRITE_ERROR, "the bus answered a write of the output with an error"),
    (reg.STATUS_BAD_ADDRESS, "a buffer's address is not a multiple of 8"),
    (reg.STATUS_BAD_RANGE, "a buffer reaches past 4 GiB"),
    (reg.STATUS_STOPPED, "something else reset the accelerator"),
)


class Accelerator:
    """A compiled network, ready to classify.

    Args:
        bitfile: the .bit of a deploy folder, whose other files are found beside it; or the bare
            name of an installed network's (see installed.py).
        backend: "auto" (a simulation where one runs us, else the board), "board", "numpy", or a
            Backend.
        timeout_s: longest wait for one batch.
        max_batch: frames of one hardware batch; more are split, and while one is computed the
            next is copied.

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
        self._backend = opened
        self._reset()

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
                channels), as pictures come. 8-bit pixels go to memory as they are.

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
            the batches; bound: "read", "core" or "write".
        """
        if frames < 1:
            raise HostError(
                "benchmark-frames", f"frames is {frames}", "the argument `frames`", "1 or more"
            )
        high = 2 if self.about.input.bits == 1 else 256
        one = np.random.RandomState(0).randint(0, high, (min(frames, 256), self.about.elements))
        images = np.resize(one.astype(np.uint8), (frames, self.about.elements))
        self._counters = dict.fromkeys(("cycles", "read_stall", "core_stall", "write_stall"), 0)
        begin = self._open().now()
        self.predict(images)
        seconds = max(self._open().now() - begin, 1e-9)
        counts = self._counters
        stalls = {name: counts[name + "_stall"] for name in ("read", "core", "write")}
        return {
            "frames": frames,
            "seconds": seconds,
            "frames_per_s": frames / seconds,
            "hardware_frames_per_s": frames * self.about.clk_mhz * 1e6 / max(counts["cycles"], 1),
            **counts,
            "bound": max(stalls, key=lambda name: stalls[name]),
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

    _counters: dict[str, int] | None = None

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
        parts = [
            (first, min(first + self.max_batch, len(flat)))
            for first in range(0, len(flat), self.max_batch)
        ]
        frames = min(len(flat), self.max_batch)
        if parts:
            self._copy_in(flat, parts[0], 0, frames)
        for number, (first, last) in enumerate(parts):
            target = self._buffer("out", frames * stream.frame_bytes)
            self._start(self._buffers[f"in{number % 2}"], target, last - first, scores)
            if number + 1 < len(parts):  # while that one runs
                self._copy_in(flat, parts[number + 1], (number + 1) % 2, frames)
            self._finish(last - first)
            target.invalidate()
            size = (last - first) * stream.frame_bytes
            out[first:last] = fetch(target.array[:size], stream, count)
        return out

    def _copy_in(self, flat: np.ndarray, part: tuple[int, int], slot: int, frames: int) -> None:
        size = self.about.input.frame_bytes
        buffer = self._buffer(f"in{slot}", frames * size)
        first, last = part
        store(flat[first:last], self.about.input, buffer.array[: (last - first) * size])
        buffer.flush()

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

    def _start(self, source: Buffer, target: Buffer, frames: int, scores: bool) -> None:
        backend = self._open()
        backend.write(reg.SOURCE, source.address)
        backend.write(reg.DESTINATION, target.address)
        backend.write(reg.FRAMES, frames)
        backend.write(reg.OPTIONS, reg.OPTIONS_SCORES if scores else 0)
        backend.write(reg.CONTROL, reg.CONTROL_START)

    def _finish(self, frames: int) -> None:
        status = self._wait(self.timeout_s)
        if status is None:
            seen = self._progress()
            state = "idle again after a reset" if self._reset_quietly() else "busy even after RESET"
            raise HostTimeout(
                "batch-timeout",
                f"{frames} frames were not done in {self.timeout_s:g} s: {seen}; {state}",
                f"accelerator {self.about.name}",
                "timeout_s=... if the batch is large; else load the bitstream again",
            )
        if status & reg.STATUS_DONE:
            if self._counters is not None:
                for name in self._counters:
                    self._counters[name] += self._open().read(getattr(reg, name.upper()))
            return
        problems: list[str] = [text for bit, text in _ERRORS if status & bit]
        raise HostError(
            "batch-failed",
            f"{'; '.join(problems) or 'no reason given'} (STATUS {status:#x}, {self._progress()})",
            f"accelerator {self.about.name}, batch of {frames} frames",
            "run it again; if it comes back, load the bitstream again and check the memory",
        )

    def _progress(self) -> str:
        read = self._open().read
        return f"{read(reg.FRAMES_IN)} frames went in, {read(reg.FRAMES_OUT)} came out"

    def _wait(self, seconds: float) -> int | None:
        """STATUS once the accelerator is idle, or None when that takes too long."""
        backend = self._open()
        end = backend.now() + seconds
        while True:
            status = backend.read(reg.STATUS)
            if not status & reg.STATUS_BUSY:
                return status
            if backend.now() > end:
                return None
            backend.idle()

    def _reset_quietly(self) -> bool:
        self._open().write(reg.CONTROL, reg.CONTROL_RESET)
        return self._wait(1.0) is not None

    def _reset(self) -> None:
        if not self._reset_quietly():
            raise HostTimeout(
                "reset-timeout",
                "the accelerator stays busy after RESET",
                f"accelerator {self.about.name}",
                "load the bitstream again; memory may not answer",
            )
