// SPDX-License-Identifier: Apache-2.0
// word_fifo - DEPTH words of W bits, first in, first out.
//
// Function  m_axis carries the words of s_axis, in order. flush empties it within a clk.
// Timing    1 clk from s_axis to m_axis; one word per clk; s_axis_tready is low only when full and
//           does not depend on m_axis_tready.
// Limits    DEPTH is a power of two, at least 2. Asynchronous read: LUT RAM in a 7-series part.
`default_nettype none
module word_fifo #(
  parameter int W     = 64,
  parameter int DEPTH = 64
) (
  input  wire logic         clk,
  input  wire logic         rst,
  input  wire logic         flush,
  input  wire logic [W-1:0] s_axis_tdata,
  input  wire logic         s_axis_tvalid,
  output      logic         s_axis_tready,
  output      logic [W-1:0] m_axis_tdata,
  output      logic         m_axis_tvalid,
  input  wire logic         m_axis_tready
);
  if (DEPTH < 2 || (DEPTH & (DEPTH - 1)) != 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "word_fifo: DEPTH=%0d must be a power of two, at least 2", DEPTH);
  end

  localparam int ADDR_W = $clog2(DEPTH);
  logic [W-1:0]    memory [DEPTH];
  logic [ADDR_W:0] head_q, tail_q, count;  // one bit more than an address: full is not empty
  assign count         = tail_q - head_q;
  assign s_axis_tready = !count[ADDR_W];
  assign m_axis_tvalid = count != '0;
  assign m_axis_tdata  = memory[head_q[ADDR_W-1:0]];

  always_ff @(posedge clk) begin
    if (s_axis_tvalid && s_axis_tready) memory[tail_q[ADDR_W-1:0]] <= s_axis_tdata;
  end
  always_ff @(posedge clk) begin
    if (rst || flush) begin
      head_q <= '0;
      tail_q <= '0;
    end else begin
      if (s_axis_tvalid && s_axis_tready) tail_q <= tail_q + 1'b1;
      if (m_axis_tvalid && m_axis_tready) head_q <= head_q + 1'b1;
    end
  end
endmodule
`default_nettype wire
