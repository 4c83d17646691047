// SPDX-License-Identifier: Apache-2.0
// bnn_affine_add3 - sum of three numbers, the first one negated where neg is 1: one LUT site per bit.
//
// Function  sum = (neg ? -a : a) + b + d, modulo 2 ** W.
// Structure bnn_add3's: each LUT has three bits and the majority of the column below. neg is the fifth
//           input, inverts a, and is the majority below bit 0: the 1 that -a = ~a + 1 needs.
// PRIM      see bnn_lut6_2 and bnn_carry.
`default_nettype none
module bnn_affine_add3 #(
  parameter int W    = 8,
  parameter int PRIM = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic [W-1:0] b,
  input  wire logic [W-1:0] d,
  input  wire logic         neg,
  output      logic [W-1:0] sum
);
  logic [W:0] m;  // m[i]: majority of column i - 1
  assign m[0] = neg;
  logic unused;
  assign unused = m[W];

  function automatic logic [63:0] init();  // input {m, neg, d, b, a}
    int i, n;
    logic [63:0] t;
    for (i = 0; i < 32; i = i + 1) begin
      n       = ((i ^ (i >> 3)) & 1) + ((i >> 1) & 1) + ((i >> 2) & 1);
      t[32+i] = ((n + (i >> 4)) & 1) != 0;
      t[i]    = n >= 2;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    logic [W-1:0] an;
    assign an     = a ^ {W{neg}};
    assign m[W:1] = (an & b) | (an & d) | (b & d);
    assign sum    = (an ^ b ^ d) + m[W-1:0];
  end else begin : gen_carry
    localparam int SLICES = (W + 3) / 4;
    localparam logic [63:0] INIT = init();
    logic [W-1:0]        s;
    logic [4*SLICES-1:0] o, co;
    for (genvar i = 0; i < W; i = i + 1) begin : gen_bit
      bnn_lut6_2 #(.INIT(INIT), .PRIM(PRIM)) u_lut (
        .i({1'b1, m[i], neg, d[i], b[i], a[i]}), .o5(m[i+1]), .o6(s[i])
      );
    end
    bnn_carry #(.SLICES(SLICES), .PRIM(PRIM)) u_carry (
      .cin(1'b0), .s((4*SLICES)'(s)), .di((4*SLICES)'(m[W-1:0])), .o, .co
    );
    assign sum = o[W-1:0];
    logic unused_carry;
    assign unused_carry = &{1'b0, o, co};
  end
endmodule
`default_nettype wire
