// SPDX-License-Identifier: Apache-2.0
// bnn_chain - three bnn_mvu one behind the other, for the test of their common rate.
//
// Each unit's PE is the next one's SIMD, so that no width converter stands between them.
`default_nettype none
module bnn_chain #(
  parameter int M0 = 8,  // vector lengths: input, behind unit 1, 2 and 3
  parameter int M1 = 8,
  parameter int M2 = 8,
  parameter int M3 = 8,
  parameter int P0 = 4,  // beat widths, likewise
  parameter int P1 = 4,
  parameter int P2 = 4,
  parameter int P3 = 4,
  parameter     W1 = 1'b0,
  parameter     W2 = 1'b0,
  parameter     W3 = 1'b0,
  parameter     T1 = 1'b0,
  parameter     T2 = 1'b0,
  parameter     T3 = 1'b0
) (
  input  wire logic          clk,
  input  wire logic          rst,
  input  wire logic [P0-1:0] s_axis_tdata,
  input  wire logic          s_axis_tvalid,
  output      logic          s_axis_tready,
  output      logic [P3-1:0] m_axis_tdata,
  output      logic          m_axis_tvalid,
  input  wire logic          m_axis_tready
);
  logic [P1-1:0] d1;
  logic [P2-1:0] d2;
  logic          v1, r1, v2, r2;
  bnn_mvu #(.MW(M0), .MH(M1), .SIMD(P0), .PE(P1), .WEIGHTS(W1), .THRESHOLDS(T1), .PIPE(1)) u_1 (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(d1), .m_axis_tvalid(v1), .m_axis_tready(r1)
  );
  bnn_mvu #(.MW(M1), .MH(M2), .SIMD(P1), .PE(P2), .WEIGHTS(W2), .THRESHOLDS(T2), .PIPE(0)) u_2 (
    .clk, .rst, .s_axis_tdata(d1), .s_axis_tvalid(v1), .s_axis_tready(r1),
    .m_axis_tdata(d2), .m_axis_tvalid(v2), .m_axis_tready(r2)
  );
  bnn_mvu #(.MW(M2), .MH(M3), .SIMD(P2), .PE(P3), .WEIGHTS(W3), .THRESHOLDS(T3), .PIPE(2)) u_3 (
    .clk, .rst, .s_axis_tdata(d2), .s_axis_tvalid(v2), .s_axis_tready(r2),
    .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
  );
endmodule
`default_nettype wire
