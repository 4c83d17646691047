// SPDX-License-Identifier: Apache-2.0
// axis_fifo_lfsr - goes through 2^BITS - 1 states, or all of them, in an order that needs no carry.
//
// Function  state: what START steps make of 0, after a reset; next: what it is after a step; at: it is
//           what AT steps make of 0.
// Structure a shift register with XNOR feedback, taps of maximal length: one LUT, where a binary counter
//           takes one a bit. All ones is the state it leaves out; ALL = 1 puts it behind 01..1, in
//           the same LUT up to six bits. It serves where only the order must be the same each time:
//           addresses of a FIFO, loops.
`default_nettype none
module axis_fifo_lfsr #(
  parameter int BITS  = 4,  // 2 to 16
  parameter int AT    = 0,
  parameter int START = 0,
  parameter int ALL   = 0   // 1: 2^BITS states
) (
  input  wire logic            clk,
  input  wire logic            rst,
  input  wire logic            step,
  output      logic [BITS-1:0] state,
  output      logic [BITS-1:0] next,
  output      logic            at
);
  function automatic logic [15:0] taps(input int bits);
    case (bits)
      2: taps = 16'h0003;
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

  localparam logic [15:0] REST = 16'((1 << (BITS - 1)) - 1);  // all bits but the highest

  function automatic logic feedback(input logic [15:0] from);
    feedback = ~^(from & TAPS) ^ (ALL != 0 && (from & REST) == REST);
  endfunction
  function automatic logic [15:0] after(input int steps);
    int i;
    begin
      after = '0;
      for (i = 0; i < steps; i = i + 1) after = {after[14:0], feedback(after)};
    end
  endfunction
  localparam logic [15:0] STATE = after(AT);
  localparam logic [15:0] FIRST = after(START);

  logic [BITS-1:0] state_q;
  assign state = state_q;
  assign at    = state_q == STATE[BITS-1:0];
  assign next  = {state_q[BITS-2:0], feedback(16'(state_q))};
  always_ff @(posedge clk) begin
    if (rst) state_q <= FIRST[BITS-1:0];
    else if (step) state_q <= next;
  end
endmodule
`default_nettype wire
