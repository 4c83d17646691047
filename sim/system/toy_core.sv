// SPDX-License-Identifier: Apache-2.0
// toy_core - stands in for a network: small, quick to simulate, and wrong when one byte is.
//
// Function  h = 1 before a frame; for each byte of it in order h = rotate_left(h, 3) ^ byte, 32 bits.
//           Label byte i is byte i % 4 of h; score byte i is byte i % 4 of h, plus i.
// Spec      toy_core() in model.py beside this file.
// Timing    one beat in SLOW clk; a frame's outputs hold the next frame's last beat back until
//           they are taken; scores come LAG clk before labels.
`default_nettype none
module toy_core #(
  parameter int IN_BYTES    = 98,
  parameter int IN_BEATS    = 8,
  parameter int LABEL_BYTES = 1,
  parameter int LABEL_BEATS = 1,
  parameter int SCORE_BYTES = 6,
  parameter int SCORE_BEATS = 5,
  parameter int SLOW        = 1,
  parameter int LAG         = 9
) (
  input  wire logic                     clk,
  input  wire logic                     rst,
  input  wire logic [IN_BYTES*8-1:0]    s_axis_tdata,
  input  wire logic                     s_axis_tvalid,
  output      logic                     s_axis_tready,
  output      logic [LABEL_BYTES*8-1:0] m_axis_label_tdata,
  output      logic                     m_axis_label_tvalid,
  input  wire logic                     m_axis_label_tready,
  output      logic [SCORE_BYTES*8-1:0] m_axis_score_tdata,
  output      logic                     m_axis_score_tvalid,
  input  wire logic                     m_axis_score_tready
);
  logic [31:0] hash_q, hash_d, out_q;
  logic [15:0] beat_q, slow_q, lag_q, label_q, score_q;  // label_q, score_q: beats still to go
  logic        ends;
  assign ends = beat_q == 16'(IN_BEATS - 1);
  assign s_axis_tready = slow_q == '0 && !(ends && (label_q != '0 || score_q != '0));
  always_comb begin
    hash_d = beat_q == '0 ? 32'd1 : hash_q;
    for (int i = 0; i < IN_BYTES; i++)
      hash_d = {hash_d[28:0], hash_d[31:29]} ^ {24'd0, s_axis_tdata[8*i +: 8]};
    for (int i = 0; i < LABEL_BYTES; i++)
      m_axis_label_tdata[8*i +: 8] =
        8'(out_q >> (8 * (((LABEL_BEATS - int'(label_q)) * LABEL_BYTES + i) % 4)));
    for (int i = 0; i < SCORE_BYTES; i++)
      m_axis_score_tdata[8*i +: 8] =
        8'(out_q >> (8 * (((SCORE_BEATS - int'(score_q)) * SCORE_BYTES + i) % 4)))
        + 8'((SCORE_BEATS - int'(score_q)) * SCORE_BYTES + i);
  end
  assign m_axis_label_tvalid = label_q != '0 && lag_q == '0;
  assign m_axis_score_tvalid = score_q != '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      {beat_q, slow_q, lag_q, label_q, score_q} <= '0;
    end else begin
      if (slow_q != '0) slow_q <= slow_q - 1'b1;
      if (lag_q != '0) lag_q <= lag_q - 1'b1;
      if (m_axis_label_tvalid && m_axis_label_tready) label_q <= label_q - 1'b1;
      if (m_axis_score_tvalid && m_axis_score_tready) score_q <= score_q - 1'b1;
      if (s_axis_tvalid && s_axis_tready) begin
        hash_q <= hash_d;
        slow_q <= 16'(SLOW - 1);
        beat_q <= ends ? '0 : beat_q + 1'b1;
        if (ends) begin
          out_q   <= hash_d;
          lag_q   <= 16'(LAG);
          label_q <= 16'(LABEL_BEATS);
          score_q <= 16'(SCORE_BEATS);
        end
      end
    end
  end
endmodule
`default_nettype wire
