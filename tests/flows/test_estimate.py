# SPDX-License-Identifier: Apache-2.0
"""The estimate against synthesis; figures of hw/README.md and of FINN's width converter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.estimate import Area, dwc_area, mvu_area, rom_bram36, rom_lut

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(
    r"\| `bnn_mvu` \| MW=(\d+) MH=(\d+) SIMD=(\d+) PE=(\d+) RAW=(\d) [^|]*"
    r"\| (\d+) [^|]*\|[^|]*\|[^|]*\|[^|]*\| ([\d.]+) \|"
)
UNITS = ROW.findall((ROOT / "hw/README.md").read_text())


def test_the_catalogue_has_units() -> None:
    assert len(UNITS) >= 16


@pytest.mark.parametrize("row", UNITS, ids=lambda r: "-".join(r[:5]))
def test_units_are_estimated(row: tuple[str, ...]) -> None:
    """LUTs within 15 %, block RAMs exactly or above."""
    mw, mh, simd, pe, raw, lut = (int(v) for v in row[:6])
    area, measured = mvu_area(mw, mh, pe, simd, bool(raw)), Area(lut, float(row[6]))
    assert area.lut == pytest.approx(lut, rel=0.15)
    assert measured.bram36 <= area.bram36 <= 1.25 * measured.bram36


WIDER = ((1, 8, 11), (4, 16, 38), (2, 64, 83), (16, 32, 32), (32, 256, 62), (8, 784, 226))
NARROWER = ((16, 4, 89), (64, 2, 571), (32, 16, 66), (256, 32, 1348))


@pytest.mark.parametrize(("in_bits", "out_bits", "lut"), WIDER + NARROWER)
def test_width_converters_are_estimated(in_bits: int, out_bits: int, lut: int) -> None:
    assert dwc_area(in_bits, out_bits).lut == pytest.approx(lut, rel=0.3, abs=35)


def test_nothing_is_free_but_equal_widths_and_folded_words() -> None:
    assert dwc_area(8, 8) == Area(0, 0)
    assert rom_lut(100, 8) == 0
    assert [rom_lut(1, d) for d in (9, 64, 65, 128, 256)] == [1, 1, 2, 2, 4]
    assert [rom_bram36(36, d) for d in (512, 1024)] == [0.5, 1]
