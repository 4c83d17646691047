// SPDX-License-Identifier: Apache-2.0
// bnn_mac - one row of bnn_mvu with its weights as inputs: XNOR, popcount, accumulate. For benches.
//
// Function  acc(t+1+PIPE) = matches of x(t), w(t) + (first(t+PIPE) ? 0 : acc(t+PIPE)), clk with en = 1.
//           first comes with the sum: control is there once for all rows of a unit.
`default_nettype none
module bnn_mac #(
  parameter int MW   = 256,  // columns of a row: what the accumulator has to hold
  parameter int SIMD = 64,
  parameter int PIPE = 3,
  parameter int PRIM = 0,    // see bnn_lut6_2
  localparam int ACC_W = $clog2(MW + 1)
) (
  input  wire logic             clk,
  input  wire logic             en,
  input  wire logic             first,
  input  wire logic [SIMD-1:0]  x,
  input  wire logic [SIMD-1:0]  w,
  output      logic [ACC_W-1:0] acc
);
  localparam int SUM_W = $clog2(SIMD + 1);
  localparam int N2    = SIMD / 2;
  localparam int N1    = (N2 + 3) / 4 + SIMD % 2;
  logic [N1+N2-1:0]   bits;
  logic [2*SUM_W-1:0] rows;
  logic [ACC_W-1:0]   sum;
  bnn_match #(.N(SIMD), .PRIM(PRIM)) u_match (.x, .w, .bits);
  bnn_heap #(.N1(N1), .N2(N2), .OUT_W(SUM_W), .ROWS(2), .PIPE(PIPE), .PRIM(PRIM)) u_heap (
    .clk, .en, .bits, .rows
  );
  bnn_add3 #(.W(ACC_W), .PRIM(PRIM)) u_add3 (
    .a(ACC_W'(rows[0+:SUM_W])), .b(ACC_W'(rows[SUM_W+:SUM_W])), .d(acc), .skip(first), .sum
  );
  always_ff @(posedge clk) if (en) acc <= sum;
endmodule
`default_nettype wire
