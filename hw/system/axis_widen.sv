// SPDX-License-Identifier: Apache-2.0
// axis_widen - 64-bit words to beats of BYTES bytes.
//
// Function  the bytes of s_axis, in order, cut into beats of BYTES; byte 0 of either is lowest. What
//           is left of a word begins the next beat. flush forgets what no beat has carried yet.
// Why       BYTES > 8: a word is rotated to its place modulo 8 once and then written into the beat
//           by byte enables; shifting the whole beat would need BYTES multiplexers of 8 inputs.
// Timing    the lesser of 8 bytes and one beat per clk, for every BYTES, without bubbles; a beat is
//           there 1 clk after its last word (BYTES = 8: 0 clk). s_axis_tready depends on
//           m_axis_tready: put a FIFO in front.
`default_nettype none
module axis_widen #(
  parameter int BYTES = 98
) (
  input  wire logic               clk,
  input  wire logic               rst,
  input  wire logic               flush,
  input  wire logic [63:0]        s_axis_tdata,
  input  wire logic               s_axis_tvalid,
  output      logic               s_axis_tready,
  output      logic [BYTES*8-1:0] m_axis_tdata,
  output      logic               m_axis_tvalid,
  input  wire logic               m_axis_tready
);
  if (BYTES < 1) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "axis_widen: BYTES=%0d must be at least 1", BYTES);
  end

  logic accept;
  assign accept = s_axis_tvalid && s_axis_tready;

  if (BYTES == 8) begin : gen_same
    assign m_axis_tdata  = s_axis_tdata;
    assign m_axis_tvalid = s_axis_tvalid;
    assign s_axis_tready = m_axis_tready;
    logic unused;
    assign unused = &{1'b0, clk, rst, flush, accept};
  end else if (BYTES < 8) begin : gen_queue
    logic [119:0] queue_q, moved;  // at most 7 bytes are left when a word comes
    logic [3:0]   count_q, kept;
    assign m_axis_tdata  = queue_q[BYTES*8-1:0];
    assign m_axis_tvalid = count_q >= 4'(BYTES);
    assign kept          = m_axis_tvalid && m_axis_tready ? count_q - 4'(BYTES) : count_q;
    assign moved         = m_axis_tvalid && m_axis_tready ? queue_q >> (BYTES * 8) : queue_q;
    assign s_axis_tready = kept < 4'd8;
    always_ff @(posedge clk) begin
      queue_q <= moved;
      if (accept) queue_q[8*kept[2:0] +: 64] <= s_axis_tdata;
    end
    always_ff @(posedge clk) begin
      if (rst || flush) count_q <= '0;
      else count_q <= kept + (accept ? 4'd8 : 4'd0);
    end
  end else begin : gen_beat
    localparam int PLACE_W = $clog2(BYTES + 8);
    logic [BYTES*8-1:0]  beat_q;
    logic [63:0]         left_q, word, carried;  // left_q: the word before, as it came
    logic [PLACE_W-1:0]  place_q, next;          // bytes of this beat that came before this word
    logic                full_q, wraps, carry_q;
    logic [2:0]          turn;                   // place_q modulo 8
    logic [7:0]          here;                   // bytes of `word` for this slot; others: next
    logic [PLACE_W-4:0]  slot;

    assign turn = BYTES % 8 == 0 ? 3'd0 : place_q[2:0];
    assign slot = place_q[PLACE_W-1:3];
    function automatic logic [63:0] rotate(input logic [63:0] value, input logic [2:0] bytes);
      logic [2:0] from;  // modulo 8: named at its own width
      for (int b = 0; b < 8; b++) begin
        from = 3'(b) - bytes;
        rotate[8*b +: 8] = value[8*from +: 8];
      end
    endfunction
    assign here          = 8'hFF << turn;
    assign word          = rotate(s_axis_tdata, turn);
    assign carried       = rotate(left_q, turn);
    assign next          = place_q + PLACE_W'(8);
    assign wraps         = next >= PLACE_W'(BYTES);
    assign s_axis_tready = !full_q || m_axis_tready;
    assign m_axis_tvalid = full_q;
    assign m_axis_tdata  = beat_q[BYTES*8-1:0];

    always_ff @(posedge clk) begin
      if (accept) begin
        left_q <= s_axis_tdata;
        for (int i = 0; i < BYTES; i++) begin
          if (slot + (PLACE_W - 3)'(!here[i%8]) == (PLACE_W - 3)'(i / 8))
            beat_q[8*i +: 8] <= word[8*(i%8) +: 8];
          else if (i < 8 && carry_q && !here[i%8]) beat_q[8*i +: 8] <= carried[8*(i%8) +: 8];
        end
      end
    end
    always_ff @(posedge clk) begin
      if (rst || flush) begin
        place_q <= '0;
        full_q  <= 1'b0;
        carry_q <= 1'b0;
      end else begin
        if (accept) begin
          place_q <= wraps ? next - PLACE_W'(BYTES) : next;
          carry_q <= wraps;
        end
        full_q <= accept ? wraps : full_q && !m_axis_tready;
      end
    end
  end
endmodule
`default_nettype wire
