// SPDX-License-Identifier: Apache-2.0
// bnn_add_init - adds a number to an accumulator or to what it starts from: one LUT site per bit.
//
// Function  sum = a + (first ? init : acc), modulo 2 ** W.
// Why       an adder of two numbers has inputs left in its LUTs for the choice, bnn_add3 has not.
// PRIM      see bnn_lut6_2 and bnn_carry.
`default_nettype none
module bnn_add_init #(
  parameter int W    = 8,
  parameter int PRIM = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic [W-1:0] acc,
  input  wire logic [W-1:0] init,
  input  wire logic         first,
  output      logic [W-1:0] sum
);
  // input {first, init, acc, a}: a ^ chosen, a
  function automatic logic [63:0] table_of();
    logic [63:0] t;
    int i, chosen;
    for (i = 0; i < 32; i = i + 1) begin
      chosen  = (i >> 3) % 2 != 0 ? (i >> 2) % 2 : (i >> 1) % 2;
      t[32+i] = i % 2 != chosen;
      t[i]    = i % 2 != 0;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    assign sum = a + (first ? init : acc);
  end else begin : gen_carry
    localparam int SLICES = (W + 3) / 4;
    logic [W-1:0]        s, di;
    logic [4*SLICES-1:0] o, co;
    for (genvar i = 0; i < W; i = i + 1) begin : gen_bit
      bnn_lut6_2 #(.INIT(table_of()), .PRIM(PRIM)) u_lut (
        .i({2'b10, first, init[i], acc[i], a[i]}), .o5(di[i]), .o6(s[i])
      );
    end
    bnn_carry #(.SLICES(SLICES), .PRIM(PRIM)) u_carry (
      .cin(1'b0), .s((4*SLICES)'(s)), .di((4*SLICES)'(di)), .o, .co
    );
    assign sum = o[W-1:0];
    logic unused_carry;
    assign unused_carry = &{1'b0, o, co};
  end
endmodule
`default_nettype wire
