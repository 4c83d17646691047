# SPDX-License-Identifier: Apache-2.0
"""The kernel bench: what it counts, what it holds areas against, what it says is reached."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hw.bench.configs import configs
from hw.bench.figures import figures
from hw.bench.measure import AREAS, GUARDED, grown
from hw.kernels.bnn_mvu_area import mvu_area
from hw.kernels.levels import levels
from hw.kernels.sites import lut_sites


def cell(kind: str, inputs: dict[str, Any], outputs: dict[str, Any], **parameters: str) -> Any:
    nets = {**inputs, **outputs}
    ways = {**dict.fromkeys(inputs, "input"), **dict.fromkeys(outputs, "output")}
    bits = {p: n if isinstance(n, list) else [n] for p, n in nets.items()}
    return {
        "type": kind, "connections": bits, "port_directions": ways, "parameters": parameters
    }  # fmt: skip


def module(cells: dict[str, Any], outputs: list[int]) -> dict[str, Any]:
    return {"cells": cells, "ports": {"y": {"direction": "output", "bits": outputs}}}


def carry(s: list[Any], di: list[Any], o: list[int], co: list[int], cyinit: Any = "0") -> Any:
    return cell("CARRY4", {"S": s, "DI": di, "CYINIT": cyinit, "CI": "0"}, {"O": o, "CO": co})


FLIP_FLOP = {"C": 1, "CE": "1", "R": "0"}


def test_luts_and_memories_are_sites() -> None:
    cells = {
        "a": cell("LUT2", {"I0": 2, "I1": 3}, {"O": 10}),
        "b": cell("LUT6_2", {"I0": 2}, {"O5": 11, "O6": 12}),
        "c": cell("INV", {"I": 2}, {"O": 13}),
        "d": cell("RAM32M", {}, {"DOA": 14}),
    }
    assert lut_sites(module(cells, [10, 11, 12, 13, 14])) == 1 + 1 + 1 + 4


def pair(inputs: list[int]) -> dict[str, Any]:
    lower = dict(zip(("I0", "I1", "I2"), inputs[:3], strict=True))
    upper = dict(zip(("I0", "I1", "I2"), inputs[3:], strict=True))
    return {
        "u.u_lut.gen_apart.u_o5": cell("LUT3", lower, {"O": 20}),
        "u.u_lut.gen_apart.gen_five.u_o6": cell("LUT3", upper, {"O": 21}),
    }


def test_two_luts_made_as_one_share_a_site_if_they_can() -> None:
    assert lut_sites(module(pair([2, 3, 4, 4, 5, 6]), [20, 21])) == 1
    assert lut_sites(module(pair([2, 3, 4, 5, 6, 7]), [20, 21])) == 2  # six nets


def counter(registered: bool, third: bool) -> dict[str, Any]:
    """A bnn_count7: its third output from position 1's carry, or from position 2's sum."""
    cells = {
        "l0": cell("LUT6_2", {"I0": 2}, {"O5": 30, "O6": 31}),
        "l1": cell("LUT6_2", {"I0": 2}, {"O5": 32, "O6": 33}),
        "c": carry([31, 33, "0", "0"], [30, 32, "0", "0"], [40, 41, 42, 43], [44, 45, 46, 47], 3),
    }
    outputs = [40, 41, 42 if third else 45]
    if not registered:
        return module(cells, outputs)
    for net in outputs:
        cells[f"f{net}"] = cell("FDRE", {**FLIP_FLOP, "D": net}, {"Q": net + 50})
    return module(cells, [net + 50 for net in outputs])


def test_a_counter_takes_two_sites_only_in_front_of_registers() -> None:
    assert lut_sites(counter(registered=True, third=False)) == 2
    assert lut_sites(counter(registered=True, third=True)) == 3  # S of position 2 is a constant
    assert lut_sites(counter(registered=False, third=True)) == 3
    assert lut_sites(counter(registered=False, third=False)) == 3  # two outputs, one way out


def test_a_position_without_a_lut_of_its_own_takes_one() -> None:
    """An incrementer as yosys makes it: S straight from flip-flops."""
    cells = {"c": carry([2, 3, 4, "0"], ["1", "0", "0", "0"], [40, 41, 42, 43], [44, 45, 46, 47])}
    assert lut_sites(module(cells, [40, 41, 42])) == 3


def test_a_carry_in_and_a_foreign_di_do_not_share_a_pin() -> None:
    lut = cell("LUT2", {"I0": 2}, {"O": 31})
    one = carry([31, "0", "0", "0"], [9, "0", "0", "0"], [40, 41, 42, 43], [44, 45, 46, 47], 3)
    assert lut_sites(module({"l": lut, "c": one}, [40])) == 2


def test_levels_follow_what_an_output_depends_on() -> None:
    """The O5 of a majority does not see the input that only O6 reads."""
    majority, parity = 0xE8E8E8E8, 0x96696996
    init = f"{parity << 32 | majority:064b}"
    chain = {
        f"l{i}": cell(
            "LUT6_2", {"I0": 2, "I1": 3, "I2": 4, "I4": 50 + i, "I5": "1"},
            {"O5": 51 + i, "O6": 60 + i}, INIT=init,
        )
        for i in range(4)
    }  # fmt: skip
    assert levels(module(chain, [60, 61, 62, 63])) == 2


def test_every_configuration_has_a_recorded_area() -> None:
    assert set(json.loads(AREAS.read_text())) == {c.key for c in configs()}


def test_growth_is_found() -> None:
    before = {"u": dict.fromkeys(GUARDED, 100.0)}
    assert grown([{"key": "u", **dict.fromkeys(GUARDED, 102)}], before) == []
    (line,) = grown([{"key": "u", **dict.fromkeys(GUARDED, 90), "sites": 103}], before)
    assert line == "u: sites 100 -> 103"
    assert grown([{"key": "new", **dict.fromkeys(GUARDED, 1)}], before)


@pytest.mark.parametrize(("sites", "met"), [(73, True), (74, False)])
def test_a_must_can_be_missed(sites: int, met: bool) -> None:
    row = {"group": "mac", "prim": 1, "sites": sites, "lanes": 64, "levels": 6, "ff": 1}
    (first, *_) = figures([{**row, "params": {"SIMD": 64}}], [])
    assert first.met is met


def test_memory_goes_where_it_is_cheaper() -> None:
    *_, cheap = mvu_area(256, 256, 32, 8, False, 1.0)
    *_, dear = mvu_area(256, 256, 32, 8, False, 1e6)
    *_, deep = mvu_area(1024, 1024, 32, 8, False, 1e9)
    *_, constant = mvu_area(64, 64, 64, 64, False, 0.0)
    assert (cheap, dear, deep, constant) == (True, False, True, False)
