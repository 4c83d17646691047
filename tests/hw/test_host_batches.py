# SPDX-License-Identifier: Apache-2.0
"""The driver with two batches in flight, against a queue as the hardware has it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bnnflow_host import Accelerator, HostError, HostTimeout
from bnnflow_host import registers as reg

from tests.hw.host_folder import Device, Folder

ERRORS = reg.STATUS_READ_ERROR | reg.STATUS_WRITE_ERROR | reg.STATUS_BAD_ADDRESS
ERRORS |= reg.STATUS_BAD_RANGE
REQUEST = (reg.SOURCE, reg.DESTINATION, reg.FRAMES, reg.OPTIONS)


class Queue(Device):
    """Two batches in flight; one is computed when it ends, so a buffer used too early shows.

    Attributes:
        looks: at STATUS before the batch that runs ends; None: never.
        fail: number of a batch, from 0: the error bit that it ends with.
        most: batches that were in flight at once.
    """

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder.bit)
        self.looks: int | None = 3
        self.fail: dict[int, int] = {}
        self.flight: list[dict[int, int]] = []
        self.shown = self.most = self.number = 0
        self._seen = 0

    def read(self, offset: int) -> int:
        if offset != reg.STATUS:
            return self.registers.get(offset, 0)
        self._seen += 1
        if self.flight and self.looks is not None and self._seen > self.looks:
            self._end()
        busy = reg.STATUS_BUSY if self.flight else 0
        return self.shown | busy | (reg.STATUS_QUEUED if len(self.flight) > 1 else 0)

    def _end(self) -> None:
        request, self._seen = self.flight.pop(0), 0
        error = self.fail.pop(self.number, 0)
        self.number += 1
        if error:
            self.shown = error | (reg.STATUS_DROPPED if self.flight else 0)
            self.flight.clear()
            return
        later = {offset: self.registers.get(offset, 0) for offset in REQUEST}
        self.registers.update(request)
        assert self.batch() == reg.STATUS_DONE
        self.registers.update(later)
        self.registers[reg.BATCHES_DONE] = (self.registers.get(reg.BATCHES_DONE, 0) + 1) % 2**32
        self.shown |= reg.STATUS_DONE

    def write(self, offset: int, value: int) -> None:
        if offset != reg.CONTROL:
            self.registers[offset] = value
        elif value & reg.CONTROL_RESET:
            self.log.append("reset")
            self.shown = reg.STATUS_STOPPED if self.flight else 0
            self.flight.clear()
        elif len(self.flight) > 1 or self.shown & ERRORS:
            self.shown |= reg.STATUS_REFUSED
        else:
            self.log.append("start")
            self.shown = 0
            self._seen = 0 if not self.flight else self._seen
            self.flight.append({offset: self.registers[offset] for offset in REQUEST})
            self.most = max(self.most, len(self.flight))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("looks", [0, 1, 5])
@pytest.mark.parametrize("before", [0, 2**32 - 3])
def test_two_buffers_in_turn(looks: int, before: int, folder: Folder) -> None:
    """Every label and score, for calls of none to many batches; BATCHES_DONE may wrap."""
    device = Queue(folder)
    device.looks, device.registers[reg.BATCHES_DONE] = looks, before
    with Accelerator(folder.bit, device, max_batch=8) as accelerator:
        for n in (0, 1, 8, 9, 16, 17, 24, 61, 3):
            images = folder.images(n, seed=n)
            if n:
                assert (accelerator.predict(images) == folder.labels(images)).all()
                assert (accelerator.scores(images) == folder.scores(images)).all()
            else:
                assert accelerator.predict(images).shape == (0,)
    assert device.log.count("allocate") == 4 and device.most == 2
    assert device.log.count("reset") == 1  # when it was opened


def test_the_next_batch_is_queued_while_one_runs(folder: Folder) -> None:
    device = Queue(folder)
    with Accelerator(folder.bit, device, max_batch=4) as accelerator:
        accelerator.predict(folder.images(20))
    assert device.most == 2 and device.log.count("start") == 5


@pytest.mark.parametrize("bad", [0, 1, 2, 4])
@pytest.mark.parametrize(
    ("bit", "word"),
    [(reg.STATUS_READ_ERROR, "read of the input"), (reg.STATUS_WRITE_ERROR, "write")],
)
def test_an_error_in_any_batch(bad: int, bit: int, word: str, folder: Folder) -> None:
    """It is told, the accelerator is reset, and the next call is right with the same buffers."""
    device = Queue(folder)
    images = folder.images(37)
    with Accelerator(folder.bit, device, max_batch=8) as accelerator:
        device.fail[bad] = bit
        with pytest.raises(HostError, match=f"batch-failed(.|\n)*{word}") as caught:
            accelerator.predict(images)
        assert ("behind it was dropped" in str(caught.value)) == (bad < 4)
        assert device.log[-1] == "reset" and not device.flight and not device.shown
        assert (accelerator.predict(images) == folder.labels(images)).all()
        assert device.log.count("allocate") == 4


def test_a_batch_that_never_ends(folder: Folder) -> None:
    device = Queue(folder)
    images = folder.images(37)
    with Accelerator(folder.bit, device, timeout_s=1.0, max_batch=8) as accelerator:
        device.looks, begin = None, device.time
        with pytest.raises(HostTimeout, match=r"8 frames were not done in 1 s(.|\n)*idle again"):
            accelerator.predict(images)
        assert 1.0 <= device.time - begin < 1.1 and device.log.count("reset") == 2
        device.looks = 1
        assert (accelerator.scores(images) == folder.scores(images)).all()


class Interrupted(KeyboardInterrupt):
    """Ctrl-C at a chosen moment."""


@pytest.mark.parametrize("moment", ["flush", "invalidate", "start"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_an_interrupt_leaves_it_idle(moment: str, count: int, folder: Folder) -> None:
    """Nothing is in flight after an interrupt at any moment, and the next call is right."""
    device = Queue(folder)
    images = folder.images(37)

    class Log(list[str]):
        left = 0

        def append(self, name: str) -> None:
            super().append(name)
            self.left -= name == moment
            if not self.left and name == moment:
                raise Interrupted

    with Accelerator(folder.bit, device, max_batch=8) as accelerator:
        accelerator.predict(images)
        device.log = log = Log()
        log.left = count
        with pytest.raises(Interrupted):
            accelerator.predict(images)
        assert not device.flight
        assert (accelerator.predict(images) == folder.labels(images)).all()
        assert log.count("allocate") == 0


def test_something_else_drives_the_accelerator(folder: Folder) -> None:
    """A batch too few or too many, a refused START and a foreign RESET are all told."""

    def stolen(device: Queue) -> None:
        device.registers[reg.BATCHES_DONE] -= 1

    def added(device: Queue) -> None:
        device.registers[reg.BATCHES_DONE] += 2

    def reset(device: Queue) -> None:
        device.write(reg.CONTROL, reg.CONTROL_RESET)

    def start(device: Queue) -> None:
        device.write(reg.CONTROL, reg.CONTROL_START)

    images = folder.images(30)
    for meddle, word in (
        (stolen, "BATCHES_DONE is wrong"),
        (added, "BATCHES_DONE is wrong"),
        (reset, "something else reset"),
        (start, "START was refused"),
    ):

        class Meddled(Queue):
            def write(self, offset: int, value: int, meddle: Any = meddle) -> None:
                super().write(offset, value)
                if offset == reg.CONTROL and value & reg.CONTROL_START and len(self.flight) == 2:
                    if not self.number:
                        self.number = 100
                        meddle(self)

        device = Meddled(folder)
        device.registers[reg.BATCHES_DONE] = 7
        with Accelerator(folder.bit, device, max_batch=8) as accelerator:
            with pytest.raises(HostError, match=f"batch-failed(.|\n)*{word}"):
                accelerator.predict(images)
            assert (accelerator.predict(images) == folder.labels(images)).all()


def test_the_numpy_back_end_refuses_a_start_after_an_error(folder: Folder) -> None:
    device = folder.backend()
    device.write(reg.SOURCE, 4)
    device.write(reg.CONTROL, reg.CONTROL_START)
    assert device.registers[reg.STATUS] == reg.STATUS_BAD_ADDRESS
    device.write(reg.SOURCE, 8)
    device.write(reg.CONTROL, reg.CONTROL_START)
    assert device.registers[reg.STATUS] == reg.STATUS_BAD_ADDRESS | reg.STATUS_REFUSED
    device.write(reg.CONTROL, reg.CONTROL_RESET)
    device.write(reg.CONTROL, reg.CONTROL_START)  # of no frames
    assert device.registers[reg.STATUS] == reg.STATUS_DONE
    assert device.registers[reg.BATCHES_DONE] == 1


def test_an_old_map_is_refused(folder: Folder) -> None:
    """The other way round, the old package finds map 2 and says so by the same lines."""
    device = folder.backend()
    device.registers[reg.VERSION] = 1 << 16
    with pytest.raises(HostError, match=r"wrong-bitstream(.|\n)*register map 1, .* drives 2"):
        Accelerator(folder.bit, device)
    assert device.log == ["close"]


def test_labels_and_scores_in_odd_sizes_by_name(folder: Folder) -> None:
    images = folder.images(23)
    with Accelerator(folder.bit, "numpy", max_batch=5) as accelerator:
        assert (accelerator.predict(images) == folder.labels(images)).all()
        found = accelerator.scores(images)
    assert found.dtype == np.int64 and (found == folder.scores(images)).all()
