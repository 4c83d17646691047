// SPDX-License-Identifier: Apache-2.0
// axis_fifo_pointer - goes round the words of a memory, each of them once.
//
// Function  addr: what START steps make of 0, after a reset; next: what it is after a step.
// Structure an axis_fifo_lfsr; of several BLOCKS, which need not be a power of two, a binary counter says
//           which, and moves on behind the last word of each.
`default_nettype none
module axis_fifo_pointer #(
  parameter int BITS   = 5,  // a block is 2^BITS words
  parameter int BLOCKS = 1,
  parameter int ALL    = 0,  // 0: one word less; 1: all of them, as several blocks need
  parameter int START  = 0,  // less than a block
  localparam int ADDR_W = BITS + $clog2(BLOCKS)
) (
  input  wire logic              clk,
  input  wire logic              rst,
  input  wire logic              step,
  output      logic [ADDR_W-1:0] addr,
  output      logic [ADDR_W-1:0] next
);
  localparam int END = BLOCKS > 1 ? (1 << BITS) - 1 : 0;  // steps to a block's last word
  logic at_end;
  axis_fifo_lfsr #(.BITS(BITS), .AT(END), .START(START), .ALL(ALL)) u_word (
    .clk, .rst, .step, .state(addr[BITS-1:0]), .next(next[BITS-1:0]), .at(at_end)
  );
  if (BLOCKS > 1) begin : gen_blocks
    localparam int BLOCK_W = ADDR_W - BITS;
    logic [BLOCK_W-1:0] block_q, block_next;
    logic [BLOCK_W-1:0] turn;  // + 1 would take a carry chain beside the LUTs
    logic               last;
    assign turn[0] = at_end;
    for (genvar i = 1; i < BLOCK_W; i = i + 1) begin : gen_turn
      assign turn[i] = turn[i-1] && block_q[i-1];
    end
    assign block_next = at_end && last ? '0 : block_q ^ turn;
    assign last = block_q == BLOCK_W'(BLOCKS - 1);
    assign addr[ADDR_W-1:BITS] = block_q;
    assign next[ADDR_W-1:BITS] = block_next;
    always_ff @(posedge clk) begin
      if (rst) block_q <= '0;
      else if (step) block_q <= block_next;
    end
  end else begin : gen_one
    logic unused;
    assign unused = at_end;
  end
endmodule
`default_nettype wire
