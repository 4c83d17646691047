# SPDX-License-Identifier: Apache-2.0
"""The .hwh that PYNQ wants beside a bitstream, written from the register map.

It says what PYNQ reads and no more: the processor with its clocks, one block with its address and
registers. Clock parameters are given in the style of Zynq-7000 and of Zynq UltraScale+, because
pynq 4.0 looks the frequency up under the latter's name on both.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from . import registers as reg

INSTANCE = "accelerator_0"
TYPE = "bnnflow:accelerator:bnn_system:1.0"
_ACCESS = {"ro": "read-only", "rw": "read-write", "wo": "write-only", "w1c": "read-write"}


class Processor(NamedTuple):
    """How a family's processing system is called, and how it is set.

    Attributes:
        kind: IP name.
        version: of the IP.
        arch: of the family.
        master: port that the registers are on.
        pll_mhz: what the clocks are divided from, as the boards' boot files set it.
        divisor: name of a clock's divisor, by number of clock and divisor.
        enable: name of a clock's switch.
        source: name of a clock's source.
        pll: which source.
        widths: of AXI ports that must be set.
    """

    kind: str
    version: str
    arch: str
    master: str
    pll_mhz: float
    divisor: str
    enable: str
    source: str
    pll: str
    widths: dict[str, str]


ZYNQ7 = Processor(
    kind="processing_system7",
    version="5.5",
    arch="zynq",
    master="M_AXI_GP0",
    pll_mhz=1000.0,
    divisor="PCW_FCLK{}_PERIPHERAL_DIVISOR{}",
    enable="PCW_FPGA_FCLK{}_ENABLE",
    source="PCW_FCLK{}_PERIPHERAL_CLKSRC",
    pll="IO PLL",
    widths={},
)
ZYNQMP = Processor(
    kind="zynq_ultra_ps_e",
    version="3.3",
    arch="zynquplus",
    master="M_AXI_HPM0_FPD",
    pll_mhz=1500.0,
    divisor="PSU__CRL_APB__PL{}_REF_CTRL__DIVISOR{}",
    enable="PSU__FPGA_PL{}_ENABLE",
    source="PSU__CRL_APB__PL{}_REF_CTRL__SRCSEL",
    pll="IOPLL",
    widths={"C_MAXIGP0_DATA_WIDTH": "32", "C_SAXIGP2_DATA_WIDTH": "64"},  # 128 after reset
)


def processor_of(part: str) -> Processor:
    """The processor in a part."""
    return ZYNQ7 if part.startswith("xc7z") else ZYNQMP


def divisors(clk_mhz: float, pll_mhz: float) -> tuple[int, int]:
    """DIVISOR0 and DIVISOR1 (1 .. 63) whose product comes nearest to the wanted clock.

    Args:
        clk_mhz: of the first clock of the logic.
        pll_mhz: what it is divided from.
    """
    pairs = [(a, b) for a in range(1, 64) for b in range(1, 64)]
    return min(pairs, key=lambda p: (abs(pll_mhz / (p[0] * p[1]) - clk_mhz), p[1]))


def _properties(values: dict[str, str]) -> str:
    return "".join(
        f"<PROPERTY NAME={quoteattr(k)} VALUE={quoteattr(v)}/>" for k, v in values.items()
    )


def _register(name: str, offset: int, access: str, fields: tuple[tuple[str, int], ...]) -> str:
    rows = []
    for field, bit in fields:
        values = {"DESCRIPTION": field, "ADDRESS_OFFSET": str(bit), "ACCESS": _ACCESS[access]}
        values.update({"BIT_OFFSET": str(bit), "BIT_WIDTH": "1"})
        rows.append(f"<FIELD NAME={quoteattr(field)}>{_properties(values)}</FIELD>")
    values = {"DESCRIPTION": name, "ADDRESS_OFFSET": hex(offset), "SIZE": "32"}
    values.update({"ACCESS": _ACCESS[access], "IS_ENABLED": "true", "RESET_VALUE": "0x0"})
    inside = f"<FIELDS>{''.join(rows)}</FIELDS>" if rows else ""
    return f"<REGISTER NAME={quoteattr(name)}>{_properties(values)}{inside}</REGISTER>"


def hwh_text(name: str, part: str, base: int, clk_mhz: float) -> str:
    """The file's text; the same arguments give the same bytes.

    Args:
        name: of the design.
        part: e.g. "xc7z020clg400-1", or "xczu7ev-ffvc1156-2-e".
        base: address of the registers.
        clk_mhz: of the first clock that the processor gives the logic.
    """
    ps = processor_of(part)
    device, package, speed = _split(part)
    kind, version = ps.kind, ps.version
    ordinary = f'IPTYPE="PERIPHERAL" IS_ENABLE="1" MODCLASS="PERIPHERAL" MODTYPE="{kind}"'
    high = base + reg.MAP_SIZE - 1
    registers = "".join(_register(*row) for row in reg.TABLE)
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>',
        f'<EDKSYSTEM EDWVERSION="1.2" VIVADOVERSION="none, written by bnnflow">'
        f'<SYSTEMINFO ARCH="{ps.arch}" DEVICE="{device}" NAME={quoteattr(name)}'
        f' PACKAGE="{package}" SPEEDGRADE="{speed}"/>',
        "<EXTERNALPORTS/>",
        "<MODULES>",
        f'<MODULE FULLNAME="/{kind}_0" HWVERSION="{version}" INSTANCE="{kind}_0" {ordinary}'
        f' VLNV="xilinx.com:ip:{kind}:{version}">',
        f"<PARAMETERS>{_clocks(ps, clk_mhz)}{_parameters(ps.widths)}</PARAMETERS><PORTS/>",
        f'<BUSINTERFACES><BUSINTERFACE BUSNAME="gp0" DATAWIDTH="32" NAME="{ps.master}"'
        ' TYPE="MASTER" VLNV="xilinx.com:interface:aximm:1.0"><PORTMAPS/></BUSINTERFACE>'
        "</BUSINTERFACES>",
        f'<MEMORYMAP><MEMRANGE ADDRESSBLOCK="reg0" BASENAME="C_BASEADDR" BASEVALUE="{base:#010X}"'
        f' HIGHNAME="C_HIGHADDR" HIGHVALUE="{high:#010X}" INSTANCE="{INSTANCE}" IS_DATA="TRUE"'
        f' IS_INSTRUCTION="TRUE" MASTERBUSINTERFACE="{ps.master}" MEMTYPE="REGISTER"'
        ' SLAVEBUSINTERFACE="s_axi"/></MEMORYMAP></MODULE>',
        f'<MODULE FULLNAME="/{INSTANCE}" HWVERSION="1.0" INSTANCE="{INSTANCE}" IPTYPE="PERIPHERAL"'
        f' IS_ENABLE="1" MODCLASS="PERIPHERAL" MODTYPE="bnn_system" VLNV="{TYPE}">',
        f'<ADDRESSBLOCKS><ADDRESSBLOCK ACCESS="read-write" INTERFACE="s_axi" NAME="reg0"'
        f' RANGE="{reg.MAP_SIZE}" USAGE="register"><REGISTERS>{registers}</REGISTERS>'
        "</ADDRESSBLOCK></ADDRESSBLOCKS>",
        "<PARAMETERS/><PORTS/>",
        '<BUSINTERFACES><BUSINTERFACE BUSNAME="gp0" DATAWIDTH="32" NAME="s_axi" TYPE="SLAVE"'
        ' VLNV="xilinx.com:interface:aximm:1.0"><PORTMAPS/></BUSINTERFACE></BUSINTERFACES>'
        "</MODULE>",
        "</MODULES>",
        "</EDKSYSTEM>",
        "",
    ]
    return "\n".join(lines).replace("0X", "0x")


def _split(part: str) -> tuple[str, str, str]:
    """Device, package and speed grade, as Vivado writes them into a .hwh."""
    if part.startswith("xc7z"):
        return part[2:7], part[7:].split("-")[0], part.split("-")[-1]
    device, package, speed, *_ = part.split("-")
    return device, package, f"-{speed}"


def _clocks(ps: Processor, clk_mhz: float) -> str:
    a, b = divisors(clk_mhz, ps.pll_mhz)
    text = ""
    for i in range(4):
        first, second = (a, b) if i == 0 else (10, 1)
        frequency = ps.pll_mhz / (first * second)
        text += _parameters(
            {
                ps.enable.format(i): str(int(i == 0)),
                ps.divisor.format(i, 0): str(first),
                ps.divisor.format(i, 1): str(second),
                ps.source.format(i): ps.pll,
                f"PSU__CRL_APB__PL{i}_REF_CTRL__ACT_FREQMHZ": f"{frequency:g}",
            }
        )
    return text


def _parameters(values: dict[str, str]) -> str:
    return "".join(
        f"<PARAMETER NAME={quoteattr(k)} VALUE={quoteattr(v)}/>" for k, v in values.items()
    )
