// SPDX-License-Identifier: Apache-2.0
// bnn_pool_max - the larger of two numbers: a LUT site for each bit, comparing included.
//
// Function  y = a >= b ? a : b, two's complement with SIGNED = 1.
// Structure bnn_reached, and a site that chooses two bits.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_pool_max #(
  parameter int W      = 4,
  parameter int SIGNED = 0,
  parameter int PRIM   = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic [W-1:0] b,
  output      logic [W-1:0] y
);
  localparam int PAIRS = PRIM != 0 ? W / 2 : 0;
  // numbers with swapped signs compare as unsigned ones
  localparam logic [W-1:0] SIGN = SIGNED != 0 ? {1'b1, {(W-1){1'b0}}} : '0;
  logic reached;
  logic [W-1:0] ap, bp;
  assign ap = a & ~SIGN | b & SIGN;
  assign bp = b & ~SIGN | a & SIGN;
  bnn_reached #(.W(W), .PRIM(PRIM)) u_reached (.a(ap), .b(bp), .reached);
  for (genvar i = 0; i < PAIRS; i = i + 1) begin : gen_pair
    bnn_lut6_2 #(.INIT(64'hccccff00_aaaaf0f0), .PRIM(PRIM)) u_lut (
      .i({1'b1, reached, b[2*i+:2], a[2*i+:2]}), .o5(y[2*i]), .o6(y[2*i+1])
    );
  end
  for (genvar i = 2 * PAIRS; i < W; i = i + 1) begin : gen_bit
    assign y[i] = reached ? a[i] : b[i];
  end
endmodule
`default_nettype wire
