// SPDX-License-Identifier: Apache-2.0
// bnn_table - read-only memory that holds a slice of a file, with a registered read.
//
// Function  data(t+1) = FILE word FIRST + addr(t), for clk t with en = 1; else data keeps its value.
// Why       several ROMs with addresses of their own share one file: each reads the whole file at
//           elaboration and keeps DEPTH words of it, which synthesis sees as a plain ROM.
`default_nettype none
module bnn_table #(
  parameter int W       = 16,
  parameter int FIRST   = 0,    // first word of the slice
  parameter int DEPTH   = 16,   // words of the slice
  parameter int N_WORDS = 16,   // words of the file
  parameter     FILE    = "",   // $readmemh
  parameter int BLOCK   = 0,    // 0: LUTs, 1: block RAM
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  wire logic              clk,
  input  wire logic              en,
  input  wire logic [ADDR_W-1:0] addr,
  output      logic [W-1:0]      data
);
  logic [W-1:0] words [0:N_WORDS-1];
  if (BLOCK == 0) begin : gen_lut
    (* rom_style = "distributed" *) logic [W-1:0] rom [0:DEPTH-1];
    initial begin
      $readmemh(FILE, words);
      for (int i = 0; i < DEPTH; i = i + 1) rom[i] = words[FIRST+i];
    end
    always_ff @(posedge clk) if (en) data <= rom[addr];
  end else begin : gen_block
    (* rom_style = "block" *) logic [W-1:0] rom [0:DEPTH-1];
    initial begin
      $readmemh(FILE, words);
      for (int i = 0; i < DEPTH; i = i + 1) rom[i] = words[FIRST+i];
    end
    always_ff @(posedge clk) if (en) data <= rom[addr];
  end
endmodule
`default_nettype wire
