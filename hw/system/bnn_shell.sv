// SPDX-License-Identifier: Apache-2.0
// bnn_shell - registers, memory access and interrupt around a stream core.
//
// Function  a batch: FRAMES frames are read from SOURCE and streamed into the core; its labels or
//           its scores, whichever OPTIONS asks for, are written to DESTINATION. The other output is
//           taken and dropped. Of two batches that are queued the second is read and fed into the core
//           while outputs of the first are written: each output is held at the border between them.
// Spec      registers.md beside this file.
// Order     memory holds the beats of the core's streams back to back, each in whole bytes, lowest
//           byte first; frames follow each other without padding. So 8-bit pixels are read as they
//           lie in memory; a core with 1-bit inputs reads them packed, IN_BEAT_BYTES hold the bits
//           of a beat, element 0 in bit 0 (how many: dense_lanes() of flows/beats.py).
// Bus       AXI4-Lite s_axi (12 address bits); AXI4 m_axi, 64 data and 32 address bits, one ID,
//           bursts of at most BURST words that never cross 4 KiB, READS and WRITES of them open.
//           Up to 7 bytes behind the last input byte are read: those of its 64-bit word. No byte
//           outside the output is written.
// Limits    SOURCE and DESTINATION are multiples of 8; fewer than 4 GiB each way per batch.
`default_nettype none
module bnn_shell #(
  parameter int IN_BEAT_BYTES     = 98,  // width of the core's input stream
  parameter int IN_BEATS          = 8,   // beats of a frame
  parameter int LABEL_BEAT_BYTES  = 1,
  parameter int LABEL_BEATS       = 1,
  parameter int SCORE_BEAT_BYTES  = 6,
  parameter int SCORE_BEATS       = 5,
  parameter int BURST             = 16,
  parameter int READS             = 4,
  parameter int WRITES            = 4,
  parameter logic [63:0] CONFIG_HASH = '0
) (
  input  wire logic        clk,
  input  wire logic        rst,
  output      logic        irq,
  input  wire logic [11:0] s_axi_awaddr,
  input  wire logic [2:0]  s_axi_awprot,
  input  wire logic        s_axi_awvalid,
  output      logic        s_axi_awready,
  input  wire logic [31:0] s_axi_wdata,
  input  wire logic [3:0]  s_axi_wstrb,
  input  wire logic        s_axi_wvalid,
  output      logic        s_axi_wready,
  output      logic [1:0]  s_axi_bresp,
  output      logic        s_axi_bvalid,
  input  wire logic        s_axi_bready,
  input  wire logic [11:0] s_axi_araddr,
  input  wire logic [2:0]  s_axi_arprot,
  input  wire logic        s_axi_arvalid,
  output      logic        s_axi_arready,
  output      logic [31:0] s_axi_rdata,
  output      logic [1:0]  s_axi_rresp,
  output      logic        s_axi_rvalid,
  input  wire logic        s_axi_rready,
  output      logic [31:0] m_axi_araddr,
  output      logic [7:0]  m_axi_arlen,
  output      logic        m_axi_arvalid,
  input  wire logic        m_axi_arready,
  input  wire logic [63:0] m_axi_rdata,
  input  wire logic [1:0]  m_axi_rresp,
  input  wire logic        m_axi_rlast,
  input  wire logic        m_axi_rvalid,
  output      logic        m_axi_rready,
  output      logic [31:0] m_axi_awaddr,
  output      logic [7:0]  m_axi_awlen,
  output      logic        m_axi_awvalid,
  input  wire logic        m_axi_awready,
  output      logic [63:0] m_axi_wdata,
  output      logic [7:0]  m_axi_wstrb,
  output      logic        m_axi_wlast,
  output      logic        m_axi_wvalid,
  input  wire logic        m_axi_wready,
  input  wire logic [1:0]  m_axi_bresp,
  input  wire logic        m_axi_bvalid,
  output      logic        m_axi_bready,
  output      logic        core_rst,
  output      logic [IN_BEAT_BYTES*8-1:0]         core_in_tdata,
  output      logic                               core_in_tvalid,
  input  wire logic                               core_in_tready,
  input  wire logic [LABEL_BEAT_BYTES*8-1:0]      core_label_tdata,
  input  wire logic                               core_label_tvalid,
  output      logic                               core_label_tready,
  input  wire logic [SCORE_BEAT_BYTES*8-1:0]      core_score_tdata,
  input  wire logic                               core_score_tvalid,
  output      logic                               core_score_tready
);
  localparam int IN_BYTES    = IN_BEAT_BYTES * IN_BEATS;
  localparam int LABEL_BYTES = LABEL_BEAT_BYTES * LABEL_BEATS;
  localparam int SCORE_BYTES = SCORE_BEAT_BYTES * SCORE_BEATS;

  // -- registers
  logic        write;
  logic [9:0]  write_word, read_word;
  logic [31:0] write_data, read_data, source, destination, frames;
  logic [3:0]  write_strobe;
  logic        start, reset, scores, busy, done, read_error, write_error, bad_address, bad_range;
  logic        refused, stopped, event_done, event_error, enable_done, enable_error;
  logic        pending_done, pending_error, hold, queued, dropped;
  logic [31:0] batches_q, cycles_q, read_stall_q, core_stall_q, write_stall_q, frames_in;
  logic [31:0] label_frames, score_frames;
  logic        batch_scores, out_scores_q;  // of the request; of the batch that runs
  axi_lite_slave u_slave (.*);
  bnn_registers u_registers (
    .clk, .rst, .write, .write_word, .write_data, .write_strobe, .read_word, .read_data,
    .hw_hash_low(CONFIG_HASH[31:0]), .hw_hash_high(CONFIG_HASH[63:32]),
    .reg_control_start(start), .reg_control_reset(reset),
    .hw_status_busy(busy), .hw_status_done(done),
    .hw_status_read_error(read_error), .hw_status_write_error(write_error),
    .hw_status_bad_address(bad_address), .hw_status_bad_range(bad_range),
    .hw_status_refused(refused), .hw_status_stopped(stopped),
    .hw_status_queued(queued), .hw_status_dropped(dropped),
    .reg_irq_enable_done(enable_done), .reg_irq_enable_error(enable_error),
    .set_irq_status_done(event_done), .reg_irq_status_done(pending_done),
    .set_irq_status_error(event_error), .reg_irq_status_error(pending_error),
    .reg_source(source), .reg_destination(destination), .reg_frames(frames),
    .reg_options_scores(scores),
    .hw_in_bytes(32'(IN_BYTES)), .hw_label_bytes(32'(LABEL_BYTES)),
    .hw_score_bytes(32'(SCORE_BYTES)),
    .hw_batches_done(batches_q), .hw_cycles(cycles_q), .hw_read_stall(read_stall_q), .hw_core_stall(core_stall_q),
    .hw_write_stall(write_stall_q), .hw_frames_in(frames_in),
    .hw_frames_out(out_scores_q ? score_frames : label_frames)
  );
  always_ff @(posedge clk) begin
    if (rst) irq <= 1'b0;
    else irq <= (enable_done && pending_done) || (enable_error && pending_error);
  end

  // -- control
  logic        launch_read, launch_in, launch_out, running, stop, clear, reading, writing;
  logic        read_failed, write_failed, in_active, label_active, score_active, label_last;
  logic        score_last;
  logic [31:0] batch_frames;
  logic [28:0] read_first, write_first;
  logic [29:0] read_words, write_words;
  logic [7:0]  last_strobe;
  assign core_rst = rst || clear;
  batch_control #(
    .IN_BYTES(IN_BYTES), .LABEL_BYTES(LABEL_BYTES), .SCORE_BYTES(SCORE_BYTES)
  ) u_control (
    .clk, .rst, .start, .reset, .source, .destination, .frames, .scores, .hold,
    .launch_read, .launch_in, .launch_out, .batch_frames, .batch_scores, .read_first,
    .read_words, .write_first, .write_words, .write_strobe(last_strobe), .running, .stop, .clear,
    .reading, .writing, .in_active, .out_active(label_active || score_active),
    .read_failed, .write_failed, .busy, .queued, .done, .read_error, .write_error, .bad_address,
    .bad_range, .refused, .stopped, .dropped, .event_done, .event_error
  );
  always_ff @(posedge clk) begin
    if (launch_out) out_scores_q <= batch_scores;
  end

  // -- memory to core
  logic [63:0] in_word;
  logic        in_word_last, in_word_valid, in_word_ready, in_valid, unused_in_last;
  logic        in_open_q;  // what the FIFO gives out is the batch's that the core takes
  always_ff @(posedge clk) begin
    if (rst || clear) in_open_q <= 1'b0;
    else if (launch_in) in_open_q <= 1'b1;
    else if (in_word_valid && in_word_ready && in_word_last) in_open_q <= 1'b0;
  end
  axi_read_master #(.BURST(BURST), .OUTSTANDING(READS)) u_read (
    .clk, .rst, .start(launch_read), .first_word(read_first), .words(read_words),
    .stop(stop || read_failed), .flush(clear), .busy(reading), .error(read_failed),
    .m_axi_araddr, .m_axi_arlen, .m_axi_arvalid, .m_axi_arready,
    .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid, .m_axi_rready,
    .m_axis_tdata(in_word), .m_axis_tlast(in_word_last), .m_axis_tvalid(in_word_valid),
    .m_axis_tready(in_word_ready && in_open_q)
  );
  axis_widen #(.BYTES(IN_BEAT_BYTES)) u_widen (
    .clk, .rst, .flush(launch_in || clear), .s_axis_tdata(in_word),
    .s_axis_tvalid(in_word_valid && in_open_q), .s_axis_tready(in_word_ready),
    .m_axis_tdata(core_in_tdata), .m_axis_tvalid(in_valid), .m_axis_tready(core_in_tready)
  );
  assign core_in_tvalid = in_valid && in_active;  // not the bytes behind the last frame
  frame_counter #(.BEATS(IN_BEATS)) u_in_frames (
    .clk, .rst, .start(launch_in), .stop(clear), .frames(batch_frames),
    .beat(core_in_tvalid && core_in_tready), .active(in_active), .last(unused_in_last),
    .done_frames(frames_in)
  );

  // -- core to memory: pieces of the chosen output; nothing is taken before the batch runs
  logic [63:0] label_piece, score_piece, out_word;
  logic [3:0]  label_bytes, score_bytes;
  logic        label_end, score_end, label_valid, score_valid, label_ready, score_ready;
  logic        piece_valid, piece_ready, out_valid, out_ready;
  axis_split #(.BYTES(LABEL_BEAT_BYTES)) u_label (
    .clk, .rst, .flush(clear), .s_axis_tdata(core_label_tdata),
    .s_axis_tvalid(core_label_tvalid && label_active), .s_axis_tready(label_ready),
    .m_axis_tdata(label_piece), .m_axis_tbytes(label_bytes), .m_axis_tlast(label_end),
    .m_axis_tvalid(label_valid), .m_axis_tready(out_scores_q || piece_ready)
  );
  axis_split #(.BYTES(SCORE_BEAT_BYTES)) u_score (
    .clk, .rst, .flush(clear), .s_axis_tdata(core_score_tdata),
    .s_axis_tvalid(core_score_tvalid && score_active), .s_axis_tready(score_ready),
    .m_axis_tdata(score_piece), .m_axis_tbytes(score_bytes), .m_axis_tlast(score_end),
    .m_axis_tvalid(score_valid), .m_axis_tready(!out_scores_q || piece_ready)
  );
  assign core_label_tready = label_ready && label_active;
  assign core_score_tready = score_ready && score_active;
  frame_counter #(.BEATS(LABEL_BEATS)) u_label_frames (
    .clk, .rst, .start(launch_out), .stop(clear), .frames(batch_frames),
    .beat(core_label_tvalid && core_label_tready), .active(label_active), .last(label_last),
    .done_frames(label_frames)
  );
  frame_counter #(.BEATS(SCORE_BEATS)) u_score_frames (
    .clk, .rst, .start(launch_out), .stop(clear), .frames(batch_frames),
    .beat(core_score_tvalid && core_score_tready), .active(score_active), .last(score_last),
    .done_frames(score_frames)
  );
  assign piece_valid = out_scores_q ? score_valid : label_valid;
  axis_pack u_pack (
    .clk, .rst, .flush(clear),
    .s_axis_tdata(out_scores_q ? score_piece : label_piece),
    .s_axis_tbytes(out_scores_q ? score_bytes : label_bytes),
    .s_axis_tlast(out_scores_q ? score_last && score_end : label_last && label_end),
    .s_axis_tvalid(piece_valid), .s_axis_tready(piece_ready),
    .m_axis_tdata(out_word), .m_axis_tvalid(out_valid), .m_axis_tready(out_ready)
  );
  axi_write_master #(.BURST(BURST), .OUTSTANDING(WRITES)) u_write (
    .clk, .rst, .start(launch_out), .first_word(write_first), .words(write_words),
    .last_strobe, .stop, .flush(launch_out || clear), .busy(writing), .error(write_failed),
    .m_axi_awaddr, .m_axi_awlen, .m_axi_awvalid, .m_axi_awready,
    .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_wvalid, .m_axi_wready,
    .m_axi_bresp, .m_axi_bvalid, .m_axi_bready,
    .s_axis_tdata(out_word), .s_axis_tvalid(out_valid), .s_axis_tready(out_ready)
  );

  // -- counters
  always_ff @(posedge clk) begin
    if (rst) begin
      {batches_q, cycles_q, read_stall_q, core_stall_q, write_stall_q} <= '0;
    end else begin
      batches_q     <= batches_q + 32'(event_done);
      cycles_q      <= cycles_q + 32'(busy);
      read_stall_q  <= read_stall_q + 32'(in_active && !stop && !in_valid && core_in_tready);
      core_stall_q  <= core_stall_q + 32'(!stop && core_in_tvalid && !core_in_tready);
      write_stall_q <= write_stall_q + 32'(running && piece_valid && !piece_ready);
    end
  end
endmodule
`default_nettype wire
