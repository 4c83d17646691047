// SPDX-License-Identifier: Apache-2.0
// Arithmetic specifications of the leaves: ok is 1 for every input.
`default_nettype none
module count3_spec #(parameter int PRIM = 0) (input wire logic [2:0] a, output logic ok);
  logic [1:0] c;
  bnn_count3 #(.PRIM(PRIM)) u_dut (.a, .c);
  assign ok = c == 2'(a[0]) + 2'(a[1]) + 2'(a[2]);
endmodule
module count7_spec #(parameter int PRIM = 0, parameter int EXIT = 1) (
  input wire logic [6:0] a, output logic ok);
  logic [2:0] c;
  bnn_count7 #(.PRIM(PRIM), .EXIT(EXIT)) u_dut (.a, .c);
  assign ok = c == 3'(a[0]) + 3'(a[1]) + 3'(a[2]) + 3'(a[3]) + 3'(a[4]) + 3'(a[5]) + 3'(a[6]);
endmodule
module match2_spec #(parameter int PRIM = 0) (
  input wire logic [1:0] x, w, input wire logic s, output logic ok);
  logic [1:0] c;
  bnn_match2 #(.PRIM(PRIM)) u_dut (.x, .w, .s, .c);
  assign ok = c == 2'(x[0] == w[0]) + 2'(x[1] == w[1]) + 2'(s);
endmodule
module add3_spec #(parameter int PRIM = 0, parameter int W = 8) (
  input wire logic [W-1:0] a, b, d, input wire logic skip, output logic ok);
  logic [W-1:0] sum;
  bnn_add3 #(.PRIM(PRIM), .W(W)) u_dut (.a, .b, .d, .skip, .sum);
  assign ok = sum == a + b + (skip ? W'(0) : d);
endmodule
module add_init_spec #(parameter int PRIM = 0, parameter int W = 8) (
  input wire logic [W-1:0] a, acc, init, input wire logic first, output logic ok);
  logic [W-1:0] sum;
  bnn_add_init #(.PRIM(PRIM), .W(W)) u_dut (.a, .acc, .init, .first, .sum);
  assign ok = sum == a + (first ? init : acc);
endmodule
module reached_spec #(parameter int PRIM = 0, parameter int W = 8) (
  input wire logic [W-1:0] a, b, output logic ok);
  logic reached;
  bnn_reached #(.PRIM(PRIM), .W(W)) u_dut (.a, .b, .reached);
  assign ok = reached == (a >= b);
endmodule
module carry_spec #(parameter int PRIM = 0, parameter int SLICES = 1) (
  input wire logic [4*SLICES-1:0] a, b, input wire logic cin, output logic ok);
  logic [4*SLICES-1:0] o, co;
  bnn_carry #(.PRIM(PRIM), .SLICES(SLICES)) u_dut (.cin, .s(a ^ b), .di(a), .o, .co);
  assign ok = {co[4*SLICES-1], o} == {1'b0, a} + {1'b0, b} + (4*SLICES+1)'(cin);
endmodule
module rom_spec #(parameter int PRIM = 1, parameter int W = 3, parameter int DEPTH = 16,
  parameter DATA = 1'b0) (input wire logic [$clog2(DEPTH)-1:0] addr, output logic ok);
  logic [W-1:0] data;
  localparam logic [DEPTH*W-1:0] ROM = DATA;
  bnn_rom_lut #(.PRIM(PRIM), .W(W), .DEPTH(DEPTH), .DATA(DATA)) u_dut (.addr, .data);
  assign ok = int'(addr) >= DEPTH || data == W'(ROM >> (int'(addr) * W));
endmodule
`default_nettype wire
