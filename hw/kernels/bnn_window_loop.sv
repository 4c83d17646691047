// SPDX-License-Identifier: Apache-2.0
// bnn_window_loop - counts the N steps of a loop, for those who ask only whether an end is near.
//
// Function  last: this is the last of the N steps. low[i]: it is step i, for i < LOW.
//           high[i]: it is step N-1-i, for i < HIGH.
// Structure few steps go round in a ring of flip-flops, which costs no LUT. More are counted by an
//           axis_fifo_lfsr in three or four LUTs where a binary counter takes one a bit; the ends
//           follow it in flip-flops.
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
    logic [BITS-1:0]   unused_state, unused_next;
    logic [LOW_W-1:0]  low_q;
    logic [HIGH_W-1:0] high_q;
    logic              near;
    axis_fifo_lfsr #(.BITS(BITS), .AT(N - 1 - HIGH_W)) u_count (
      .clk, .rst(rst || (step && last)), .step,
      .state(unused_state), .next(unused_next), .at(near)
    );
    assign last = high_q[0];
    assign low  = low_q;
    assign high = high_q;
    always_ff @(posedge clk) begin
      if (rst) begin
        low_q  <= LOW_W'(1);
        high_q <= '0;
      end else if (step) begin
        low_q  <= LOW_W'({low_q, last});
        high_q <= HIGH_W'({near, high_q} >> 1);
      end
    end
  end
endmodule
`default_nettype wire
