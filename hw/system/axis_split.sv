// SPDX-License-Identifier: Apache-2.0
// axis_split - a beat of BYTES bytes to pieces of at most 8.
//
// Function  the bytes of a beat, lowest first, in ceil(BYTES / 8) pieces; m_axis_tbytes says how many
//           bytes of a piece count, the others are 0. m_axis_tlast is on the last piece of a beat.
// Timing    one piece per clk, 0 clk from s_axis; a beat is taken together with its last piece.
`default_nettype none
module axis_split #(
  parameter int BYTES = 6
) (
  input  wire logic               clk,
  input  wire logic               rst,
  input  wire logic               flush,
  input  wire logic [BYTES*8-1:0] s_axis_tdata,
  input  wire logic               s_axis_tvalid,
  output      logic               s_axis_tready,
  output      logic [63:0]        m_axis_tdata,
  output      logic [3:0]         m_axis_tbytes,
  output      logic               m_axis_tlast,
  output      logic               m_axis_tvalid,
  input  wire logic               m_axis_tready
);
  if (BYTES < 1) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "axis_split: BYTES=%0d must be at least 1", BYTES);
  end

  localparam int PIECES  = (BYTES + 7) / 8;
  localparam int TAIL    = BYTES - 8 * (PIECES - 1);
  localparam int PIECE_W = PIECES > 1 ? $clog2(PIECES) : 1;
  logic [PIECE_W-1:0]   piece_q;
  logic [PIECES*64-1:0] padded;
  assign padded        = (PIECES * 64)'(s_axis_tdata);
  assign m_axis_tdata  = padded[64*piece_q +: 64];
  assign m_axis_tlast  = piece_q == PIECE_W'(PIECES - 1);
  assign m_axis_tbytes = m_axis_tlast ? 4'(TAIL) : 4'd8;
  assign m_axis_tvalid = s_axis_tvalid;
  assign s_axis_tready = m_axis_tready && m_axis_tlast;

  always_ff @(posedge clk) begin
    if (rst || flush) piece_q <= '0;
    else if (m_axis_tvalid && m_axis_tready) piece_q <= m_axis_tlast ? '0 : piece_q + 1'b1;
  end
endmodule
`default_nettype wire
