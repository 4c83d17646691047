// SPDX-License-Identifier: Apache-2.0
// batch_control - from START to the end of a batch, whichever way it ends.
//
// Function  START while idle copies the request, multiplies frames by the bytes of a frame (one bit
//           of them per clk), refuses what cannot be, and launches the masters. The batch ends when
//           `complete` is high. A bus error or RESET ends it early: `stop` until both masters are
//           quiet, so that every burst they began is whole, then `clear` resets the core, which
//           holds part of a frame, and empties all buffers.
// Order     RESET wins over START. RESET while idle clears the core, too.
// Timing    a batch of no frames ends 2 clk after START; others launch clog2(bytes + 1) + 3 clk
//           after it. clear lasts CLEAR_CLK.
`default_nettype none
module batch_control #(
  parameter int IN_BYTES    = 784,  // of a frame
  parameter int LABEL_BYTES = 1,
  parameter int SCORE_BYTES = 30,
  parameter int CLEAR_CLK   = 8
) (
  input  wire logic        clk,
  input  wire logic        rst,
  input  wire logic        start,
  input  wire logic        reset,
  input  wire logic [31:0] source,
  input  wire logic [31:0] destination,
  input  wire logic [31:0] frames,
  input  wire logic        scores,
  output      logic        launch,        // 1 clk; what follows is valid then and until busy falls
  output      logic [31:0] batch_frames,
  output      logic        batch_scores,
  output      logic [28:0] read_first,    // words
  output      logic [29:0] read_words,
  output      logic [28:0] write_first,
  output      logic [29:0] write_words,
  output      logic [7:0]  write_strobe,  // of the last word
  output      logic        running,       // launched, neither ended nor stopped
  output      logic        stop,
  output      logic        clear,
  input  wire logic        complete,      // every output byte is in memory
  input  wire logic        quiet,         // neither master has anything open
  input  wire logic        read_failed,
  input  wire logic        write_failed,
  output      logic        busy,
  output      logic        done,
  output      logic        read_error,
  output      logic        write_error,
  output      logic        bad_address,
  output      logic        bad_range,
  output      logic        refused,
  output      logic        stopped,
  output      logic        event_done,    // 1 clk
  output      logic        event_error    // 1 clk
);
  localparam int OUT_MAX = LABEL_BYTES > SCORE_BYTES ? LABEL_BYTES : SCORE_BYTES;
  localparam int MAX     = IN_BYTES > OUT_MAX ? IN_BYTES : OUT_MAX;
  localparam int SIZE_W  = $clog2(MAX + 1);
  localparam int CLEAR_W = $clog2(CLEAR_CLK + 1);
  typedef enum logic [2:0] {IDLE, MULTIPLY, CHECK, LAUNCH, RUN, DRAIN, CLEAR} state_t;

  state_t              state_q;
  logic [31:0]         from_q, to_q;
  logic [32:0]         in_q, out_q;      // bytes of the batch so far; bit 32: 4 GiB or more
  logic [32:0]         term_q;           // frames * 2**step; bit 32: a bit was shifted out
  logic [SIZE_W-1:0]   in_size_q, out_size_q;
  logic [CLEAR_W-1:0]  clear_q;
  logic [32:0]         in_end, out_end;  // one past the last byte
  logic                accept, ends_early, in_over, out_over;

  function automatic logic [32:0] add(input logic [32:0] sum, input logic [32:0] term);
    logic [32:0] wide;
    wide = {1'b0, sum[31:0]} + {1'b0, term[31:0]};
    add  = {sum[32] || term[32] || wide[32], wide[31:0]};
  endfunction

  assign accept     = start && !reset && state_q == IDLE;
  assign ends_early = reset || read_failed || write_failed;
  assign in_end     = {1'b0, in_q[31:0]} + {1'b0, from_q};
  assign out_end    = {1'b0, out_q[31:0]} + {1'b0, to_q};
  assign in_over    = in_q[32] || in_end > 33'h1_0000_0000;
  assign out_over   = out_q[32] || out_end > 33'h1_0000_0000;
  assign busy       = state_q != IDLE;
  assign launch     = state_q == LAUNCH;
  assign running    = state_q == RUN;
  assign stop       = state_q == DRAIN;
  assign clear      = state_q == CLEAR;

  assign read_first  = from_q[31:3];
  assign write_first = to_q[31:3];
  assign read_words  = {1'b0, in_q[31:3]} + 30'(in_q[2:0] != '0);
  assign write_words = {1'b0, out_q[31:3]} + 30'(out_q[2:0] != '0);
  assign write_strobe = out_q[2:0] == '0 ? 8'hFF : ~(8'hFF << out_q[2:0]);

  always_ff @(posedge clk) begin
    if (accept) begin
      from_q       <= source;
      to_q         <= destination;
      batch_frames <= frames;
      batch_scores <= scores;
      term_q       <= {1'b0, frames};
      in_q         <= '0;
      out_q        <= '0;
      in_size_q    <= SIZE_W'(IN_BYTES);
      out_size_q   <= scores ? SIZE_W'(SCORE_BYTES) : SIZE_W'(LABEL_BYTES);
    end else if (state_q == MULTIPLY) begin
      if (in_size_q[0]) in_q <= add(in_q, term_q);
      if (out_size_q[0]) out_q <= add(out_q, term_q);
      term_q     <= {term_q[32] || term_q[31], term_q[30:0], 1'b0};
      in_size_q  <= in_size_q >> 1;
      out_size_q <= out_size_q >> 1;
    end
    clear_q <= !rst && clear ? clear_q + 1'b1 : '0;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= CLEAR;
    end else begin
      case (state_q)
        IDLE:     if (reset) state_q <= CLEAR;
                  else if (start) state_q <= MULTIPLY;
        MULTIPLY: if (reset) state_q <= CLEAR;
                  else if (batch_frames == '0 || (in_size_q == '0 && out_size_q == '0))
                    state_q <= CHECK;
        CHECK:    if (reset) state_q <= CLEAR;
                  else state_q <= batch_frames == '0 || bad_address || in_over || out_over
                                  ? IDLE : LAUNCH;
        LAUNCH:   state_q <= reset ? DRAIN : RUN;
        RUN:      if (ends_early) state_q <= DRAIN;
                  else if (complete) state_q <= IDLE;
        DRAIN:    if (quiet) state_q <= CLEAR;
        default:  if (clear_q == CLEAR_W'(CLEAR_CLK - 1)) state_q <= IDLE;
      endcase
    end
  end

  always_ff @(posedge clk) begin
    event_done  <= 1'b0;
    event_error <= 1'b0;
    if (rst || accept || (reset && state_q != DRAIN)) begin
      done        <= 1'b0;
      read_error  <= 1'b0;
      write_error <= 1'b0;
      bad_address <= !rst && accept && (source[2:0] != '0 || destination[2:0] != '0);
      bad_range   <= 1'b0;
      refused     <= 1'b0;
      stopped     <= !rst && reset && (stopped || (state_q != IDLE && state_q != CLEAR));
      event_error <= !rst && reset && state_q != IDLE && state_q != CLEAR;
    end else begin
      if (start) refused <= 1'b1;
      if (state_q == DRAIN && reset) stopped <= 1'b1;
      if (running || stop) begin
        if (read_failed) read_error <= 1'b1;
        if (write_failed) write_error <= 1'b1;
      end
      if (running && (read_failed || write_failed)) event_error <= 1'b1;
      if (state_q == CHECK) begin
        if (batch_frames != '0 && !bad_address && (in_over || out_over)) bad_range <= 1'b1;
        done        <= batch_frames == '0 && !bad_address;
        event_done  <= batch_frames == '0 && !bad_address;
        event_error <= bad_address || (batch_frames != '0 && (in_over || out_over));
      end
      if (running && complete && !(read_failed || write_failed)) begin
        done       <= 1'b1;
        event_done <= 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
