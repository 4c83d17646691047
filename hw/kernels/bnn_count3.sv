// SPDX-License-Identifier: Apache-2.0
// bnn_count3 - number of ones among three bits, as two bits: one LUT site.
//
// Function  c = a[0] + a[1] + a[2], 0 <= c <= 3.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_count3 #(
  parameter int PRIM = 0
) (
  input  wire logic [2:0] a,
  output      logic [1:0] c
);
  if (PRIM == 0) begin : gen_plain
    assign c[0] = ^a;
    assign c[1] = (a[0] & a[1]) | (a[0] & a[2]) | (a[1] & a[2]);
  end else begin : gen_lut
    bnn_lut6_2 #(.INIT({{4{8'h96}}, {4{8'hE8}}}), .PRIM(PRIM)) u_lut (
      .i({1'b1, 2'b00, a}), .o5(c[1]), .o6(c[0])
    );
  end
endmodule
`default_nettype wire
