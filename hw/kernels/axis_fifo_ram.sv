// SPDX-License-Identifier: Apache-2.0
// axis_fifo_ram - memory with a port to write, one to read and a register behind the latter.
//
// Function  data(t+1) = word rd(t), or FILL where fill(t), for clk t with en = 1; else it keeps its value.
//           A word can be read in the clk after it was written.
// Structure the register is that of the block RAM, or flip-flops behind LUT RAM; FILL is what their
//           reset gives, so that it costs no LUT either way.
`default_nettype none
module axis_fifo_ram #(
  parameter int           W      = 16,
  parameter int           ADDR_W = 5,
  parameter int           WORDS  = 1 << ADDR_W,
  parameter logic [W-1:0] FILL   = '0,
  parameter int           BLOCK  = 0   // 0: LUT RAM, 1: block RAM
) (
  input  wire logic              clk,
  input  wire logic              write,
  input  wire logic [ADDR_W-1:0] wr,
  input  wire logic [W-1:0]      word,
  input  wire logic              en,
  input  wire logic              fill,
  input  wire logic [ADDR_W-1:0] rd,
  output      logic [W-1:0]      data
);
  if (BLOCK != 0) begin : gen_block
    (* ram_style = "block" *) logic [W-1:0] mem [0:WORDS-1];
    always_ff @(posedge clk) begin
      if (write) mem[wr] <= word;
      if (en) data <= fill ? FILL : mem[rd];
    end
  end else begin : gen_lut
    (* ram_style = "distributed" *) logic [W-1:0] mem [0:WORDS-1];
    always_ff @(posedge clk) begin
      if (write) mem[wr] <= word;
      if (en) data <= fill ? FILL : mem[rd];
    end
  end
endmodule
`default_nettype wire
