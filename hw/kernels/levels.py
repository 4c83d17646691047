# SPDX-License-Identifier: Apache-2.0
"""Logic levels of a mapped 7-series netlist: how many cells lie between two registers.

A level is a LUT, a memory read in LUTs, or a carry chain of any length; wide multiplexers (MUXF7,
MUXF8) and inverters count nothing. No delays: wires dominate them, and those need a placement.
"""

from __future__ import annotations

import re
from typing import Any

_LOGIC = re.compile(r"LUT[1-6]|MUXF[78]|CARRY4|INV|RAM\d+(X1)?[SDM]\w*")
_FREE = re.compile(r"MUXF[78]|INV")


def levels(module: dict[str, Any]) -> int:
    """Longest path through the logic of one flat module, in levels.

    Args:
        module: a module of yosys' `write_json`.

    Returns:
        Levels between registers, ports, block RAM and DSP; 0 for none.
    """
    driver: dict[int, str] = {}
    cells = {n: c for n, c in module["cells"].items() if _LOGIC.fullmatch(c["type"])}
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) == "output":
                driver.update({bit: name for bit in bits if isinstance(bit, int)})

    def before(name: str) -> set[str]:
        cell = cells[name]
        read = (
            bits
            for port, bits in cell["connections"].items()
            if cell["port_directions"].get(port) == "input"
            and (not cell["type"].startswith("RAM") or re.match(r"ADDR|A\d|DPRA", port))
        )
        return {driver[bit] for bits in read for bit in bits if bit in driver}

    depth: dict[str, int] = {}
    stack = [(name, False) for name in cells]
    while stack:
        name, inputs_known = stack.pop()
        if name in depth:
            continue
        inputs = before(name)
        if not inputs_known:
            stack.append((name, True))
            stack += [(i, False) for i in inputs if i not in depth]
            continue
        chain = cells[name]["type"] == "CARRY4"
        own = 0 if _FREE.fullmatch(cells[name]["type"]) else 1
        # carry to carry: the chain counts once
        depth[name] = max(
            (
                depth[i] + (own if not (chain and cells[i]["type"] == "CARRY4") else 0)
                for i in inputs
            ),
            default=own,
        )
    return max(depth.values(), default=0)
