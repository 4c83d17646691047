# SPDX-License-Identifier: Apache-2.0
"""The header of a .bit file, which AMD's tools and prjxray's xc7frames2bit write before the data.

Fields as PYNQ's parser reads them (pynq/pl_server/embedded_device.py, parse_bit_header): a fixed
first field, then a: design, b: part, c: date, d: time, each a 2-byte length and a text that ends
with a zero byte; e: a 4-byte length and the data. All numbers are big-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from flows.errors import CheckFailed

#: first field and the count behind it
MAGIC = bytes.fromhex("0009 0ff00ff00ff00ff000 0001")
FIELDS = {b"a": "design", b"b": "part", b"c": "date", b"d": "time"}
#: the word that starts configuration (AMD UG470, "Sync Word"), and how far into the data to look
SYNC, SYNC_WITHIN = bytes.fromhex("aa995566"), 256


@dataclass(frozen=True)
class Header:
    """What a .bit says of itself; `length` is that of the data, in bytes."""

    design: str
    part: str
    date: str
    time: str
    length: int


def read_header(bit: Path) -> Header:
    """Read a .bit file's header and check it against the file.

    Raises:
        CheckFailed: bit-header, when the file is no bitstream, or not a whole one.
    """
    data = bit.read_bytes()
    if not data.startswith(MAGIC):
        raise _bad(bit, "it does not begin like a .bit file")
    offset, texts = len(MAGIC), {}
    try:
        while (key := data[offset : offset + 1]) in FIELDS:
            (size,) = struct.unpack_from(">H", data, offset + 1)
            text = data[offset + 3 : offset + 3 + size]
            if len(text) != size or not text.endswith(b"\0"):
                raise _bad(bit, f"its field {key.decode()} does not end")
            texts[FIELDS[key]] = text[:-1].decode("ascii")
            offset += 3 + size
        if key != b"e" or set(texts) != set(FIELDS.values()):
            raise _bad(bit, f"its fields are {', '.join(texts) or 'none'}")
        (length,) = struct.unpack_from(">I", data, offset + 1)
    except (struct.error, UnicodeDecodeError) as err:
        raise _bad(bit, f"its header is not one: {err}") from err
    content = data[offset + 5 :]
    if len(content) != length:
        raise _bad(bit, f"its header says {length} bytes of data, {len(content)} follow")
    if SYNC not in content[:SYNC_WITHIN]:
        raise _bad(bit, "its data has no sync word")
    return Header(**texts, length=length)


def check_part(bit: Path, part: str) -> Header:
    """Read a .bit file's header and check that it is for a part.

    Vivado writes 7-series parts without "xc" and without speed grade, other tools as they are
    named; the speed grade makes no other bitstream and is not compared.

    Args:
        bit: the file.
        part: as Vivado names it, e.g. "xc7z020clg400-1".

    Raises:
        CheckFailed: bit-header; bit-part, when it is for another one.
    """
    header = read_header(bit)
    if _device(header.part) != _device(part):
        raise CheckFailed(
            "bit-part",
            f"the bitstream is for {header.part}, the board has {part}",
            str(bit),
            "make bitstream with the board's name, BOARD=, or remove the file",
        )
    return header


def _device(part: str) -> str:
    """Device and package of a part's name: "xc7z020clg400-1" gives "7z020clg400"."""
    words = part.lower().removeprefix("xc").split("-")
    return words[0] if words[0].startswith("7") else "-".join(words[:2])


def _bad(bit: Path, why: str) -> CheckFailed:
    return CheckFailed(
        "bit-header", f"{bit.name} is no bitstream: {why}", str(bit), "make bitstream again"
    )
