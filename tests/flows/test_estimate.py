# SPDX-License-Identifier: Apache-2.0
"""The estimate against synthesis; figures of hw/README.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.estimate import Area, dwc_area, imvu_area, mvu_area
from hw.kernels.bnn_mvu_area import mvu_lut, rom_bram36, rom_lut

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(
    r"\| `bnn_mvu` PRIM=1 \| MW=(\d+) MH=(\d+) SIMD=(\d+) PE=(\d+) RAW=(\d) ROM_BLOCK=(\d) [^|]*"
    r"\| (\d+) [^|]*\|[^|]*\| (\d+) \| ([\d.]+) \|.*\| \d+ \([^)]*?(unseen)?\) \|"
)
UNITS = ROW.findall((ROOT / "hw/README.md").read_text())


def test_the_catalogue_has_units() -> None:
    assert len(UNITS) >= 40
    assert sum(1 for row in UNITS if row[-1]) >= 20


@pytest.mark.parametrize("row", UNITS, ids=lambda r: "-".join(r[:6]))
def test_units_are_estimated(row: tuple[str, ...]) -> None:
    """LUT sites within 10 %, of units the fit has not seen as well; block RAMs not below."""
    mw, mh, simd, pe, raw, block, sites = (int(v) for v in row[:7])
    estimate = mvu_lut(mw, mh, simd, pe, bool(raw), bool(block))
    assert estimate == pytest.approx(sites, rel=0.1)
    if block:
        measured = float(row[8])
        assert measured <= rom_bram36(pe * simd, mw * mh // (pe * simd)) <= 1.1 * measured


def test_memories() -> None:
    assert dwc_area(8, 8) == Area(0, 0)
    assert [rom_lut(2, d) for d in (17, 32, 33, 64, 65, 128, 256)] == [1, 1, 2, 2, 4, 4, 8]
    assert [rom_bram36(36, d) for d in (512, 1024)] == [0.5, 1]
    assert rom_bram36(72, 512) == 1


def test_memory_goes_where_it_is_cheaper() -> None:
    """A row of 256 columns with 256 words: four LUTs a weight bit, or 3.5 BRAM36."""
    cheap, dear = (mvu_area(256, 256, 8, 32, price) for price in (1.0, 1e6))
    assert cheap.bram36 == rom_bram36(256, 256) and dear.bram36 == 0
    assert dear.lut > cheap.lut


def test_flip_flops_of_all_units_together() -> None:
    """A single one may be off by a factor of two, a network is not."""
    estimate = sum(
        mvu_area(mw, mh, pe, simd, 1e9 if block == 0 else 0.0, bool(raw)).ff
        for mw, mh, simd, pe, raw, block in ([int(v) for v in row[:6]] for row in UNITS)
    )
    assert estimate == pytest.approx(sum(int(row[7]) for row in UNITS), rel=0.15)


def test_integer_units() -> None:
    """1-bit weights need no DSP, 8-bit ones one a lane; few words of weights stay out of BRAM."""
    pixels = {"MW": 27, "MH": 64, "PE": 16, "SIMD": 3, "IN_W": 8, "W_W": 1, "OUT_W": 13}
    scores = {"MW": 512, "MH": 10, "PE": 1, "SIMD": 2, "IN_W": 8, "W_W": 8, "OUT_W": 25}
    first, last = imvu_area(pixels, 380.0), imvu_area(scores, 380.0)
    assert first.dsp == 0 and first.bram36 == 0 and 300 < first.lut < 1500
    assert last.dsp == 2 and last.bram36 > 0
    assert first.ff > 0


def test_areas_add_up() -> None:
    a, b = Area(1, 2, 3, 4), Area(10, 20, 30, 40)
    assert a + b == Area(11, 22, 33, 44) and b - a == Area(9, 18, 27, 36)
