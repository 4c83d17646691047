// SPDX-License-Identifier: Apache-2.0
// batch_control_formal - what is proved of batch_control, for every host, core and memory.
//
// Assumed  what the parts around it keep: the masters are busy, the core's streams active, only
//          after their launch, the streams at once, and not after clear; an error is only seen of
//          a master that was launched. START comes 1 clk after a clk in which hold is low.
// Proved   a START is taken or REFUSED, and refused only if a batch is queued, an error is shown or
//          a reset is under way; a request that is taken is launched once, in the three steps, with
//          what the registers held at START, and ends once: done, in an error, or by RESET;
//          an event for each end; none is forgotten: alone it is launched or has ended within LONGEST clk, and behind
//          another batch as soon as that one is out of its way; nothing is launched between an
//          error or RESET and the end of clear; an error is shown until RESET, DROPPED when it took
//          a queued batch along; launch_read and launch_out find their master idle, clear finds
//          both idle, and BUSY is low only when all is.
`default_nettype none
module batch_control_formal (
  input wire logic        clk,
  input wire logic        rst,
  input wire logic        start,
  input wire logic        reset,
  input wire logic [31:0] source,
  input wire logic [31:0] destination,
  input wire logic [31:0] frames,
  input wire logic        scores,
  input wire logic        reading,
  input wire logic        writing,
  input wire logic        in_active,
  input wire logic        out_active,
  input wire logic        read_failed,
  input wire logic        write_failed
);
  localparam int SIZE_W  = $clog2(784 + 1);
  localparam int LONGEST = SIZE_W + 5;
  logic        hold, launch_read, launch_in, launch_out, running, stop, clear, busy, queued, done;
  logic        batch_scores, read_error, write_error, bad_address, bad_range, refused, stopped;
  logic        dropped, event_done, event_error;
  logic [31:0] batch_frames;
  logic [28:0] read_first, write_first;
  logic [29:0] read_words, write_words;
  logic [7:0]  write_strobe;
  batch_control u_dut (.*);

  logic        init_q = 1'b1;
  logic        rst_q, hold_q, launch_read_q, launch_in_q, launch_out_q, clear_q, reading_q;
  logic        writing_q, in_active_q, out_active_q, read_failed_q, write_failed_q;
  logic        held_q, read_q, fed_q;      // a request is taken; of it: read, fed
  logic        runs_q;                     // a batch is launched whole
  logic [31:0] source_q, destination_q, frames_q;
  logic        scores_q;
  logic [31:0] taken_q, ended_q, alone_q;  // STARTs taken; batches ended; clk without one before
  logic        start_q, taken_now_q, reset_q, error_q, drops_q, lost_q, quiet_q;
  logic        well_q, badly_q, read_error_q, write_error_q;
  logic        error, taken, ends, all_end, shown;
  assign shown   = read_error || write_error || bad_address || bad_range;
  assign error   = u_dut.fails && !stop && !clear;
  assign taken   = u_dut.accept;
  assign ends    = u_dut.complete || u_dut.ends_bad || u_dut.ends_empty;
  assign all_end = !stop && !clear && (reset || error);
  always_ff @(posedge clk) begin
    init_q <= 1'b0;
    {rst_q, hold_q, clear_q} <= {rst, hold && !rst, clear || rst};
    {launch_read_q, launch_in_q, launch_out_q} <= {launch_read, launch_in, launch_out};
    {reading_q, writing_q, in_active_q, out_active_q} <= {reading, writing, in_active, out_active};
    {read_failed_q, write_failed_q} <= {read_failed, write_failed};
    if (taken) {source_q, destination_q, frames_q, scores_q} <= {source, destination, frames, scores};
    held_q  <= !rst && !all_end && (taken || (held_q && !launch_out && !u_dut.ends_bad
                                              && !u_dut.ends_empty));
    read_q  <= !rst && !all_end && !launch_out && (read_q || launch_read);
    fed_q   <= !rst && !all_end && !launch_out && (fed_q || launch_in);
    runs_q  <= !rst && !all_end && (launch_out || (runs_q && !u_dut.complete));
    taken_q <= rst ? '0 : taken_q + 32'(taken);
    ended_q <= rst ? '0 : ended_q + (all_end ? 32'(held_q) + 32'(runs_q) : 32'(ends));
    alone_q <= rst || !held_q || runs_q ? '0 : alone_q + 1'b1;
    {start_q, taken_now_q, reset_q} <= {start && !reset && !rst, taken && !rst, reset && !rst};
    error_q <= !rst && !reset && (shown || error || u_dut.ends_bad);
    drops_q <= !rst && all_end && held_q && runs_q;
    well_q  <= !rst && ends && !u_dut.ends_bad;
    badly_q <= !rst && (u_dut.ends_bad || (all_end && (held_q || runs_q)));
    read_error_q  <= !rst && error && !reset && read_failed && (!runs_q || !read_q);
    write_error_q <= !rst && error && !reset && write_failed && runs_q;
    // what excuses a REFUSED: seen by the host when it wrote START, or happening now
    quiet_q <= !rst && !queued && !stop && !clear && !shown;
    lost_q  <= !rst && start && !reset && !taken && quiet_q && !stop && !clear && !shown && !error;
  end

  always_comb begin
    if (init_q) assume (rst);
    if (hold_q) assume (!start);
    // the parts around
    if (!reading_q && !launch_read_q || rst_q) assume (!reading);
    if (!writing_q && !launch_out_q || rst_q) assume (!writing);
    if ((!in_active_q && !launch_in_q) || clear_q) assume (!in_active);
    if ((!out_active_q && !launch_out_q) || clear_q) assume (!out_active);
    if (launch_in_q && !clear_q) assume (in_active);
    if (launch_out_q && !clear_q) assume (out_active);
    if ((!read_failed_q && !reading_q) || launch_read_q || clear_q) assume (!read_failed);
    if ((!write_failed_q && !writing_q) || launch_out_q || clear_q) assume (!write_failed);

    if (!init_q) begin
      // a START and its request
      if (start_q && !rst_q) assert (taken_now_q ? busy : refused);
      assert (!lost_q);
      if (quiet_q && !hold_q) assert (!held_q);
      assert (taken_q - ended_q == 32'(held_q) + 32'(runs_q));
      assert (held_q == (u_dut.request_q != 3'd0) && runs_q == running);
      assert (queued == (held_q && runs_q));
      if (launch_read) assert (held_q && !read_q && read_first == source_q[31:3]);
      if (launch_in) assert (held_q && read_q && !fed_q && batch_frames == frames_q);
      if (launch_out) begin
        assert (held_q && read_q && fed_q && !runs_q && batch_frames == frames_q);
        assert (write_first == destination_q[31:3] && batch_scores == scores_q);
      end
      if (held_q) assert (u_dut.from_q == source_q && u_dut.to_q == destination_q);
      if (held_q) assert (batch_frames == frames_q && batch_scores == scores_q);
      if (held_q) begin
        assert (read_q == u_dut.ahead && fed_q == (u_dut.request_q == 3'd5));
        assert (u_dut.misaligned_q == (source_q[2:0] != '0 || destination_q[2:0] != '0));
        if (read_q || u_dut.request_q == 3'd3) assert (frames_q != '0 && !u_dut.misaligned_q);
      end
      assert (alone_q <= LONGEST);
      if (held_q && runs_q) assert (alone_q == '0);
      if (!held_q) assert (!read_q && !fed_q);
      if (held_q && !runs_q) begin
        case (u_dut.request_q)
          3'd1: assert (alone_q <= SIZE_W
                        && (u_dut.in_size_q | u_dut.out_size_q) >> (SIZE_W - alone_q) == '0);
          3'd2: assert (alone_q <= SIZE_W + 1);
          3'd3: assert (alone_q <= SIZE_W + 2);
          3'd4: assert (alone_q <= SIZE_W + 3);
          default: assert (alone_q <= SIZE_W + 4);
        endcase
      end
      if (held_q && u_dut.request_q == 3'd3 && !reading && !reset && !error) assert (launch_read);
      if (read_q && held_q && !fed_q && !in_active && !reset && !error) assert (launch_in);
      if (fed_q && held_q && !runs_q && !reset && !error) assert (launch_out);
      // ends
      assert (event_done == well_q && event_error == badly_q);
      if (event_done) assert (done || reset_q);
      if (read_error_q) assert (read_error);
      if (write_error_q) assert (write_error);
      if (u_dut.complete) assert (runs_q && !out_active && !writing && !error && !reset);
      if (all_end || stop || clear) assert (!launch_read && !launch_in && !launch_out && !taken);
      if (reset_q) assert (!held_q && !runs_q && !shown);
      if (error_q) assert (shown);
      if (shown) assert (!taken);
      if (held_q || runs_q) assert (!shown && !stopped);
      if (drops_q) assert (dropped);
      // whom they meet
      if (launch_read) assert (!reading);
      if (launch_out) assert (!writing && !out_active);
      if (launch_in) assert (!in_active);
      if (clear) assert (!reading && !writing && !held_q && !runs_q);
      if (clear && u_dut.clear_q != '0) assert (!in_active && !out_active);
      if (!busy) assert (!reading && !writing && !in_active && !out_active);
      if (!runs_q && !stop && !clear) assert (!writing && !out_active && !write_failed);
      if (!runs_q && !stop && !clear) assert (in_active == 1'b0 || fed_q);
      if (!runs_q && !stop && !clear && !read_q) assert (!reading && !read_failed);
      if (stop) assert (!held_q && !runs_q);
      assert (u_dut.request_q <= 3'd5 && u_dut.phase_q != 2'd3);
      assert (32'(u_dut.clear_q) < (clear ? 8 : 9));
    end
  end
endmodule
`default_nettype wire
