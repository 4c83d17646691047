# SPDX-License-Identifier: Apache-2.0
"""A user's script and the driver's command line against the RTL of the whole system."""

from __future__ import annotations

import io
import json
import logging
import os
import random
import runpy
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.task import bridge

BIT = Path(os.environ["COSIM_BIT"])
sys.path.insert(0, str(BIT.parent))  # before hw/host: the driver as it is shipped

import bnnflow_host  # noqa: E402
from bnnflow_host import Accelerator, HostError, HostTimeout  # noqa: E402
from bnnflow_host import registers as reg  # noqa: E402

from sim.system.bus import pauses  # noqa: E402
from sim.system.rtl_backend import BASE, RtlBackend  # noqa: E402

FAULT = os.environ.get("COSIM_FAULT", "")
FRAMES = int(os.environ.get("COSIM_FRAMES", "32"))


async def _system(dut: Any, pause: float = 0.0) -> RtlBackend:
    logging.getLogger("cocotb").setLevel(logging.WARNING)
    assert Path(bnnflow_host.__file__).parents[1] == BIT.parent, bnnflow_host.__file__
    backend = RtlBackend(dut, FAULT)
    if pause:
        rng = random.Random(os.environ["SEED"])
        write, read = backend.slave.write_if, backend.slave.read_if
        for channel in (read.ar_channel, read.r_channel, write.aw_channel, write.w_channel):
            channel.set_pause_generator(pauses(pause, random.Random(rng.random())))
        write.b_channel.set_pause_generator(pauses(pause, random.Random(rng.random())))
    await backend.start()
    bnnflow_host.use_backend(lambda bitfile, about: backend)
    return backend


def _clean(backend: RtlBackend) -> None:
    assert not backend.memory.violations, backend.memory.violations[:3]
    assert int(backend.pins.errors.value) == 0, "axi_checker counted violations"
    assert int(backend.pins.open.value) == 0


def _vectors(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with np.load(str(BIT.with_name(BIT.stem + "_vectors.npz"))) as v:
        return v["images"][:n], v["labels"][:n], v["scores"][:n]


def _script(path: str, *arguments: str) -> str:
    """Run a program as `python path arguments` would; returns what it printed."""
    said, argv, finders = io.StringIO(), sys.argv, sys.meta_path[:]
    sys.argv = [path, *arguments]
    sys.meta_path[:] = [f for f in finders if not hasattr(f, "_rewritten_names")]  # pytest's
    try:
        with redirect_stdout(said):
            run = runpy.run_path if path.endswith(".py") else runpy.run_module
            run(path, run_name="__main__")
    except SystemExit as end:
        assert not end.code, f"{path} ended with {end.code}"
    finally:
        sys.argv, sys.meta_path[:] = argv, finders
    return said.getvalue()


@cocotb.test()
async def user_script(dut: Any) -> None:
    """The deployed example.py, unchanged: every label and every score as the reference."""
    backend = await _system(dut)
    said = await bridge(_script)(str(BIT.with_name("example.py")), str(BIT))
    n = len(_vectors(10_000)[0])
    assert said == f"labels: {n} of {n} as expected\nscores: {n} of {n} as expected\n", said
    _clean(backend)


@cocotb.test()
async def command_line(dut: Any) -> None:
    """The command selftest, unchanged."""
    backend = await _system(dut)
    said = await bridge(_script)("bnnflow_host", "--bit", str(BIT), "selftest")
    assert "every label and every score equal" in said
    _clean(backend)


def _sizes(n: int) -> None:
    images, labels, scores = _vectors(n)
    with Accelerator(BIT, max_batch=7) as accelerator:
        for count in (0, 1, 2, 7, 8, n, 1):
            assert (accelerator.predict(images[:count]) == labels[:count]).all(), count
            assert (accelerator.scores(images[:count]) == scores[:count]).all(), count


@cocotb.test()
async def any_batch_size_under_pauses(dut: Any) -> None:
    """0, 1 and more frames, split into hardware batches, memory pausing on every channel."""
    backend = await _system(dut, 0.4)
    await bridge(_sizes)(24)
    _clean(backend)


def _failures(backend: RtlBackend) -> None:
    images, labels, _ = _vectors(8)
    with Accelerator(BIT) as accelerator:
        assert (accelerator.predict(images) == labels).all()
        first = backend.memory.readable[0][0]
        backend.memory.bad_reads.add(first + 5)
        try:
            accelerator.predict(images)
        except HostError as error:
            assert "read of the input" in str(error), error
        else:
            raise AssertionError("a bus error went unnoticed")
        backend.memory.bad_reads.clear()
        assert (accelerator.predict(images) == labels).all()
        accelerator.timeout_s = 1e-6
        try:
            accelerator.predict(np.concatenate([images] * 40))
        except HostTimeout as error:
            assert "idle again after a reset" in str(error), error
        else:
            raise AssertionError("a timeout went unnoticed")
        accelerator.timeout_s = 10.0
        assert (accelerator.predict(images) == labels).all()


@cocotb.test()
async def bus_error_and_timeout(dut: Any) -> None:
    """Both end in an error that says what happened, and the next call is right."""
    backend = await _system(dut)
    await bridge(_failures)(backend)
    _clean(backend)


@cocotb.test()
async def register_bursts(dut: Any) -> None:
    """A processor may join accesses: bursts through the general port, with gaps and pauses."""
    backend = await _system(dut, 0.3)
    if not backend.zynq:
        return
    rng, port = random.Random(os.environ["SEED"]), backend.lite
    for channel in (port.write_if.w_channel, port.write_if.b_channel, port.read_if.r_channel):
        channel.set_pause_generator(pauses(0.4, random.Random(rng.random())))
    for _ in range(12):
        want = rng.randbytes(12)  # SOURCE, DESTINATION, FRAMES
        start = rng.randrange(12)
        await port.write(BASE + reg.SOURCE, want)
        await port.write(BASE + reg.SOURCE + start, want[start:])
        read = await port.read(BASE + reg.SOURCE, 12)
        assert bytes(read.data) == want
        read = await port.read(BASE, 160)  # in one burst where the port has AXI4
        assert bytes(read.data)[reg.SOURCE : reg.SOURCE + 12] == want
        assert int.from_bytes(bytes(read.data)[:4], "little") == reg.IDENTITY_VALUE
    _clean(backend)


def _rate() -> dict[str, Any]:
    with Accelerator(BIT) as accelerator:
        return accelerator.benchmark(FRAMES)


@cocotb.test()
async def rate(dut: Any) -> None:
    """Frames/s of the system and what bounds them, kept in rate.json."""
    await _system(dut)
    result = await bridge(_rate)()
    Path("rate.json").write_text(json.dumps(result, indent=2) + "\n")
