// SPDX-License-Identifier: Apache-2.0
// bnn_count3 - how many of three bit pairs are equal, as two bits.
//
// Function  c = (x[0] == w[0]) + (x[1] == w[1]) + (x[2] == w[2]), 0 <= c <= 3.
// Why       six inputs and two outputs are exactly two 6-input LUTs, XNOR included. Written as logic
//           equations: yosys would merge `+` into its own adder tree and lose the shape.
`default_nettype none
module bnn_count3 (
  input  wire logic [2:0] x,
  input  wire logic [2:0] w,
  output      logic [1:0] c
);
  logic [2:0] same;  // named at its own width: an inline ~^ would widen before it inverts
  assign same = x ~^ w;
  assign c[0] = ^same;
  assign c[1] = (same[0] & same[1]) | (same[0] & same[2]) | (same[1] & same[2]);
endmodule
`default_nettype wire
