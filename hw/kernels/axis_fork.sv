// SPDX-License-Identifier: Apache-2.0
// axis_fork - one stream to two; each output gets every beat once and may stall by itself.
//
// Function  m0 and m1 carry the beats of s, in order. s moves on when both have taken the beat.
// Why       a beat is offered to each output until that output took it (sent_q), so no valid waits
//           for a ready: a consumer that holds ready back until it sees valid cannot hang it.
// Timing    1 beat per clk when no output stalls; 1 clk from s_axis to m_axis (the two-word FIFO at
//           the input keeps s_axis_tready a register).
`default_nettype none
module axis_fork #(
  parameter int W    = 8,
  parameter int PRIM = 0  // see bnn_lut6_2
) (
  input  wire logic         clk,
  input  wire logic         rst,
  input  wire logic [W-1:0] s_axis_tdata,
  input  wire logic         s_axis_tvalid,
  output      logic         s_axis_tready,
  output      logic [W-1:0] m0_axis_tdata,
  output      logic         m0_axis_tvalid,
  input  wire logic         m0_axis_tready,
  output      logic [W-1:0] m1_axis_tdata,
  output      logic         m1_axis_tvalid,
  input  wire logic         m1_axis_tready
);
  if (W < 1) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "axis_fork: W=%0d must be at least 1", W);
  end

  logic [W-1:0] data;
  logic         valid, next;
  logic [1:0]   sent_q, done;
  bnn_replay #(.W(W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(data), .m_axis_tvalid(valid), .m_axis_tready(next)
  );
  assign m0_axis_tdata  = data;
  assign m1_axis_tdata  = data;
  assign m0_axis_tvalid = valid && !sent_q[0];
  assign m1_axis_tvalid = valid && !sent_q[1];
  assign done           = sent_q | {m1_axis_tready, m0_axis_tready};
  assign next           = &done;
  always_ff @(posedge clk) begin
    if (rst) sent_q <= '0;
    else if (valid) sent_q <= next ? '0 : done;
  end
endmodule
`default_nettype wire
