// SPDX-License-Identifier: Apache-2.0
// plain_count - XNOR, popcount, accumulate as one writes it without a thought for LUTs.
//
// Function  while en: total = (first ? 0 : total) + number of i with x[i] == w[i].
// Why       the yardstick of hw/bench: a loop of `+`, left to synthesis. Not used by flows.
// Timing    1 clk.
`default_nettype none
module plain_count #(
  parameter int SIMD   = 64,   // columns per clk
  parameter int MW     = 256,  // columns in all: sets the width of the accumulator
  localparam int ACC_W = $clog2(MW + 1)
) (
  input  wire logic             clk,
  input  wire logic             en,
  input  wire logic             first,
  input  wire logic [SIMD-1:0]  x,
  input  wire logic [SIMD-1:0]  w,
  output      logic [ACC_W-1:0] total
);
  logic [SIMD-1:0]  equal;
  logic [ACC_W-1:0] count;
  assign equal = x ~^ w;
  always_comb begin
    count = '0;
    for (int i = 0; i < SIMD; i = i + 1) count = count + ACC_W'(equal[i]);
  end
  always_ff @(posedge clk) if (en) total <= (first ? '0 : total) + count;
endmodule
`default_nettype wire
