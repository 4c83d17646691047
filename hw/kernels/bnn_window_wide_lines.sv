// SPDX-License-Identifier: Apache-2.0
// bnn_window_wide_lines - the rows above the one that arrives, for bnn_window_wide.
//
// Function  DEPTH words of a row, and each of its (KR-1)*DIL predecessors in the rows above. column: the
//           word that is given and those DIL, 2*DIL, ... rows above it at word rd, the highest row
//           first. With write the given word becomes the latest row of word wr = rd.
//           late[i], without a write: i+1 rows of word rd have not come yet, so that what is stored counts as
//           so many rows higher up. Rows that are not there have any contents.
// Structure LUT RAM with asynchronous read, a shift register of rows: who reads need not know where
//           a row begins.
`default_nettype none
module bnn_window_wide_lines #(
  parameter int W      = 16,  // bits per word
  parameter int DEPTH  = 8,   // words per row
  parameter int KR     = 3,   // rows of a column
  parameter int DIL    = 1,
  parameter int LATE   = 0,   // rows that may be late
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1,
  localparam int LATE_W = LATE > 0 ? LATE : 1
) (
  input  wire logic              clk,
  input  wire logic [W-1:0]      word,
  input  wire logic              write,
  input  wire logic [ADDR_W-1:0] wr,
  input  wire logic [ADDR_W-1:0] rd,
  input  wire logic [LATE_W-1:0] late,
  output      logic [KR*W-1:0]   column
);
  localparam int ROWS = (KR - 1) * DIL;
  logic [(ROWS+1)*W-1:0] rows;  // the given word, then the rows above it
  logic                  unused;
  assign rows[W-1:0] = word;
  assign unused      = &{1'b0, clk, write, wr, rd, late, rows};

  if (ROWS > 0) begin : gen_rows
    logic [ROWS*W-1:0] mem [0:DEPTH-1];
    assign rows[ROWS*W+W-1:W] = mem[rd];
    always_ff @(posedge clk) begin
      if (write) mem[wr] <= rows[ROWS*W-1:0];
    end
  end

  for (genvar k = 0; k < KR; k = k + 1) begin : gen_column
    localparam int UP = (KR - 1 - k) * DIL;
    always_comb begin
      column[k*W+:W] = rows[UP*W+:W];
      for (int i = 0; i < LATE && i + 1 < UP; i = i + 1)
        if (late[i]) column[k*W+:W] = rows[(UP-i-1)*W+:W];
    end
  end
endmodule
`default_nettype wire
