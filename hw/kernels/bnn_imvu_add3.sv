// SPDX-License-Identifier: Apache-2.0
// bnn_imvu_add3 - sum of three numbers that may be inverted, the third one replaceable by a constant.
//
// Function  sum = A + B + (skip ? START : D) + INC, modulo 2 ** W; A, B, D are a, b, d, inverted where
//           bit 0, 1, 2 of INV is 1.
// Structure bnn_add3's: one LUT site per bit, each with the majority of the column below.
// PRIM      see bnn_lut6_2 and bnn_carry.
`default_nettype none
module bnn_imvu_add3 #(
  parameter int           W     = 8,
  parameter logic [W-1:0] START = '0,
  parameter int           INV   = 0,
  parameter int           INC   = 0,
  parameter int           PRIM  = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic [W-1:0] b,
  input  wire logic [W-1:0] d,
  input  wire logic         skip,
  output      logic [W-1:0] sum
);
  logic [W:0] m;  // m[i]: majority of column i - 1
  assign m[0] = INC != 0;
  logic unused;
  assign unused = m[W];

  // input {m, skip, d, b, a}
  function automatic logic [63:0] table_of(input int start);
    logic [63:0] t;
    int i, n;
    for (i = 0; i < 32; i = i + 1) begin
      n = ((i ^ INV) & 1) + (((i ^ INV) >> 1) & 1);
      n = n + (((i >> 3) & 1) != 0 ? start : ((i ^ INV) >> 2) & 1);
      t[32+i] = ((n + (i >> 4)) & 1) != 0;
      t[i]    = n >= 2;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    localparam logic [2:0] INV_OF = 3'(INV);
    logic [W-1:0] va, vb, vd;
    assign va     = a ^ {W{INV_OF[0]}};
    assign vb     = b ^ {W{INV_OF[1]}};
    assign vd     = skip ? START : d ^ {W{INV_OF[2]}};
    assign m[W:1] = (va & vb) | (va & vd) | (vb & vd);
    assign sum    = (va ^ vb ^ vd) + m[W-1:0];
  end else begin : gen_carry
    localparam int SLICES = (W + 3) / 4;
    logic [W-1:0]        s;
    logic [4*SLICES-1:0] o, co;
    for (genvar i = 0; i < W; i = i + 1) begin : gen_bit
      bnn_lut6_2 #(.INIT(table_of(START[i] ? 1 : 0)), .PRIM(PRIM)) u_lut (
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
