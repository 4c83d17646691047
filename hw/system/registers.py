# SPDX-License-Identifier: Apache-2.0
"""The register map's one source, registers.toml, and the three files made of it.

python -m hw.system.registers          # write them
python -m hw.system.registers --check  # exit code 3 when one of them is stale
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "registers.toml"
ACCESS = ("ro", "rw", "wo", "w1c")


@dataclass(frozen=True)
class Field:
    """One bit of a register."""

    name: str
    bit: int
    text: str


@dataclass(frozen=True)
class Register:
    """32 bits at an offset; `value` is set for constants."""

    name: str
    offset: int
    access: str
    text: str
    value: int | None
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Map:
    """registers.toml, checked."""

    version: int
    size: int
    registers: tuple[Register, ...]


def load_map(path: Path = SOURCE) -> Map:
    """Read and check the map.

    Raises:
        ValueError: two names or offsets are equal, or a value is out of range.
    """
    table = tomllib.loads(path.read_text())
    registers = []
    for row in table["register"]:
        value = table["version"] if row.get("value") == "version" else row.get("value")
        fields = tuple(Field(**field) for field in row.get("field", []))
        registers.append(
            Register(row["name"], row["offset"], row["access"], row["text"], value, fields)
        )
    found = Map(table["version"], table["size"], tuple(registers))
    _check(found)
    return found


def _check(table: Map) -> None:
    for key in ("name", "offset"):
        values = [getattr(r, key) for r in table.registers]
        if len(set(values)) != len(values):
            raise ValueError(f"registers.toml: two registers have the same {key}: {values}")
    for r in table.registers:
        if r.access not in ACCESS:
            raise ValueError(f"registers.toml, {r.name}: access {r.access!r} is none of {ACCESS}")
        if r.offset % 4 or not 0 <= r.offset < table.size:
            raise ValueError(f"registers.toml, {r.name}: offset {r.offset:#x}")
        bits = [f.bit for f in r.fields]
        if len(set(bits)) != len(bits) or any(not 0 <= b < 32 for b in bits):
            raise ValueError(f"registers.toml, {r.name}: bits {bits}")
        if r.access in ("wo", "w1c") and not r.fields:
            raise ValueError(f"registers.toml, {r.name}: {r.access} needs fields")
        if r.value is not None and (r.access != "ro" or r.fields):
            raise ValueError(f"registers.toml, {r.name}: only a plain ro register is a constant")


def _ports(table: Map) -> list[tuple[str, int, str, str]]:
    """Ports of the register block: (direction, width, name, text)."""
    ports = []
    for r in table.registers:
        name = r.name.lower()
        if r.value is not None:
            continue
        if not r.fields:
            kind = ("input ", "hw_") if r.access == "ro" else ("output", "reg_")
            ports.append((kind[0], 32, kind[1] + name, r.text))
        for f in r.fields:
            if r.access in ("ro", "w1c"):
                prefix = "hw_" if r.access == "ro" else "set_"
                ports.append(("input ", 1, f"{prefix}{name}_{f.name.lower()}", f.text))
            if r.access != "ro":
                ports.append(("output", 1, f"reg_{name}_{f.name.lower()}", f.text))
    return ports


def _port_lines(table: Map) -> list[str]:
    lines = []
    for direction, width, name, _ in _ports(table):
        net = "wire logic" if direction == "input " else "     logic"
        size = "       " if width == 1 else f"[{width - 1}:0] "
        lines.append(f"  {direction} {net} {size}{name}")
    return lines


def _word(register: Register) -> str:
    return f"10'h{register.offset // 4:03X}"


def _read_value(register: Register) -> str:
    name = register.name.lower()
    if register.value is not None:
        return f"32'h{register.value:08X}"
    if not register.fields:
        return ("hw_" if register.access == "ro" else "reg_") + name
    prefix = "hw_" if register.access == "ro" else "reg_"
    bits = {f.bit: f"{prefix}{name}_{f.name.lower()}" for f in register.fields}
    top = max(bits)
    parts = [bits.get(b, "1'b0") for b in range(top, -1, -1)]
    pad = [f"{31 - top}'b0"] if top < 31 else []
    return "{" + ", ".join(pad + parts) + "}"


def _storage(table: Map) -> tuple[list[str], list[str]]:
    """Reset lines and clocked lines of everything that is kept."""
    reset, clocked = [], []
    for r in table.registers:
        name, hit = r.name.lower(), f"write && write_word == {_word(r)}"
        if r.access == "rw" and not r.fields:
            reset.append(f"reg_{name} <= '0;")
            clocked.append(f"if ({hit}) reg_{name} <= merge(reg_{name}, write_data, write_strobe);")
        for f in r.fields:
            port, byte = f"reg_{name}_{f.name.lower()}", f"write_strobe[{f.bit // 8}]"
            data = f"write_data[{f.bit}]"
            if r.access != "ro":
                reset.append(f"{port} <= 1'b0;")
            if r.access == "rw":
                clocked.append(f"if ({hit} && {byte}) {port} <= {data};")
            elif r.access == "wo":
                clocked.append(f"{port} <= {hit} && {byte} && {data};")
            elif r.access == "w1c":
                clocked.append(f"if (set_{name}_{f.name.lower()}) {port} <= 1'b1;")
                clocked.append(f"else if ({hit} && {byte} && {data}) {port} <= 1'b0;")
    return reset, clocked


RTL_HEADER = """\
// SPDX-License-Identifier: Apache-2.0
// Generated by `python -m hw.system.registers` from registers.toml; do not edit.
// bnn_registers - the accelerator's registers, without a bus.
//
// Function  read_data is the register at read_word, 0 where there is none. A write changes the
//           bytes that write_strobe names. hw_* are values to be read; reg_* are what the host
//           wrote, or for CONTROL a pulse of one clk; set_* set the bits that the host clears.
// Spec      registers.toml, registers.md beside this file.
// Timing    read_data is combinational; a write is seen 1 clk later.
`default_nettype none
module bnn_registers (
  input  wire logic        clk,
  input  wire logic        rst,
  input  wire logic        write,
  input  wire logic [9:0]  write_word,  // byte address / 4
  input  wire logic [31:0] write_data,
  input  wire logic [3:0]  write_strobe,
  input  wire logic [9:0]  read_word,
  output      logic [31:0] read_data,
"""
RTL_MERGE = """\
  function automatic logic [31:0] merge(
    input logic [31:0] old, input logic [31:0] data, input logic [3:0] strobe
  );
    for (int i = 0; i < 4; i++) merge[8*i +: 8] = strobe[i] ? data[8*i +: 8] : old[8*i +: 8];
  endfunction
"""


def rtl_text(table: Map) -> str:
    """bnn_registers.sv."""
    reset, clocked = _storage(table)
    cases = [
        f"{_word(r)}: read_data = {_read_value(r)};" for r in table.registers if r.access != "wo"
    ]
    lines = [RTL_HEADER + ",\n".join(_port_lines(table)), ");", RTL_MERGE]
    lines += ["  always_comb begin", "    case (read_word)"]
    lines += [f"      {c}" for c in cases] + ["      default: read_data = '0;"]
    lines += ["    endcase", "  end", "", "  always_ff @(posedge clk) begin"]
    lines += ["    if (rst) begin"] + [f"      {line}" for line in reset] + ["    end else begin"]
    lines += [f"      {line}" for line in clocked] + ["    end", "  end"]
    return "\n".join([*lines, "endmodule", "`default_nettype wire", ""])


