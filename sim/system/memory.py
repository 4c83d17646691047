# SPDX-License-Identifier: Apache-2.0
"""Memory behind an AXI slave of cocotbext-axi: 4 GiB in pages, with windows and bad places."""

from __future__ import annotations


class BusError(Exception):
    """Raised by an access to a bad place; cocotbext-axi answers it by SLVERR."""


class Memory:
    """A sparse memory that notes every access outside what a test allowed.

    Attributes:
        violations: accesses outside the windows, as text; a test wants none.
    """

    PAGE = 4096
    SIZE = 1 << 32

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}
        self.readable: list[tuple[int, int]] = []
        self.writable: list[tuple[int, int]] = []
        self.bad_reads: set[int] = set()
        self.bad_writes: set[int] = set()
        self.violations: list[str] = []

    def forbid_all(self) -> None:
        """Close all windows."""
        self.readable, self.writable = [], []

    def allow(self, read: tuple[int, int], write: tuple[int, int]) -> None:
        """Open windows (first, one past the last); reads count in whole 8-byte words."""
        self.readable.append((read[0] // 8 * 8, -(-read[1] // 8) * 8))
        self.writable.append(write)

    def _check(self, kind: str, windows: list[tuple[int, int]], start: int, length: int) -> None:
        if not any(first <= start and start + length <= last for first, last in windows):
            self.violations.append(f"{kind} of {length} bytes at {start:#x}")

    def put(self, address: int, data: bytes) -> None:
        """Write from the test's side."""
        done = 0
        while done < len(data):
            page, offset = divmod(address + done, self.PAGE)
            part = data[done : done + self.PAGE - offset]
            self.pages.setdefault(page, bytearray(self.PAGE))[offset : offset + len(part)] = part
            done += len(part)

    def get(self, address: int, length: int) -> bytes:
        """Read from the test's side."""
        zero = bytes(self.PAGE)
        out = bytearray()
        while length > 0:
            page, offset = divmod(address, self.PAGE)
            part = self.pages.get(page, zero)[offset : offset + length]
            out += part
            address, length = address + len(part), length - len(part)
        return bytes(out)

    async def read(self, address: int, length: int) -> bytes:
        """Read from the bus."""
        self._check("read", self.readable, address, length)
        if any(address <= bad < address + length for bad in self.bad_reads):
            raise BusError(f"read at {address:#x}")
        return self.get(address, length)

    async def write(self, address: int, data: bytes) -> None:
        """Write from the bus."""
        self._check("write", self.writable, address, len(data))
        if any(address <= bad < address + len(data) for bad in self.bad_writes):
            raise BusError(f"write at {address:#x}")
        self.put(address, data)
