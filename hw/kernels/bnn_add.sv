// SPDX-License-Identifier: Apache-2.0
// bnn_add - the sum of two streams, limited.
//
// Function  y = min(max(a + b, LO), HI), a from s0_axis and b from s1_axis, lane by lane.
// Spec      add() in bnn_add_ref.py; equal for every input.
// Order     PE lanes per beat, lane 0 lowest. y is unsigned, or signed if LO < 0.
// Timing    1 beat per clk; 2 clk from s0_axis and s1_axis, whichever comes later, to m_axis. Each
//           input takes up to two beats that the other one has not yet got.
// Limits    LO <= HI, both fit OUT_W < 31, else elaboration stops and says which.
`default_nettype none
module bnn_add #(
  parameter int PE         = 4,   // sums per clk
  parameter int IN0_W      = 4,
  parameter int IN0_SIGNED = 0,   // 1: a is two's complement
  parameter int IN1_W      = 4,
  parameter int IN1_SIGNED = 0,
  parameter int OUT_W      = 5,
  parameter int LO         = 0,
  parameter int HI         = 30,
  parameter int PRIM       = 0    // see bnn_lut6_2
) (
  input  wire logic                clk,
  input  wire logic                rst,
  input  wire logic [PE*IN0_W-1:0] s0_axis_tdata,
  input  wire logic                s0_axis_tvalid,
  output      logic                s0_axis_tready,
  input  wire logic [PE*IN1_W-1:0] s1_axis_tdata,
  input  wire logic                s1_axis_tvalid,
  output      logic                s1_axis_tready,
  output      logic [PE*OUT_W-1:0] m_axis_tdata,
  output      logic                m_axis_tvalid,
  input  wire logic                m_axis_tready
);
  localparam int A_W   = IN0_W + (IN0_SIGNED != 0 ? 0 : 1);  // as signed numbers
  localparam int B_W   = IN1_W + (IN1_SIGNED != 0 ? 0 : 1);
  localparam int SUM_W = (A_W > B_W ? A_W : B_W) + 1;
  localparam int LEAST = LO < 0 ? -(1 << (OUT_W - 1)) : 0;
  localparam int MOST  = LEAST + (1 << OUT_W) - 1;

  if (OUT_W > 30 || LO > HI || LO < LEAST || HI > MOST) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_add: LO=%0d .. HI=%0d must fit OUT_W=%0d", LO, HI, OUT_W);
  end

  logic [PE*IN0_W-1:0] a;
  logic [PE*IN1_W-1:0] b;
  logic [PE*OUT_W-1:0] y;
  logic                a_valid, b_valid, en, read;
  assign en   = m_axis_tready || !m_axis_tvalid;
  assign read = en && a_valid && b_valid;

  bnn_replay #(.W(PE * IN0_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input0 (
    .clk, .rst, .s_axis_tdata(s0_axis_tdata), .s_axis_tvalid(s0_axis_tvalid),
    .s_axis_tready(s0_axis_tready), .m_axis_tdata(a), .m_axis_tvalid(a_valid), .m_axis_tready(read)
  );
  bnn_replay #(.W(PE * IN1_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input1 (
    .clk, .rst, .s_axis_tdata(s1_axis_tdata), .s_axis_tvalid(s1_axis_tvalid),
    .s_axis_tready(s1_axis_tready), .m_axis_tdata(b), .m_axis_tvalid(b_valid), .m_axis_tready(read)
  );

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    logic signed [A_W-1:0]   ap;
    logic signed [B_W-1:0]   bp;
    logic signed [SUM_W-1:0] sum;
    if (IN0_SIGNED != 0) begin : gen_signed0
      assign ap = a[p*IN0_W+:IN0_W];
    end else begin : gen_unsigned0
      assign ap = {1'b0, a[p*IN0_W+:IN0_W]};
    end
    if (IN1_SIGNED != 0) begin : gen_signed1
      assign bp = b[p*IN1_W+:IN1_W];
    end else begin : gen_unsigned1
      assign bp = {1'b0, b[p*IN1_W+:IN1_W]};
    end
    assign sum = SUM_W'(ap) + SUM_W'(bp);
    bnn_clamp #(.IN_W(SUM_W), .OUT_W(OUT_W), .LO(LO), .HI(HI), .PRIM(PRIM)) u_clamp (
      .x(sum), .y(y[p*OUT_W+:OUT_W])
    );
  end

  always_ff @(posedge clk) begin
    if (en) m_axis_tdata <= y;
    if (rst) m_axis_tvalid <= 1'b0;
    else if (en) m_axis_tvalid <= a_valid && b_valid;
  end
endmodule
`default_nettype wire
