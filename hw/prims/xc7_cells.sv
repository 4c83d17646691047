// SPDX-License-Identifier: Apache-2.0
// xc7_cells - the 7-series cells that the kernels instantiate (PRIM > 0), for everything but Vivado.
//
// Function  as in AMD UG953. A simulator uses the bodies; yosys sees black boxes, its own library has
//           the same cells. Not among the sources for Vivado, which has them.
// Why       LUTs are multiplexers, not an indexed constant: in a four-state simulator an X on an input
//           that does not matter must not reach the output, or an accumulator never starts.
`default_nettype none
(* blackbox *)
module LUT5 #(parameter logic [31:0] INIT = 32'd0) (
  input wire logic I0, I1, I2, I3, I4, output logic O);
  wire logic [15:0] m4 = I4 ? INIT[31:16] : INIT[15:0];
  wire logic [7:0] m3 = I3 ? m4[15:8] : m4[7:0];
  wire logic [3:0] m2 = I2 ? m3[7:4] : m3[3:0];
  wire logic [1:0] m1 = I1 ? m2[3:2] : m2[1:0];
  assign O = I0 ? m1[1] : m1[0];
endmodule
(* blackbox *)
module LUT6 #(parameter logic [63:0] INIT = 64'd0) (
  input wire logic I0, I1, I2, I3, I4, I5, output logic O);
  wire logic [31:0] m5 = I5 ? INIT[63:32] : INIT[31:0];
  wire logic [15:0] m4 = I4 ? m5[31:16] : m5[15:0];
  wire logic [7:0] m3 = I3 ? m4[15:8] : m4[7:0];
  wire logic [3:0] m2 = I2 ? m3[7:4] : m3[3:0];
  wire logic [1:0] m1 = I1 ? m2[3:2] : m2[1:0];
  assign O = I0 ? m1[1] : m1[0];
endmodule
(* blackbox *)
module LUT6_2 #(parameter logic [63:0] INIT = 64'd0) (
  input wire logic I0, I1, I2, I3, I4, I5, output logic O5, O6);
  wire logic [31:0] m5 = I5 ? INIT[63:32] : INIT[31:0];
  wire logic [15:0] m4 = I4 ? m5[31:16] : m5[15:0];
  wire logic [7:0] m3 = I3 ? m4[15:8] : m4[7:0];
  wire logic [3:0] m2 = I2 ? m3[7:4] : m3[3:0];
  wire logic [1:0] m1 = I1 ? m2[3:2] : m2[1:0];
  assign O6 = I0 ? m1[1] : m1[0];
  wire logic [15:0] n4 = I4 ? INIT[31:16] : INIT[15:0];
  wire logic [7:0] n3 = I3 ? n4[15:8] : n4[7:0];
  wire logic [3:0] n2 = I2 ? n3[7:4] : n3[3:0];
  wire logic [1:0] n1 = I1 ? n2[3:2] : n2[1:0];
  assign O5 = I0 ? n1[1] : n1[0];
endmodule
(* blackbox *)
module CARRY4 (
  input wire logic CI, CYINIT, input wire logic [3:0] DI, S, output logic [3:0] O, CO);
  wire logic c  = CI | CYINIT;  // one name per carry: Verilator takes a vector for one signal
  wire logic c0 = S[0] ? c : DI[0];
  wire logic c1 = S[1] ? c0 : DI[1];
  wire logic c2 = S[2] ? c1 : DI[2];
  wire logic c3 = S[3] ? c2 : DI[3];
  assign O  = S ^ {c2, c1, c0, c};
  assign CO = {c3, c2, c1, c0};
endmodule
(* blackbox *)
module MUXF7 (input wire logic I0, I1, S, output logic O);
  assign O = S ? I1 : I0;
endmodule
(* blackbox *)
module MUXF8 (input wire logic I0, I1, S, output logic O);
  assign O = S ? I1 : I0;
endmodule
`default_nettype wire
