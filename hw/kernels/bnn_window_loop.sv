// SPDX-License-Identifier: Apache-2.0
// bnn_window_loop - counts the N steps of a loop, for those who ask only whether an end is near.
//
// Function  last: this is the last of the N steps. low[i]: it is step i, for i < LOW.
//           high[i]: it is step N-1-i, for i < HIGH.
// Structure few steps go round in a ring of flip-flops, which costs no LUT. More are counted by a
//           shift register with XNOR feedback (taps of maximal length), in three or four LUTs
//           where a binary counter takes one a bit; the ends follow it in flip-flops.
`default_nettype none
module bnn_window_loop #(
  parameter int N      = 3,
  parameter int LOW    = 1,
  parameter int HIGH   = 1,
  localparam int LOW_W  = LOW > 0 ? LOW : 1,
  localparam int HIGH_W = HIGH > 0 ? HIGH : 1
) (
  input  wire logic              clk,
  input  wire logic              rst,
  input  wire logic              step,
  output      logic              last,
  output      logic [LOW_W-1:0]  low,
  output      logic [HIGH_W-1:0] high
);
  localparam int RING = HIGH_W + 2 > 8 ? HIGH_W + 2 : 8;  // the counter decodes a step before high
  localparam int BITS = $clog2(N + 1) < 3 ? 3 : $clog2(N + 1);

  function automatic logic [15:0] taps(input int bits);
    case (bits)
      3: taps = 16'h0006;
      4: taps = 16'h000C;
      5: taps = 16'h0014;
      6: taps = 16'h0030;
      7: taps = 16'h0060;
      8: taps = 16'h00B8;
      9: taps = 16'h0110;
      10: taps = 16'h0240;
      11: taps = 16'h0500;
      12: taps = 16'h0829;
      13: taps = 16'h100D;
      14: taps = 16'h2015;
      15: taps = 16'h6000;
      default: taps = 16'hD008;
    endcase
  endfunction
  localparam logic [15:0] TAPS = taps(BITS);

  function automatic logic [15:0] state_after(input int steps);
    int i;
    begin
      state_after = '0;
      for (i = 0; i < steps; i = i + 1) state_after = {state_after[14:0], ~^(state_after & TAPS)};
    end
  endfunction

  if (N == 1) begin : gen_always
    assign last = 1'b1;
    assign low  = LOW_W'(1);
    assign high = HIGH_W'(1);
    logic unused;
    assign unused = &{1'b0, clk, rst, step};
  end else if (N <= RING || N <= LOW) begin : gen_ring
    logic [N-1:0] ring_q;
    assign last = ring_q[N-1];
    always_ff @(posedge clk) begin
      if (rst) ring_q <= N'(1);
      else if (step) ring_q <= {ring_q[N-2:0], ring_q[N-1]};
    end
    for (genvar i = 0; i < LOW_W; i = i + 1) begin : gen_low
      assign low[i] = i < N ? ring_q[i%N] : 1'b0;
    end
    for (genvar i = 0; i < HIGH_W; i = i + 1) begin : gen_high
      assign high[i] = i < N ? ring_q[N-1-i%N] : 1'b0;
    end
  end else begin : gen_count
    localparam logic [15:0] NEAR = state_after(N - 1 - HIGH_W);
    logic [BITS-1:0]   state_q;
    logic [LOW_W-1:0]  low_q;
    logic [HIGH_W-1:0] high_q;
    logic              near;
    assign near = state_q == NEAR[BITS-1:0];
    assign last = high_q[0];
    assign low  = low_q;
    assign high = high_q;
    always_ff @(posedge clk) begin
      if (rst) begin
        state_q <= '0;
        low_q   <= LOW_W'(1);
        high_q  <= '0;
      end else if (step) begin
        state_q <= last ? '0 : {state_q[BITS-2:0], ~^(state_q & TAPS[BITS-1:0])};
        low_q   <= LOW_W'({low_q, last});
        high_q  <= HIGH_W'({near, high_q} >> 1);
      end
    end
  end
endmodule
`default_nettype wire
