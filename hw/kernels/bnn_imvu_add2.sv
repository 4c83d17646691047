// SPDX-License-Identifier: Apache-2.0
// bnn_imvu_add2 - sum of two numbers, each as it is or inverted: one LUT site per bit.
//
// Function  sum = A + B + INC, modulo 2 ** W.
//           GATE = 0: A = ka ? a : ~a, B = skip ? START : kb ? b : ~b.
//           GATE = 1: A = ka ? a : 0, B = (kb ? b : 0), inverted where INV_B is 1; skip is not read.
// Why       an adder of two numbers has three inputs left in its LUTs: one bit of a weight for each
//           operand, and what an accumulator starts from.
// PRIM      see bnn_lut6_2 and bnn_carry.
`default_nettype none
module bnn_imvu_add2 #(
  parameter int           W     = 8,
  parameter logic [W-1:0] START = '0,
  parameter int           GATE  = 0,
  parameter int           INV_B = 0,
  parameter int           INC   = 0,
  parameter int           PRIM  = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic         ka,
  input  wire logic [W-1:0] b,
  input  wire logic         kb,
  input  wire logic         skip,
  output      logic [W-1:0] sum
);
  // input {skip, kb, b, ka, a}: A ^ B, A
  function automatic logic [63:0] table_of(input int start);
    logic [63:0] t;
    int i, va, vb;
    for (i = 0; i < 32; i = i + 1) begin
      if (GATE != 0) begin
        va = i & (i >> 1) & 1;
        vb = ((i >> 2) & (i >> 3) & 1) ^ (INV_B != 0 ? 1 : 0);
      end else begin
        va = (i ^ (i >> 1) ^ 1) & 1;
        vb = ((i >> 4) & 1) != 0 ? start : ((i >> 2) ^ (i >> 3) ^ 1) & 1;
      end
      t[32+i] = va != vb;
      t[i]    = va != 0;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    logic [W-1:0] va, vb;
    if (GATE != 0) begin : gen_gate
      assign va = ka ? a : '0;
      assign vb = (kb ? b : '0) ^ {W{INV_B != 0}};
      logic unused;
      assign unused = skip;
    end else begin : gen_invert
      assign va = ka ? a : ~a;
      assign vb = skip ? START : kb ? b : ~b;
    end
    assign sum = va + vb + W'(INC);
  end else begin : gen_carry
    localparam int SLICES = (W + 3) / 4;
    logic [W-1:0]        s, di;
    logic [4*SLICES-1:0] o, co;
    for (genvar i = 0; i < W; i = i + 1) begin : gen_bit
      bnn_lut6_2 #(.INIT(table_of(START[i] ? 1 : 0)), .PRIM(PRIM)) u_lut (
        .i({1'b1, skip, kb, b[i], ka, a[i]}), .o5(di[i]), .o6(s[i])
      );
    end
    bnn_carry #(.SLICES(SLICES), .PRIM(PRIM)) u_carry (
      .cin(INC != 0), .s((4*SLICES)'(s)), .di((4*SLICES)'(di)), .o, .co
    );
    assign sum = o[W-1:0];
    logic unused_carry;
    assign unused_carry = &{1'b0, o, co};
  end
endmodule
`default_nettype wire
