// SPDX-License-Identifier: Apache-2.0
// popcount - bnn_match, bnn_heap and bnn_add3 as a folded bnn_mvu joins them, for the proofs.
`default_nettype none
module popcount #(
  parameter int N    = 16,
  parameter int PIPE = 0,
  parameter int PRIM = 0,
  localparam int W   = $clog2(N + 1)
) (
  input  wire logic         clk,
  input  wire logic         en,
  input  wire logic [N-1:0] x,
  input  wire logic [N-1:0] w,
  output      logic [W-1:0] count
);
  localparam int N2 = N / 2;
  localparam int N1 = (N2 + 3) / 4 + N % 2;
  logic [N1+N2-1:0] bits;
  logic [3*W-1:0]   rows;
  bnn_match #(.N(N), .PRIM(PRIM)) u_match (.x, .w, .bits);
  bnn_heap #(.N1(N1), .N2(N2), .OUT_W(W), .ROWS(3), .PIPE(PIPE), .PRIM(PRIM)) u_heap (
    .clk, .en, .bits, .rows
  );
  bnn_add3 #(.W(W), .PRIM(PRIM)) u_add3 (
    .a(rows[0+:W]), .b(rows[W+:W]), .d(rows[2*W+:W]), .skip(1'b0), .sum(count)
  );
endmodule
module popcount_spec #(parameter int PRIM = 0, parameter int N = 4) (
  input wire logic [N-1:0] x, w, output logic ok);
  localparam int W = $clog2(N + 1);
  logic [W-1:0] count, wanted;
  popcount #(.N(N), .PRIM(PRIM)) u_dut (.clk(1'b0), .en(1'b0), .x, .w, .count);
  always_comb begin
    wanted = '0;
    for (int i = 0; i < N; i = i + 1) wanted = wanted + W'(x[i] == w[i]);
  end
  assign ok = count == wanted;
endmodule
`default_nettype wire
