# SPDX-License-Identifier: Apache-2.0
"""Runs a mapped 7-series netlist in NumPy, so that what was counted is also what was checked.

LUTs, CARRY4, MUXF7, MUXF8, INV, FDRE, FDSE, SRL16E, SRLC32E and RAM32M; one clock. Many independent
stimuli at once: every net is an array with one entry per stimulus.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]
Cell = dict[str, Any]
REGISTERS = ("FDRE", "FDSE")
DELAYS = ("SRL16E", "SRLC32E")
MEMORY = "RAM32M"
LOGIC = re.compile(r"LUT[1-6]|MUXF[78]|CARRY4|INV|SRL16E|SRLC32E|RAM32M")
AT_ONCE = {  # inputs that outputs follow without a clock; of the other kinds, all of them
    "SRL16E": r"A\d", "SRLC32E": "A", MEMORY: "ADDR[A-D]",
}  # fmt: skip


class Netlist:
    """State and logic of one flat module.

    Args:
        module: a module of yosys' `write_json`.
        stimuli: how many run side by side.

    Raises:
        ValueError: a cell of another kind, or a loop of logic.
    """

    def __init__(self, module: dict[str, Any], stimuli: int) -> None:
        self.stimuli = stimuli
        self.ports = {name: port["bits"] for name, port in module["ports"].items()}
        self.nets: dict[int | str, Bits] = {bit: self._all(bit == "1") for bit in "01xz"}
        cells = [c for c in module["cells"].values() if c["type"][0] != "$"]
        self.registers = [c for c in cells if c["type"] in REGISTERS]
        for cell in self.registers:
            self.nets[cell["connections"]["Q"][0]] = self._all(_parameter(cell, "INIT"))
        self.inputs = [
            bit
            for port in module["ports"].values()
            if port["direction"] == "input"
            for bit in port["bits"]
        ]
        logic = [c for c in cells if c["type"] not in REGISTERS]
        self.logic = _in_order(logic, {*self.nets, *self.inputs})
        # 32 words of 8 bits, a delay has one; what is in them at the start is taken as 0
        kinds = (*DELAYS, MEMORY)
        self.stored = [
            (c, np.zeros((32, 8 if c["type"] == MEMORY else 1, stimuli), np.uint8))
            for c in logic
            if c["type"] in kinds
        ]
        self.words = {id(cell): words for cell, words in self.stored}

    def step(self, **inputs: Bits) -> dict[str, Bits]:
        """One clock: outputs before the edge, then the state moves.

        Args:
            inputs: by port name, shape (stimuli, width) of bits; others are 0.

        Returns:
            By port name, shape (stimuli, width) of bits.
        """
        self.nets.update({bit: self._all(0) for bit in self.inputs})
        for name, values in inputs.items():
            columns = np.asarray(values, np.uint8).T
            self.nets.update(zip(self.ports[name], columns, strict=True))
        for cell in self.logic:
            self._evaluate(cell)
        given = {n: np.stack([self.nets[b] for b in bits], 1) for n, bits in self.ports.items()}
        moved = [(c["connections"]["Q"][0], self._next(c)) for c in self.registers]
        for cell, words in self.stored:
            self._store(cell, words)
        self.nets.update(moved)
        return given

    def _all(self, bit: int) -> Bits:
        return np.full(self.stimuli, bit & 1, np.uint8)

    def _pins(self, cell: Cell, *names: str) -> list[Bits]:
        return [self.nets[bit] for name in names for bit in cell["connections"][name]]

    def _index(self, cell: Cell, *names: str) -> NDArray[np.int64]:
        pins = self._pins(cell, *names)
        index = np.zeros(self.stimuli, np.int64)
        for i, pin in enumerate(pins):
            index |= pin.astype(np.int64) << i
        return index

    def _next(self, cell: Cell) -> Bits:
        force = "R" if cell["type"] == "FDRE" else "S"
        names = ("D", "CE", force)
        inverted = (_parameter(cell, f"IS_{name}_INVERTED") for name in names)
        pins = zip(self._pins(cell, *names), inverted, strict=True)
        d, enable, forced = (pin ^ np.uint8(i) for pin, i in pins)
        moved = np.where(enable, d, self._pins(cell, "Q")[0])
        return np.where(forced, np.uint8(force == "S"), moved)

    def _store(self, cell: Cell, words: NDArray[np.uint8]) -> None:
        if cell["type"] == MEMORY:
            written = np.flatnonzero(self._pins(cell, "WE")[0])
            new = np.stack(self._pins(cell, "DIA", "DIB", "DIC", "DID"), 0)
            words[self._index(cell, "ADDRD")[written], :, written] = new[:, written].T
        else:
            enable = self._pins(cell, "CE")[0]
            shifted = np.concatenate([self._pins(cell, "D")[0][None, None], words[:-1]])
            words[:] = np.where(enable, shifted, words)

    def _evaluate(self, cell: Cell) -> None:
        kind, wires = cell["type"], cell["connections"]
        out: dict[int | str, Bits] = {}
        every = np.arange(self.stimuli)
        if kind == "INV":
            out[wires["O"][0]] = 1 - self._pins(cell, "I")[0]
        elif kind in ("MUXF7", "MUXF8"):
            out[wires["O"][0]] = np.where(*self._pins(cell, "S", "I1", "I0"))
        elif kind == "CARRY4":
            start, first = self._pins(cell, "CI", "CYINIT")
            carry = start | first  # one of the two is 0
            for i, (s, d) in enumerate(
                zip(self._pins(cell, "S"), self._pins(cell, "DI"), strict=True)
            ):
                out[wires["O"][i]] = s ^ carry
                carry = np.where(s, carry, d)
                out[wires["CO"][i]] = carry
        elif kind in DELAYS:
            names = [f"A{i}" for i in range(4)] if kind == "SRL16E" else ["A"]
            out[wires["Q"][0]] = self.words[id(cell)][self._index(cell, *names), 0, every]
        elif kind == MEMORY:
            for i, letter in enumerate("ABCD"):
                index = self._index(cell, f"ADDR{letter}")
                for half, bit in enumerate(wires[f"DO{letter}"]):
                    out[bit] = self.words[id(cell)][index, 2 * i + half, every]
        else:
            n, init = int(kind[3]), _parameter(cell, "INIT")
            table = np.array([init >> i & 1 for i in range(1 << n)], np.uint8)
            out[wires["O"][0]] = table[self._index(cell, *(f"I{i}" for i in range(n)))]
        self.nets.update(out)


def _parameter(cell: Cell, name: str) -> int:
    text = str(cell["parameters"].get(name, "0"))
    return int(text.replace("x", "0").replace("z", "0"), 2)


def _in_order(cells: list[Cell], known: set[int | str]) -> list[Cell]:
    """Cells of logic, each behind those that drive it."""
    driver: dict[int | str, int] = {}
    for cell in cells:
        if not LOGIC.fullmatch(cell["type"]):
            raise ValueError(f"no model for a {cell['type']}")
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "output":
                driver.update({bit: id(cell) for bit in bits})
    needs: dict[int, int] = {}
    users: dict[int, list[Cell]] = {}
    for cell in cells:
        followed = re.compile(AT_ONCE.get(cell["type"], r"\w+"))
        read = {
            bit
            for port, bits in cell["connections"].items()
            if cell["port_directions"][port] == "input" and followed.fullmatch(port)
            for bit in bits
        }
        sources = {driver[bit] for bit in read - known if bit in driver}
        needs[id(cell)] = len(sources)
        for source in sources:
            users.setdefault(source, []).append(cell)
    order = [cell for cell in cells if not needs[id(cell)]]
    for cell in order:  # grows while it is walked
        for user in users.get(id(cell), []):
            needs[id(user)] -= 1
            if not needs[id(user)]:
                order.append(user)
    if len(order) < len(cells):
        raise ValueError(f"a loop among {len(cells) - len(order)} cells")
    return order
