// SPDX-License-Identifier: Apache-2.0
// bnn_match2 - XNOR of two bit pairs, added to a running bit: one LUT site.
//
// Function  c = (x[0] == w[0]) + (x[1] == w[1]) + s, 0 <= c <= 3.
// Why       five inputs, two outputs: XNOR costs nothing where the first addition is made.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_match2 #(
  parameter int PRIM = 0
) (
  input  wire logic [1:0] x,
  input  wire logic [1:0] w,
  input  wire logic       s,
  output      logic [1:0] c
);
  // input i = {s, w1, x1, w0, x0}
  function automatic logic [63:0] init();
    logic [63:0] t;
    logic b0, b1, s0;
    for (int i = 0; i < 32; i = i + 1) begin
      b0 = ((i >> 0) & 1) == ((i >> 1) & 1);
      b1 = ((i >> 2) & 1) == ((i >> 3) & 1);
      s0 = ((i >> 4) & 1) == 1;
      t[32+i] = b0 ^ b1 ^ s0;
      t[i]    = (b0 & b1) | (b0 & s0) | (b1 & s0);
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    logic [1:0] same;  // named at its own width: an inline ~^ would widen before it inverts
    assign same = x ~^ w;
    assign c[0] = same[0] ^ same[1] ^ s;
    assign c[1] = (same[0] & same[1]) | (same[0] & s) | (same[1] & s);
  end else begin : gen_lut
    bnn_lut6_2 #(.INIT(init()), .PRIM(PRIM)) u_lut (
      .i({1'b1, s, w[1], x[1], w[0], x[0]}), .o5(c[1]), .o6(c[0])
    );
  end
endmodule
`default_nettype wire
