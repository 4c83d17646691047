// SPDX-License-Identifier: Apache-2.0
// bnn_window_wide_axis - where the windows of bnn_window_wide are along one axis of the map.
//
// Function  N positions of PIX pixels go round. at: number of the next one, counted from START on;
//           finish: it is the last one of the axis; emit: M windows begin there. mask, a clk after
//           take: which taps of those are outside of the map, tap k of window m in bit m*K + k.
// Structure tables of N bits, addressed by the counter: few LUTs, for they are mostly 0. A tap
//           that is never outside has neither table nor register.
`default_nettype none
module bnn_window_wide_axis #(
  parameter int N      = 8,   // positions
  parameter int SIZE   = 8,   // pixels
  parameter int PIX    = 1,   // pixels per position
  parameter int M      = 1,   // windows per position
  parameter int COUNT  = 8,   // windows in all
  parameter int K      = 3,
  parameter int STRIDE = 1,
  parameter int DIL    = 1,
  parameter int PAD    = 1,   // in front
  parameter int START  = 0,   // what `at` is at the first position
  localparam int AT_W   = N > 1 ? $clog2(N) : 1
) (
  input  wire logic            clk,
  input  wire logic            rst,
  input  wire logic            step,
  input  wire logic            take,
  output      logic [AT_W-1:0] at,
  output      logic            finish,
  output      logic            emit,
  output      logic [M*K-1:0]  mask
);
  localparam int DEPTH = 1 << AT_W;

  function automatic logic [DEPTH-1:0] emits();
    int i;
    begin
      emits = '0;
      for (i = 0; i < N; i = i + 1)
        emits[(i+START)%N] = (i * PIX) % (M * STRIDE) == 0 && (i * PIX) / (M * STRIDE) < COUNT / M;
    end
  endfunction
  localparam logic [DEPTH-1:0] EMITS = emits();

  function automatic logic [DEPTH-1:0] outside(input int first);
    int i, pixel;
    begin
      outside = '0;
      for (i = 0; i < N; i = i + 1) begin
        pixel = i * PIX + first;
        outside[(i+START)%N] = EMITS[(i+START)%N] && (pixel < 0 || pixel >= SIZE);
      end
    end
  endfunction

  logic [AT_W-1:0] at_q;
  assign at     = at_q;
  assign finish = at_q == AT_W'((N - 1 + START) % N);
  assign emit   = EMITS[at_q];
  always_ff @(posedge clk) begin
    if (rst) at_q <= AT_W'(START);
    else if (step) at_q <= at_q == AT_W'(N - 1) ? '0 : at_q + 1'b1;
  end

  logic unused;
  assign unused = take;
  for (genvar i = 0; i < M * K; i = i + 1) begin : gen_tap
    localparam logic [DEPTH-1:0] OUTSIDE = outside(i / K * STRIDE - PAD + i % K * DIL);
    if (OUTSIDE == '0) begin : gen_never
      assign mask[i] = 1'b0;
    end else begin : gen_mask
      logic mask_q;
      assign mask[i] = mask_q;
      always_ff @(posedge clk) begin
        if (take) mask_q <= OUTSIDE[at_q];
      end
    end
  end
endmodule
`default_nettype wire
