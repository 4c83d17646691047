# SPDX-License-Identifier: Apache-2.0
"""Where the registers and the memory are: a board, a simulation, or NumPy.

The driver (accelerator.py) is the same on all of them; a back end is registers, buffers and time.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable

import numpy as np

from . import registers as reg
from .description import Description
from .errors import HostError
from .network import load_network


class Buffer:
    """Memory that both sides see.

    Attributes:
        array: uint8, one dimension: the processor's view.
        address: physical address, a multiple of 8.
    """

    array: np.ndarray
    address: int

    def flush(self) -> None:
        """Make what the processor wrote visible to the accelerator."""

    def invalidate(self) -> None:
        """Make what the accelerator wrote visible to the processor."""

    def free(self) -> None:
        """Give the memory back; the buffer is not used afterwards."""


class Backend:
    """What the driver needs; subclass it to add a place to run."""

    def read(self, offset: int) -> int:
        """Read a register."""
        raise NotImplementedError

    def write(self, offset: int, value: int) -> None:
        """Write a register."""
        raise NotImplementedError

    def allocate(self, size: int) -> Buffer:
        """Memory of `size` bytes."""
        raise NotImplementedError

    def now(self) -> float:
        """Seconds, for deadlines; a simulation's own time in a simulation."""
        return time.monotonic()

    def idle(self) -> None:
        """Called between two looks at a register that has not changed yet."""

    def close(self) -> None:
        """Called once, when the accelerator is closed."""


Factory = Callable[[Path, Description], Backend]
_auto: Factory | None = None


def use_backend(factory: Factory | None) -> None:
    """Make Accelerator(..., backend="auto") use this back end; None: the board again.

    A simulation calls it before it runs a user's script, which then needs no change.
    """
    global _auto
    _auto = factory


def open_backend(kind: str, bitfile: Path, about: Description) -> Backend:
    """The back end of that name.

    Args:
        kind: "auto" (what use_backend() set, else the board), "board" or "numpy".
        bitfile: the bitstream; other files lie beside it.
        about: its description.

    Raises:
        HostError: backend-unknown, and those of the back ends.
    """
    if kind == "auto":
        return (_auto or PynqBackend)(bitfile, about)
    if kind == "board":
        return PynqBackend(bitfile, about)
    if kind == "numpy":
        return NumpyBackend(bitfile, about)
    raise HostError(
        "backend-unknown",
        f"there is no back end {kind!r}",
        "the argument `backend`",
        'one of "auto", "board", "numpy"',
    )


class PynqBuffer(Buffer):
    """pynq.allocate()."""

    def __init__(self, size: int) -> None:
        import pynq

        self._owner = pynq.allocate((size,), np.uint8)
        self.array = np.asarray(self._owner)
        self.address = int(self._owner.physical_address)

    def flush(self) -> None:
        """Flush the cache."""
        self._owner.flush()

    def invalidate(self) -> None:
        """Invalidate the cache."""
        self._owner.invalidate()

    def free(self) -> None:
        """Free it."""
        self._owner.freebuffer()


class PynqBackend(Backend):
    """A board under PYNQ, or any pynq.Device that is active.

    Args:
        bitfile: .bit with its .hwh beside it; loaded into the FPGA.
        about: its description.

    Raises:
        HostError: pynq-missing, bit-missing, bit-load.
    """

    def __init__(self, bitfile: Path, about: Description) -> None:
        try:
            import pynq
        except ImportError:
            raise HostError(
                "pynq-missing",
                "the package pynq is not installed, so this is no board under PYNQ",
                'Accelerator(..., backend="board")',
                'backend="numpy" computes the same without a board',
            ) from None
        for path in (bitfile, bitfile.with_suffix(".hwh")):
            if not path.is_file():
                raise HostError(
                    "bit-missing",
                    f"{path.name} is not there",
                    str(path),
                    'copy the whole deploy folder; without a bitstream use backend="numpy"',
                )
        overlay = pynq.Overlay(str(bitfile))
        blocks = [ip for ip in overlay.ip_dict.values() if "bnn_system" in str(ip.get("type"))]
        if not blocks:
            raise HostError(
                "bit-load",
                f"{bitfile.with_suffix('.hwh').name} names no bnn_system",
                str(bitfile),
                "use the .hwh that lies beside the .bit in the deploy folder",
            )
        self._overlay = overlay
        self._mmio = pynq.MMIO(int(blocks[0]["phys_addr"]), reg.MAP_SIZE)

    def read(self, offset: int) -> int:
        """Read a register."""
        return int(self._mmio.read(offset))

    def write(self, offset: int, value: int) -> None:
        """Write a register."""
        self._mmio.write(offset, value)

    def allocate(self, size: int) -> Buffer:
        """Contiguous memory."""
        return PynqBuffer(size)


