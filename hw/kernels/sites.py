# SPDX-License-Identifier: Apache-2.0
"""LUT sites of a mapped 7-series netlist: how many LUTs of slices it fills.

A site is one of the four positions of a slice: a LUT6 with a second output for five shared
inputs, its place on the carry chain and one way out (AMD UG474) for what does not leave on the
LUT's own output or through the flip-flop. Counted are

- a LUT, an inverter, a LUT6_2: one; two LUTs that bnn_lut6_2 made as one (PRIM = 2: u_o5 beside
  u_o6) and that have at most five nets as inputs: one together;
- memories in LUTs: the LUTs they take;
- positions of a carry chain, up to the last one in use, whose S comes from no LUT of their own:
  one, because S can only come from the LUT of the position (a constant, a flip-flop, or a LUT
  that already feeds another position);
- one more where both the sum and the carry of a position are read and neither only by one
  flip-flop, or where the first position takes its carry-in and a DI that its LUT does not make:
  both need the same input or output of the slice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from hw.kernels.recipe import FLIP_FLOPS, LUTS_OF_MEMORY

_LUT = re.compile(r"LUT[1-6]|INV")
_PAIR = re.compile(r"(.*)\.gen_apart\.(?:gen_five\.)?u_o[56]$")
Cells = dict[str, dict[str, Any]]


def _net(cell: dict[str, Any], port: str, index: int = 0) -> int | str | None:
    """The net of a port bit: a number, a constant ("0", "1", "x") or None where there is none."""
    bits = cell["connections"].get(port, [])
    return bits[index] if index < len(bits) else None


class _Readers:
    """Who reads and who drives each net."""

    def __init__(self, cells: Cells, ports: dict[str, Any]) -> None:
        self.readers: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self.driver: dict[int, tuple[str, str]] = {}
        for name, cell in cells.items():
            for port, bits in cell["connections"].items():
                output = cell["port_directions"].get(port) == "output"
                for bit in bits:
                    if isinstance(bit, int) and output:
                        self.driver[bit] = (name, port)
                    elif isinstance(bit, int):
                        self.readers[bit].append((name, port))
        for port, io in ports.items():
            for bit in io["bits"] if io["direction"] == "output" else ():
                if isinstance(bit, int):
                    self.readers[bit].append(("", port))


def _pairs(cells: Cells) -> int:
    """Couples of LUTs that share a site on purpose."""
    couples: dict[str, list[str]] = defaultdict(list)
    for name, cell in cells.items():
        found = _PAIR.match(name)
        if found and _LUT.fullmatch(cell["type"]):
            couples[found.group(1)].append(name)
    n = 0
    for names in couples.values():
        nets = {
            bit
            for name in names
            for port, bits in cells[name]["connections"].items()
            if cells[name]["port_directions"][port] == "input"
            for bit in bits
            if isinstance(bit, int)
        }
        n += len(names) == 2 and len(nets) <= 5
    return n


def _carry_sites(name: str, cells: Cells, nets: _Readers, feeding: set[str]) -> int:
    """Sites that one CARRY4 takes beyond the LUTs that feed it."""
    cell = cells[name]
    n = 0
    used = False
    for i in reversed(range(4)):
        sums = nets.readers[s] if isinstance(s := _net(cell, "O", i), int) else []
        carries = nets.readers[c] if isinstance(c := _net(cell, "CO", i), int) else []
        outside = [r for r in carries if r[1] != "CI"]
        used = used or bool(sums) or bool(carries)
        if not used:
            continue
        source = nets.driver.get(s, ("", "")) if isinstance(s := _net(cell, "S", i), int) else None
        lut = source[0] if source else ""
        made = lut in cells and bool(re.fullmatch(r"LUT[1-6]|LUT6_2", cells[lut]["type"]))
        if not made or lut in feeding:
            n += 1
        feeding.add(lut)
        n += bool(
            sums
            and outside
            and not _one_register(sums, cells)
            and not _one_register(outside, cells)
        )
    carry_in, given = _net(cell, "CYINIT"), _net(cell, "DI")
    own = isinstance(given, int) and nets.driver.get(given, ("", ""))[1] in ("O5", "O")
    return n + (isinstance(carry_in, int) and isinstance(given, int) and not own)


def _one_register(readers: list[tuple[str, str]], cells: Cells) -> bool:
    return len(readers) == 1 and readers[0][1] == "D" and cells[readers[0][0]]["type"] in FLIP_FLOPS


def lut_sites(module: dict[str, Any]) -> int:
    """LUT sites of one flat module.

    Args:
        module: a module of yosys' `write_json`.
    """
    cells: Cells = module["cells"]
    nets = _Readers(cells, module["ports"])
    feeding: set[str] = set()
    n = -_pairs(cells)
    for name, cell in cells.items():
        kind = cell["type"]
        if _LUT.fullmatch(kind) or kind == "LUT6_2":
            n += 1
        elif kind == "CARRY4":
            n += _carry_sites(name, cells, nets, feeding)
        else:
            n += LUTS_OF_MEMORY.get(kind, 0)
    return n
