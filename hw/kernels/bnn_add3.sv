// SPDX-License-Identifier: Apache-2.0
// bnn_add3 - sum of three numbers, the third one except where skip is 1: one LUT site per bit.
//
// Function  sum = a + b + (skip ? 0 : d), modulo 2 ** W.
// Structure every column's three bits and the majority m of the column below (a + b + d turned into
//           two numbers) go into the LUT that feeds the carry chain; its second output is the
//           majority for the column above.
// PRIM      see bnn_lut6_2 and bnn_carry.
`default_nettype none
module bnn_add3 #(
  parameter int W    = 8,
  parameter int PRIM = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic [W-1:0] b,
  input  wire logic [W-1:0] d,
  input  wire logic         skip,
  output      logic [W-1:0] sum
);
  logic [W:0] m;  // m[i]: majority of column i - 1
  assign m[0] = 1'b0;
  logic unused;
  assign unused = m[W];

  function automatic logic [63:0] init();  // input {m, skip, d, b, a}
    logic [63:0] t;
    int n;
    for (int i = 0; i < 32; i = i + 1) begin
      n       = (i & 1) + ((i >> 1) & 1) + ((i >> 2) & ~(i >> 3) & 1);
      t[32+i] = ((n + (i >> 4)) % 2) == 1;
      t[i]    = n >= 2;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    logic [W-1:0] dk;
    assign dk     = skip ? '0 : d;
    assign m[W:1] = (a & b) | (a & dk) | (b & dk);
    assign sum    = (a ^ b ^ dk) + m[W-1:0];
  end else begin : gen_carry
    localparam int SLICES = (W + 3) / 4;
    logic [W-1:0]        s;
    logic [4*SLICES-1:0] o, co;
    for (genvar i = 0; i < W; i = i + 1) begin : gen_bit
      bnn_lut6_2 #(.INIT(init()), .PRIM(PRIM)) u_lut (
        .i({1'b1, m[i], skip, d[i], b[i], a[i]}), .o5(m[i+1]), .o6(s[i])
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
