# SPDX-License-Identifier: Apache-2.0
"""Logic levels of a mapped 7-series netlist: how many cells lie between two registers.

A level is a LUT, a memory read in LUTs, or a carry chain of any length; wide multiplexers (MUXF7,
MUXF8) and inverters count nothing. No delays: wires dominate them, and those need a placement.
"""

from __future__ import annotations

import re
from typing import Any

_LOGIC = re.compile(r"LUT[1-6]|LUT6_2|MUXF[78]|CARRY4|INV|RAM\d+(X1)?[SDM]\w*")
_FREE = re.compile(r"MUXF[78]|INV")
Node = tuple[str, str]  # cell and, where its outputs differ in what they depend on, output port


def _depends(init: str, pin: int) -> bool:
    """Whether a LUT's function, its INIT as binary digits, depends on an input."""
    table = init[::-1]
    return any(table[i] != table[i ^ (1 << pin)] for i in range(len(table)))


def _read_ports(cell: dict[str, Any], output: str) -> list[str]:
    """Input ports that an output of a cell depends on."""
    kind = cell["type"]
    inputs = [p for p, way in cell["port_directions"].items() if way == "input"]
    if kind == "LUT6_2":
        init = str(cell["parameters"]["INIT"]).zfill(64)
        table = init[32:] if output == "O5" else init
        pins = 5 if output == "O5" else 6
        return [f"I{i}" for i in range(pins) if _depends(table, i)]
    if kind.startswith("RAM"):
        return [p for p in inputs if re.match(r"ADDR|A\d|DPRA", p)]
    return inputs


def levels(module: dict[str, Any]) -> int:
    """Longest path through the logic of one flat module, in levels.

    Args:
        module: a module of yosys' `write_json`.

    Returns:
        Levels between registers, ports, block RAM and DSP; 0 for none.
    """
    cells = {n: c for n, c in module["cells"].items() if _LOGIC.fullmatch(c["type"])}
    driver: dict[int, Node] = {}
    nodes: list[Node] = []
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) == "output":
                node = (name, port if cell["type"] == "LUT6_2" else "")
                nodes.append(node)
                driver.update({bit: node for bit in bits if isinstance(bit, int)})

    def before(node: Node) -> set[Node]:
        cell = cells[node[0]]
        read = (cell["connections"].get(port, []) for port in _read_ports(cell, node[1]))
        return {driver[bit] for bits in read for bit in bits if bit in driver}

    depth: dict[Node, int] = {}
    stack = [(node, False) for node in nodes]
    while stack:
        node, inputs_known = stack.pop()
        if node in depth:
            continue
        inputs = before(node)
        if not inputs_known:
            stack.append((node, True))
            stack += [(i, False) for i in inputs if i not in depth]
            continue
        kind = cells[node[0]]["type"]
        own = 0 if _FREE.fullmatch(kind) else 1
        # carry to carry: the chain counts once
        depth[node] = max(
            (depth[i] + (0 if kind == "CARRY4" == cells[i[0]]["type"] else own) for i in inputs),
            default=own,
        )
    return max(depth.values(), default=0)
