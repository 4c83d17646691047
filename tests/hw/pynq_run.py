# SPDX-License-Identifier: Apache-2.0
"""Run by a Python that has the real pynq: the driver's board back end on a pynq.Device of ours.

    PYTHONPATH=hw/host PYNQ_PYTHON tests/hw/pynq_run.py deploy/tiny.bit

pynq parses our .hwh and does Overlay, MMIO and allocate(); behind them are registers and memory in
NumPy. Prints what pynq found, as JSON; the first failed check ends it.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pynq
from bnnflow_host import Accelerator, HostError
from bnnflow_host import registers as reg
from bnnflow_host.backends import NumpyBackend
from bnnflow_host.description import load_description
from pynq.pl_server.device import Device
from pynqmetadata.frontends import Metadata
from pynqmetadata.views.runtime import RuntimeMetadataParser

BIT = Path(sys.argv[1])
ABOUT = load_description(BIT)


class Shared(np.ndarray):
    """What pynq.allocate() gives: an array with an address."""

    physical_address = 0
    memory: np.ndarray

    def flush(self) -> None:
        """Processor to memory."""
        self.memory[...] = self

    def invalidate(self) -> None:
        """Memory to processor."""
        self[...] = self.memory

    def freebuffer(self) -> None:
        """Nothing to give back."""


class NumpyDevice(Device):
    """Registers at the address that the .hwh must name, memory behind a cache."""

    _probe_priority_ = 900

    def __init__(self) -> None:
        super().__init__("bnnflow-numpy")
        self.capabilities = {"REGISTER_RW": True}
        self.name, self.arch = "bnnflow-numpy", "armv7l"
        self.model = NumpyBackend(BIT, ABOUT)
        self.downloads = 0

    @classmethod
    def _probe_(cls):
        return []

    def read_registers(self, address, length):
        return self.model.read(address - ABOUT.base).to_bytes(length, "little")

    def write_registers(self, address, data):
        self.model.write(address - ABOUT.base, int.from_bytes(bytes(data), "little"))

    def allocate(self, shape, dtype, **kwargs):
        assert dtype == np.uint8
        buffer = self.model.allocate(int(np.prod(shape)))
        shared = np.zeros(shape, dtype).view(Shared)
        shared.memory, shared.physical_address = buffer.array, buffer.address
        return shared

    def get_bitfile_metadata(self, bitfile_name, partial=False):
        # as pynq's EmbeddedDevice does, less xclbinutil, which only a board has
        parser = RuntimeMetadataParser(Metadata(input=Path(bitfile_name).with_suffix(".hwh")))
        parser.refresh_hierarchy_dict()
        return parser

    def download(self, bitstream, parser=None):
        self.downloads += 1

    def gen_cache(self, bitstream, parser=None):
        """No cache of metadata."""


clocks = []


def set_pl_clk(*given, **named):
    """In place of the processor's clock registers, which only a board has."""
    clocks.append([list(given), named])


pynq.ps.Clocks.set_pl_clk = staticmethod(set_pl_clk)
device = NumpyDevice()
Device.active_device = device
vectors = np.load(str(BIT.with_name(BIT.stem + "_vectors.npz")))
with Accelerator(BIT) as accelerator:
    assert (accelerator.predict(vectors["images"]) == vectors["labels"]).all()
    assert (accelerator.scores(vectors["images"]) == vectors["scores"]).all()
    assert device.downloads == 1
device.model.registers[reg.HASH_LOW] ^= 1
try:
    Accelerator(BIT)
except HostError as error:
    assert error.code == "wrong-bitstream"
else:
    raise AssertionError("a wrong bitstream was taken")
overlay = pynq.Overlay(str(BIT), download=False)
block = overlay.ip_dict["accelerator_0"]
registers = {name: row["address_offset"] for name, row in block["registers"].items()}
fields = {name: row["bit_offset"] for name, row in block["registers"]["STATUS"]["fields"].items()}
clock = overlay.clock_dict[0]
found = {"pynq": pynq.__version__, "address": block["phys_addr"], "size": block["addr_range"]}
found.update({"registers": registers, "status": fields, "frequency": clock.get("frequency")})
found.update({"divisors": [clock.get("divisor0"), clock.get("divisor1")]})
found["clocks"] = clocks[:1]
found["frames"] = int(overlay.accelerator_0.register_map.IN_BYTES)
print(json.dumps(found))