def driver_text(table: Map) -> str:
    """bnnflow_host/registers.py: plain constants and one table, no import."""
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        '"""Generated by `python -m hw.system.registers` from registers.toml; do not edit."""',
        "",
        f"MAP_VERSION = 0x{table.version:08X}",
        f"MAP_SIZE = 0x{table.size:X}",
        "",
        "# byte offsets; a register's bits follow it as masks",
    ]
    for r in table.registers:
        lines.append(f"{r.name} = 0x{r.offset:02X}")
        if r.value is not None:
            lines.append(f"{r.name}_VALUE = 0x{r.value:08X}")
        lines += [f"{r.name}_{f.name} = 1 << {f.bit}" for f in r.fields]
    lines += ["", "# (name, offset, access, ((field, bit), ...))", "TABLE = ("]
    for r in table.registers:
        row = f'"{r.name}", 0x{r.offset:02X}, "{r.access}"'
        if not r.fields:
            lines.append(f"    ({row}, ()),")
            continue
        lines += ["    (", *[f"        {part}," for part in row.split(", ")]]
        fields = [f'("{f.name}", {f.bit}),' for f in r.fields]
        if len(fields) == 1:
            lines += [f"        ({fields[0]}),", "    ),"]
        else:
            lines += ["        (", *[f"            {f}" for f in fields], "        ),", "    ),"]
    return "\n".join([*lines, ")", ""])


def page_text(table: Map) -> str:
    """registers.md."""
    lines = [
        "# Register map",
        "",
        "Generated by `python -m hw.system.registers` from `registers.toml`; do not edit.",
        "",
        f"Version {table.version >> 16}.{table.version & 0xFFFF}, {table.size} bytes, 32-bit words,"
        " little endian. Other addresses read 0 and ignore writes; no access is ever",
        "answered with a bus error, which on a Zynq would kill the program.",
        "",
        "ro: read only. rw: kept, 0 after reset. wo: a one is a command; reads 0. "
        "w1c: a one clears.",
        "",
        "| offset | register | bit | access | meaning |",
        "|---|---|---|---|---|",
    ]
    for r in table.registers:
        lines.append(f"| 0x{r.offset:02X} | {r.name} | | {r.access} | {r.text} |")
        lines += [f"| | | {f.bit} {f.name} | | {f.text} |" for f in r.fields]
    return "\n".join([*lines, ""])


def files(table: Map) -> dict[Path, str]:
    """Every generated file and what belongs into it."""
    return {
        HERE / "bnn_registers.sv": rtl_text(table),
        HERE.parent / "host" / "bnnflow_host" / "registers.py": driver_text(table),
        HERE / "registers.md": page_text(table),
    }


def stale(table: Map) -> list[Path]:
    """Generated files that are not what the source says."""
    return [p for p, text in files(table).items() if not p.exists() or p.read_text() != text]


def main() -> int:
    """Write the files, or only say which are stale."""
    parser = argparse.ArgumentParser(description="the register map's generated files")
    parser.add_argument("--check", action="store_true", help="write nothing; 3 if one is stale")
    options = parser.parse_args()
    table = load_map()
    old = stale(table)
    for path in old:
        if not options.check:
            path.write_text(files(table)[path])
        print(f"{'stale' if options.check else 'written'}: {path.relative_to(HERE.parents[1])}")
    return 3 if options.check and old else 0


if __name__ == "__main__":
    sys.exit(main())
