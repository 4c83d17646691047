# SPDX-License-Identifier: Apache-2.0
"""The .hwh that PYNQ wants beside a bitstream, written from the register map.

It says what PYNQ reads and no more: the processor with its clocks, one block with its address and
registers. Clock parameters are given in the style of Zynq-7000 and of Zynq UltraScale+, because
pynq 4.0 looks the frequency up under the latter's name on both.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from . import registers as reg

IO_PLL_MHZ = 1000.0  # of a PYNQ-Z1 and Z2 as their boot files set it
INSTANCE = "accelerator_0"
TYPE = "bnnflow:accelerator:bnn_system:1.0"
_ACCESS = {"ro": "read-only", "rw": "read-write", "wo": "write-only", "w1c": "read-write"}


def divisors(clk_mhz: float) -> tuple[int, int]:
    """DIVISOR0 and DIVISOR1 (1 .. 63) whose product comes nearest to the wanted clock.

    Args:
        clk_mhz: of FCLK0.
    """
    pairs = [(a, b) for a in range(1, 64) for b in range(1, 64)]
    return min(pairs, key=lambda p: (abs(IO_PLL_MHZ / (p[0] * p[1]) - clk_mhz), p[1]))


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
        part: e.g. "xc7z020clg400-1".
        base: address of the registers.
        clk_mhz: of FCLK0.
    """
    a, b = divisors(clk_mhz)
    device, package = part[:7], part[7:].split("-")[0]
    clocks = ""
    for i in range(4):
        first, second = (a, b) if i == 0 else (10, 1)
        clocks += _parameters(
            {
                f"PCW_FPGA_FCLK{i}_ENABLE": str(int(i == 0)),
                f"PCW_FCLK{i}_PERIPHERAL_DIVISOR0": str(first),
                f"PCW_FCLK{i}_PERIPHERAL_DIVISOR1": str(second),
                f"PCW_FCLK{i}_PERIPHERAL_CLKSRC": "IO PLL",
                f"PSU__CRL_APB__PL{i}_REF_CTRL__ACT_FREQMHZ": f"{IO_PLL_MHZ / (first * second):g}",
            }
        )
    high = base + reg.MAP_SIZE - 1
    registers = "".join(_register(*row) for row in reg.TABLE)
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>',
        f'<EDKSYSTEM EDWVERSION="1.2" VIVADOVERSION="none, written by bnnflow">'
        f'<SYSTEMINFO ARCH="zynq" DEVICE="{device[2:]}" NAME={quoteattr(name)}'
        f' PACKAGE="{package}" SPEEDGRADE="{part.split("-")[-1]}"/>',
        "<EXTERNALPORTS/>",
        "<MODULES>",
        '<MODULE FULLNAME="/processing_system7_0" HWVERSION="5.5" INSTANCE="processing_system7_0"'
        ' IPTYPE="PERIPHERAL" IS_ENABLE="1" MODCLASS="PERIPHERAL" MODTYPE="processing_system7"'
        ' VLNV="xilinx.com:ip:processing_system7:5.5">',
        f"<PARAMETERS>{clocks}</PARAMETERS><PORTS/>",
        '<BUSINTERFACES><BUSINTERFACE BUSNAME="gp0" DATAWIDTH="32" NAME="M_AXI_GP0" TYPE="MASTER"'
        ' VLNV="xilinx.com:interface:aximm:1.0"><PORTMAPS/></BUSINTERFACE></BUSINTERFACES>',
        f'<MEMORYMAP><MEMRANGE ADDRESSBLOCK="reg0" BASENAME="C_BASEADDR" BASEVALUE="{base:#010X}"'
        f' HIGHNAME="C_HIGHADDR" HIGHVALUE="{high:#010X}" INSTANCE="{INSTANCE}" IS_DATA="TRUE"'
        ' IS_INSTRUCTION="TRUE" MASTERBUSINTERFACE="M_AXI_GP0" MEMTYPE="REGISTER"'
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


def _parameters(values: dict[str, str]) -> str:
    return "".join(
        f"<PARAMETER NAME={quoteattr(k)} VALUE={quoteattr(v)}/>" for k, v in values.items()
    )
