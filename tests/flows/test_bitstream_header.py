# SPDX-License-Identifier: Apache-2.0
"""The header of a .bit: read as PYNQ reads it, refused when it is broken or for another part."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.bitstream.header import check_part, read_header
from flows.errors import CheckFailed
from tests.flows.bitstream_tools import PART, bit_bytes

GOOD = bit_bytes(PART)


def written(folder: Path, data: bytes) -> Path:
    bit = folder / "x.bit"
    bit.write_bytes(data)
    return bit


def test_fields(tmp_path: Path) -> None:
    header = read_header(written(tmp_path, GOOD))
    assert header.design == "small;Version=stand-in" and header.part == PART
    assert (header.date, header.time, header.length) == ("2026/11/21", "12:00:00", 48 + 4 + 64)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not begin"),
        (b"\x7fELF" + GOOD, "does not begin"),
        (GOOD[:20], "does not end"),
        (GOOD[:13], "fields are none"),
        (GOOD[:-1], "bytes of data"),
        (GOOD + b"\0", "bytes of data"),
        (GOOD.replace(bytes.fromhex("aa995566"), bytes(4)), "sync word"),
        (GOOD.replace(b"c\x00\x0b2026", b"x\x00\x0b2026"), "fields are design, part"),
    ],
)
def test_what_is_no_bitstream(data: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="bit-header") as caught:
        read_header(written(tmp_path, data))
    assert why in caught.value.what


def test_every_cut_is_refused(tmp_path: Path) -> None:
    for n in range(len(GOOD)):
        with pytest.raises(CheckFailed, match="bit-header"):
            read_header(written(tmp_path, GOOD[:n]))


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("7z020clg400", "xc7z020clg400-1"),  # Vivado, 7 series
        ("xc7z020clg400-1", "xc7z020clg400-1"),  # xc7frames2bit
        ("xc7z020clg400-2", "xc7z020clg400-1"),  # the same silicon, sorted
        ("xczu3eg-sbva484-1-i", "xczu3eg-sbva484-1-i"),
        ("xck26-sfvc784-2lv-c", "xck26-sfvc784-2LV-c"),
    ],
)
def test_parts_that_agree(said: str, part: str, tmp_path: Path) -> None:
    assert check_part(written(tmp_path, bit_bytes(said)), part).part == said


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("7z010clg400", "xc7z020clg400-1"),
        ("7z020clg484", "xc7z020clg400-1"),
        ("xczu3eg-sfvc784-1-i", "xczu3eg-sbva484-1-i"),
        ("", "xc7z020clg400-1"),
    ],
)
def test_parts_that_differ(said: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="bit-part"):
        check_part(written(tmp_path, bit_bytes(said)), part)
