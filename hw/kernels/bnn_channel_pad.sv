// SPDX-License-Identifier: Apache-2.0
// bnn_channel_pad - constant channels in front of and behind those of every pixel.
//
// Function  y[0 .. BEFORE-1] = VALUE, y[BEFORE .. BEFORE+C-1] = x, AFTER more channels are VALUE.
// Spec      channel_pad() in bnn_channel_pad_ref.py; equal for every input.
// Order     PE channels per beat, channel 0 lowest; pixels are counted from reset.
// Timing    1 beat out per clk, (BEFORE + C + AFTER) / PE clk per pixel; 2 clk from s_axis to m_axis.
//           A pixel begins, with its first VALUEs, when its first beat is there.
// Limits    PE divides C, BEFORE and AFTER, else elaboration stops and says which.
`default_nettype none
module bnn_channel_pad #(
  parameter int C      = 16,  // channels in
  parameter int PE     = 4,   // channels per clk
  parameter int IN_W   = 4,
  parameter int BEFORE = 8,
  parameter int AFTER  = 8,
  parameter int VALUE  = 0,
  parameter int PRIM   = 0    // see bnn_lut6_2
) (
  input  wire logic               clk,
  input  wire logic               rst,
  input  wire logic [PE*IN_W-1:0] s_axis_tdata,
  input  wire logic               s_axis_tvalid,
  output      logic               s_axis_tready,
  output      logic [PE*IN_W-1:0] m_axis_tdata,
  output      logic               m_axis_tvalid,
  input  wire logic               m_axis_tready
);
  localparam int FROM  = BEFORE / PE;  // first beat of x
  localparam int UPTO  = (BEFORE + C) / PE;
  localparam int BEATS = (BEFORE + C + AFTER) / PE;
  localparam int POS_W = BEATS > 1 ? $clog2(BEATS) : 1;

  if (C % PE != 0 || BEFORE % PE != 0 || AFTER % PE != 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_channel_pad: PE=%0d must divide C=%0d, BEFORE=%0d and AFTER=%0d",
             PE, C, BEFORE, AFTER);
  end

  logic [PE*IN_W-1:0] x;
  logic [POS_W-1:0]   pos_q;
  logic               x_valid, en, pass, behind, ready;
  assign en     = m_axis_tready || !m_axis_tvalid;
  assign behind = AFTER > 0 && 32'(pos_q) >= UPTO;
  assign pass   = !behind && (FROM == 0 || 32'(pos_q) >= FROM);
  assign ready  = x_valid || behind;

  bnn_replay #(.W(PE * IN_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(x), .m_axis_tvalid(x_valid), .m_axis_tready(en && pass)
  );
  always_ff @(posedge clk) begin
    if (en) m_axis_tdata <= pass ? x : {PE{IN_W'(VALUE)}};
    if (rst) begin
      m_axis_tvalid <= 1'b0;
      pos_q         <= '0;
    end else if (en) begin
      m_axis_tvalid <= ready;
      if (ready) pos_q <= pos_q == POS_W'(BEATS - 1) ? '0 : pos_q + 1'b1;
    end
  end
endmodule
`default_nettype wire
