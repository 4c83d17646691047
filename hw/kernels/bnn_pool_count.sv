// SPDX-License-Identifier: Apache-2.0
// bnn_pool_count - where a pixel is along one axis of a map that is cut into windows.
//
// Function  N windows of K, then R left over (R < K), then the next N, for each clk with step = 1.
//           first, last: of a window; window: its number, while kept = 1; kept = 0: left over;
//           finish: the end of the axis.
`default_nettype none
module bnn_pool_count #(
  parameter int N     = 4,
  parameter int K     = 2,
  parameter int R     = 0,
  localparam int WIN_W = N > 1 ? $clog2(N) : 1
) (
  input  wire logic             clk,
  input  wire logic             rst,
  input  wire logic             step,
  output      logic             first,
  output      logic             last,
  output      logic             kept,
  output      logic             finish,
  output      logic [WIN_W-1:0] window
);
  localparam int COUNT = R > 0 ? N + 1 : N;  // what is left over counts as one more
  localparam int NUM_W = COUNT > 1 ? $clog2(COUNT) : 1;
  localparam int POS_W = K > 1 ? $clog2(K) : 1;
  logic [NUM_W-1:0] num_q;
  logic [POS_W-1:0] pos_q;
  logic             last_num;

  assign last_num = num_q == NUM_W'(COUNT - 1);
  assign first    = pos_q == '0;
  assign last     = pos_q == POS_W'(K - 1);
  assign window   = WIN_W'(num_q);
  if (R > 0) begin : gen_left_over
    assign kept   = !last_num;
    assign finish = last_num && pos_q == POS_W'(R - 1);
  end else begin : gen_even
    assign kept   = 1'b1;
    assign finish = last_num && last;
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      pos_q <= '0;
      num_q <= '0;
    end else if (step) begin
      pos_q <= last || finish ? '0 : pos_q + 1'b1;
      if (last || finish) num_q <= finish ? '0 : num_q + 1'b1;
    end
  end
endmodule
`default_nettype wire
