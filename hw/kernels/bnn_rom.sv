// SPDX-License-Identifier: Apache-2.0
// bnn_rom - read-only memory with its one register where the hardware is smallest.
//
// Function  data(t+1) = FILE word addr(t), for clk t with en = 1; else data keeps its value.
// Why       DEPTH = 1: a constant, which synthesis folds into the logic behind it.
//           Up to FOLD_DEPTH words, BLOCK = 0: the address is registered instead of the data, so the
//           few words disappear into the LUTs that use them and no word-wide register is left.
//           ram_style is for yosys, whose rom_style "distributed" means LUT RAM, which has no ROM.
//           Otherwise the data is registered, as block RAM needs it (BLOCK = 1 asks for block RAM).
`default_nettype none
module bnn_rom #(
  parameter int W          = 16,
  parameter int DEPTH      = 16,
  parameter     FILE       = "",  // $readmemh: DEPTH lines, one hex word each
  parameter int BLOCK      = 0,
  parameter int FOLD_DEPTH = 8,
  localparam int ADDR_W    = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  wire logic              clk,
  input  wire logic              en,
  input  wire logic [ADDR_W-1:0] addr,
  output      logic [W-1:0]      data
);
  if (DEPTH == 1) begin : gen_constant
    logic [W-1:0] rom [0:0];
    initial $readmemh(FILE, rom);
    // Icarus 11 may miss that $readmemh changed rom[0]; an index that moves from X to 0 wakes it up,
    // and synthesis removes the register of a constant
    logic zero_q;
    always_ff @(posedge clk) zero_q <= 1'b0;
    assign data = rom[zero_q];
    logic unused;
    assign unused = &{1'b0, en, addr};
  end else if (DEPTH <= FOLD_DEPTH && BLOCK == 0) begin : gen_folded
    logic [ADDR_W-1:0] addr_q;
    (* ram_style = "registers", rom_style = "distributed" *) logic [W-1:0] rom [0:DEPTH-1];
    initial $readmemh(FILE, rom);
    always_ff @(posedge clk) if (en) addr_q <= addr;
    assign data = rom[addr_q];
  end else if (BLOCK == 0) begin : gen_lut
    bnn_rom_lut #(.W(W), .DEPTH(DEPTH), .FILE(FILE)) u_lut (.clk, .en, .addr, .data);
  end else begin : gen_block
    (* rom_style = "block" *) logic [W-1:0] rom [0:DEPTH-1];
    initial $readmemh(FILE, rom);
    always_ff @(posedge clk) if (en) data <= rom[addr];
  end
endmodule
`default_nettype wire