_ERRORS = reg.STATUS_READ_ERROR | reg.STATUS_WRITE_ERROR
_ERRORS |= reg.STATUS_BAD_ADDRESS | reg.STATUS_BAD_RANGE


class ArrayBuffer(Buffer):
    """Plain memory at an invented address."""

    def __init__(self, size: int, address: int) -> None:
        self.array = np.zeros(size, np.uint8)
        self.address = address


class NumpyBackend(Backend):
    """The accelerator in NumPy, bit for bit: registers of the real map, batches done at START.

    So none is ever seen queued; a START after an error is refused, as in hardware.

    Args:
        bitfile: its .npz beside it is read; the .bit is not.
        about: its description.
    """

    def __init__(self, bitfile: Path, about: Description) -> None:
        self.about = about
        self.network = load_network(bitfile.with_suffix(".npz"))
        self.buffers: dict[int, ArrayBuffer] = {}
        self._next = 0x1000_0000
        self.registers = {
            reg.IDENTITY: reg.IDENTITY_VALUE,
            reg.VERSION: reg.VERSION_VALUE,
            reg.HASH_LOW: about.hash & 0xFFFFFFFF,
            reg.HASH_HIGH: about.hash >> 32,
            reg.IN_BYTES: about.input.frame_bytes,
            reg.LABEL_BYTES: about.label.frame_bytes,
            reg.SCORE_BYTES: about.score.frame_bytes,
        }

    def read(self, offset: int) -> int:
        """Read a register."""
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; START runs the batch."""
        if offset == reg.CONTROL:
            if value & reg.CONTROL_RESET:
                self.registers[reg.STATUS] = 0
            elif value & reg.CONTROL_START:
                self._start()
        elif offset == reg.IRQ_STATUS:
            self.registers[offset] = self.registers.get(offset, 0) & ~value
        else:
            self.registers[offset] = value

    def _start(self) -> None:
        if self.registers.get(reg.STATUS, 0) & _ERRORS:
            self.registers[reg.STATUS] |= reg.STATUS_REFUSED
            return
        status = self.registers[reg.STATUS] = self.batch()
        if status & reg.STATUS_DONE:
            done = self.registers.get(reg.BATCHES_DONE, 0)
            self.registers[reg.BATCHES_DONE] = (done + 1) & 0xFFFFFFFF

    def batch(self) -> int:
        """Run the request in the registers; returns STATUS."""
        frames = self.read(reg.FRAMES)
        for name in (reg.FRAMES_IN, reg.FRAMES_OUT):
            self.registers[name] = frames
        source, destination = self.read(reg.SOURCE), self.read(reg.DESTINATION)
        if (source | destination) & 7:
            return reg.STATUS_BAD_ADDRESS
        if frames == 0:
            return reg.STATUS_DONE
        stream = self.about.input
        raw = self._view(source, frames * stream.frame_bytes)
        if stream.bits == 8:
            images = raw.reshape(frames, -1)
        else:
            bits = np.unpackbits(raw.reshape(-1, stream.beat_bytes), axis=1, bitorder="little")
            images = bits[:, : stream.per_beat].reshape(frames, -1)
        wanted = bool(self.read(reg.OPTIONS) & reg.OPTIONS_SCORES)
        out = self.about.score if wanted else self.about.label
        scores = self.network.scores(images)
        values = scores if wanted else np.argmax(scores, axis=1)[:, None]
        data = _lanes(values, out.beats, out.per_beat, out.bits)
        self._view(destination, data.size)[...] = data
        return reg.STATUS_DONE

    def _view(self, address: int, size: int) -> Any:
        for start, buffer in self.buffers.items():
            if start <= address and address + size <= start + len(buffer.array):
                return buffer.array[address - start : address - start + size]
        raise AssertionError(f"{size} bytes at {address:#x} lie in no buffer")

    def allocate(self, size: int) -> Buffer:
        """Plain memory."""
        buffer = ArrayBuffer(size, self._next)
        self.buffers[self._next] = buffer
        self._next += (size + 4095) // 4096 * 4096 + 4096
        return buffer


def _lanes(values: np.ndarray, beats: int, per_beat: int, bits: int) -> np.ndarray:
    """Values as the stream carries them; the last beat is filled up with zeros."""
    padded = np.zeros((len(values), beats * per_beat), np.int64)
    padded[:, : values.shape[1]] = values
    fields = (padded.reshape(-1, per_beat)[:, :, None] >> np.arange(bits)) & 1
    lanes = fields.astype(np.uint8).reshape(len(padded) * beats, -1)
    return np.packbits(lanes, axis=1, bitorder="little").reshape(-1)
