// SPDX-License-Identifier: Apache-2.0
// batch_control - from START to the end of a batch, with the next one queued behind it.
//
// Function  START copies the request and multiplies frames by the bytes of a frame (one bit of them
//           per clk). Then the batch is launched in three steps, each as soon as the batch before is
//           out of its way: launch_read (memory reads), launch_in (the core's input), launch_out
//           (the core's outputs, memory writes; from then on the batch `runs`). So the request is
//           free for the next START once a batch runs, and the next batch is read and fed while
//           the outputs of the one before are written. Batches end in the order of their STARTs.
// Errors    a batch that cannot be, a bus error or RESET ends its batch and drops the queued one:
//           `stop` until both masters are quiet, so that every burst they began is whole, then
//           `clear` resets the core, which holds part of a frame, and empties all buffers. An error
//           of the queued batch waits until the one before it has ended. Until RESET no START is
//           taken then: else a START meant to follow the failed batch would run alone.
// Order     RESET wins over START. RESET while idle clears the core, too.
// Timing    a batch alone: of no frames it ends 2 clk after START; others launch_read
//           clog2(bytes + 1) + 3 clk after it, launch_in and launch_out each 1 clk later. hold is
//           high for that long, so that the next START finds the request free. clear lasts
//           CLEAR_CLK.
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
  output      logic        hold,          // no register write now: a request is being prepared
  output      logic        launch_read,   // 1 clk; read_first and read_words are valid then
  output      logic        launch_in,     // 1 clk; batch_frames is valid then
  output      logic        launch_out,    // 1 clk; batch_* and write_* are valid then
  output      logic [31:0] batch_frames,
  output      logic        batch_scores,
  output      logic [28:0] read_first,    // words
  output      logic [29:0] read_words,
  output      logic [28:0] write_first,
  output      logic [29:0] write_words,
  output      logic [7:0]  write_strobe,  // of the last word
  output      logic        running,       // a batch has been launched whole and has not ended
  output      logic        stop,
  output      logic        clear,
  input  wire logic        reading,       // the read master has something to do or open
  input  wire logic        writing,
  input  wire logic        in_active,     // the core takes a batch's frames
  input  wire logic        out_active,    // the core puts a batch's frames out
  input  wire logic        read_failed,   // until the next launch_read
  input  wire logic        write_failed,  // until the next launch_out
  output      logic        busy,
  output      logic        queued,
  output      logic        done,
  output      logic        read_error,
  output      logic        write_error,
  output      logic        bad_address,
  output      logic        bad_range,
  output      logic        refused,
  output      logic        stopped,
  output      logic        dropped,
  output      logic        event_done,    // 1 clk
  output      logic        event_error    // 1 clk
);
  localparam int OUT_MAX = LABEL_BYTES > SCORE_BYTES ? LABEL_BYTES : SCORE_BYTES;
  localparam int MAX     = IN_BYTES > OUT_MAX ? IN_BYTES : OUT_MAX;
  localparam int SIZE_W  = $clog2(MAX + 1);
  localparam int CLEAR_W = $clog2(CLEAR_CLK + 1);
  typedef enum logic [2:0] {NONE, MULTIPLY, CHECK, READ, FEED, WRITE} request_t;  // what comes next
  typedef enum logic [1:0] {WORK, DRAIN, CLEAR} phase_t;

  request_t            request_q;
  phase_t              phase_q;
  logic [31:0]         from_q, to_q;
  logic [32:0]         in_q, out_q;      // bytes of the batch so far; bit 32: 4 GiB or more
  logic [32:0]         term_q;           // frames * 2**step; bit 32: a bit was shifted out
  logic [SIZE_W-1:0]   in_size_q, out_size_q;
  logic [CLEAR_W-1:0]  clear_q;
  logic [32:0]         in_end, out_end;  // one past the last byte
  logic                misaligned_q, none, over, accept, ahead, fails, ends_early, go;
  logic                turn, complete, ends_empty, ends_bad;

  function automatic logic [32:0] add(input logic [32:0] sum, input logic [32:0] term);
    logic [32:0] wide;
    wide = {1'b0, sum[31:0]} + {1'b0, term[31:0]};
    add  = {sum[32] || term[32] || wide[32], wide[31:0]};
  endfunction

  // the request
  assign in_end       = {1'b0, in_q[31:0]} + {1'b0, from_q};
  assign out_end      = {1'b0, out_q[31:0]} + {1'b0, to_q};
  assign over         = in_q[32] || in_end > 33'h1_0000_0000
                        || out_q[32] || out_end > 33'h1_0000_0000;
  assign none         = batch_frames == '0;
  assign read_first   = from_q[31:3];
  assign write_first  = to_q[31:3];
  assign read_words   = {1'b0, in_q[31:3]} + 30'(in_q[2:0] != '0);
  assign write_words  = {1'b0, out_q[31:3]} + 30'(out_q[2:0] != '0);
  assign write_strobe = out_q[2:0] == '0 ? 8'hFF : ~(8'hFF << out_q[2:0]);

  // what may happen in this clk
  assign ahead      = request_q == FEED || request_q == WRITE;  // reads are the request's
  assign fails      = (running && write_failed) || (read_failed && running != ahead);
  assign ends_early = phase_q == WORK && (reset || fails);
  assign accept     = start && phase_q == WORK && request_q == NONE && !ends_early
                      && !(read_error || write_error || bad_address || bad_range);
  assign go          = phase_q == WORK && !ends_early;
  assign launch_read = go && request_q == READ && !reading;
  assign launch_in   = go && request_q == FEED && !in_active;
  assign launch_out  = go && request_q == WRITE && !running;
  assign complete    = go && running && !out_active && !writing
                       && (request_q == WRITE || (!in_active && !reading));
  assign turn        = go && request_q == CHECK && !running;  // nothing is before the request
  assign ends_bad    = turn && (misaligned_q || (!none && over));
  assign ends_empty  = turn && none && !misaligned_q;

  assign busy   = phase_q != WORK || running || request_q != NONE;
  assign queued = running && request_q != NONE;
  assign hold   = start || (phase_q == WORK && request_q != NONE && !running);
  assign stop   = phase_q == DRAIN;
  assign clear  = phase_q == CLEAR;

  always_ff @(posedge clk) begin
    if (accept) begin
      from_q       <= source;
      to_q         <= destination;
      batch_frames <= frames;
      batch_scores <= scores;
      misaligned_q <= source[2:0] != '0 || destination[2:0] != '0;
      term_q       <= {1'b0, frames};
      in_q         <= '0;
      out_q        <= '0;
      in_size_q    <= SIZE_W'(IN_BYTES);
      out_size_q   <= scores ? SIZE_W'(SCORE_BYTES) : SIZE_W'(LABEL_BYTES);
    end else if (request_q == MULTIPLY) begin
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
      phase_q   <= CLEAR;
      request_q <= NONE;
      running   <= 1'b0;
    end else begin
      case (phase_q)
        WORK:    if (ends_early) phase_q <= running || ahead ? DRAIN : CLEAR;
        DRAIN:   if (!reading && !writing) phase_q <= CLEAR;
        default: if (clear_q == CLEAR_W'(CLEAR_CLK - 1)) phase_q <= WORK;
      endcase
      if (ends_early) begin
        request_q <= NONE;
        running   <= 1'b0;
      end else begin
        case (request_q)
          NONE:     if (accept) request_q <= MULTIPLY;
          MULTIPLY: if (none || (in_size_q == '0 && out_size_q == '0)) request_q <= CHECK;
          CHECK:    if (!none && !misaligned_q && !over) request_q <= READ;
                    else if (turn) request_q <= NONE;
          READ:     if (launch_read) request_q <= FEED;
          FEED:     if (launch_in) request_q <= WRITE;
          default:  if (launch_out) request_q <= NONE;
        endcase
        running <= launch_out || (running && !complete);
      end
    end
  end

  always_ff @(posedge clk) begin
    event_done  <= !rst && (complete || ends_empty);
    event_error <= !rst && (ends_bad || (ends_early && busy));
    if (rst) begin
      {done, read_error, write_error, bad_address, bad_range} <= '0;
      {refused, stopped, dropped} <= '0;
    end else begin
      if (accept) {done, refused, stopped, dropped} <= '0;
      else if (start && !reset) refused <= 1'b1;
      if (complete || ends_empty) done <= 1'b1;
      if (ends_bad) begin
        bad_address <= misaligned_q;
        bad_range   <= !misaligned_q;
      end
      // every error until the bus is quiet; not those of what RESET ended
      if ((ends_early || stop) && !stopped && !reset) begin
        if (read_failed && (stop || running != ahead)) read_error <= 1'b1;
        if (write_failed && (stop || running)) write_error <= 1'b1;
      end
      if (ends_bad || ends_early) done <= 1'b0;
      if (ends_early && queued) dropped <= 1'b1;
      if (reset) begin
        {done, read_error, write_error, bad_address, bad_range, refused} <= '0;
        if (phase_q == DRAIN || (phase_q == WORK && busy)) stopped <= 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
