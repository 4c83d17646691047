// SPDX-License-Identifier: Apache-2.0
// bnn_rom - read-only memory with a register behind it.
//
// Function  data(t+1) = word addr(t), for clk t with en = 1; else data keeps its value. One word
//           (BLOCK = 0) is a constant.
// Order     BLOCK = 0: DATA, word 0 lowest. BLOCK = 1: FILE, for $readmemh, one word per line.
// Structure BLOCK = 1: block RAM.
//           BLOCK = 0, PRIM > 0: bnn_rom_lut. Left to yosys, whose mapping for area shares pieces of
//           the address logic, 64 words take 3 to 4 LUTs a bit.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_rom #(
  parameter int W       = 16,
  parameter int DEPTH   = 16,
  parameter     DATA    = 1'b0,
  parameter     FILE    = "",
  parameter int BLOCK   = 0,
  parameter int PRIM    = 0,
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  wire logic              clk,
  input  wire logic              en,
  input  wire logic [ADDR_W-1:0] addr,
  output      logic [W-1:0]      data
);
  if (BLOCK != 0) begin : gen_block
    (* rom_style = "block" *) logic [W-1:0] rom [0:DEPTH-1];
    initial $readmemh(FILE, rom);
    always_ff @(posedge clk) if (en) data <= rom[addr];
  end else if (DEPTH == 1) begin : gen_constant
    localparam logic [W-1:0] ROM = DATA;
    assign data = ROM;
    logic unused;
    assign unused = &{1'b0, clk, en, addr};
  end else if (PRIM == 0) begin : gen_plain
    localparam logic [DEPTH*W-1:0] ROM = DATA;
    (* ram_style = "registers", rom_style = "distributed" *) logic [W-1:0] rom [0:DEPTH-1];
    initial for (int i = 0; i < DEPTH; i = i + 1) rom[i] = ROM[i*W+:W];
    always_ff @(posedge clk) if (en) data <= rom[addr];
  end else begin : gen_lut
    logic [W-1:0] word;
    bnn_rom_lut #(.W(W), .DEPTH(DEPTH), .DATA(DATA), .PRIM(PRIM)) u_rom (.addr, .data(word));
    always_ff @(posedge clk) if (en) data <= word;
  end
endmodule
`default_nettype wire
