// SPDX-License-Identifier: Apache-2.0
// bnn_rom_lut - read-only memory in LUTs with a register behind it.
//
// Function  data(t+1) = FILE word addr(t), for clk t with en = 1; else data keeps its value.
// Why       A module of its own, so that synthesis can map it by itself: one LUT6 per bit up to 64
//           words. Mapped together with the logic behind it, yosys takes 3 to 4 (recipe.py).
`default_nettype none
module bnn_rom_lut #(
  parameter int W       = 16,
  parameter int DEPTH   = 16,
  parameter     FILE    = "",  // $readmemh: DEPTH lines, one hex word each
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  wire logic              clk,
  input  wire logic              en,
  input  wire logic [ADDR_W-1:0] addr,
  output      logic [W-1:0]      data
);
  (* ram_style = "registers", rom_style = "distributed" *) logic [W-1:0] rom [0:DEPTH-1];
  initial $readmemh(FILE, rom);
  always_ff @(posedge clk) if (en) data <= rom[addr];
endmodule
`default_nettype wire
