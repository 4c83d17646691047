// SPDX-License-Identifier: Apache-2.0
// registers_formal - what is proved of axi_lite_slave with bnn_registers, for every host.
//
// Assumed  the host keeps what it offers until ready, as AXI4-Lite wants it. hold is free.
// Proved   one answer for each write and each read, never before it, OKAY, kept until taken; a write
//          reaches the registers once, not while hold is high, with the address, data and strobes
//          that were offered; each kept register changes by that and by nothing else, byte by byte;
//          CONTROL gives pulses of one clk; an event of the hardware is never lost, and only a one
//          clears it; what a read answers is the register as it was; where there is no register it
//          is 0.
`default_nettype none
module registers_formal (
  input wire logic        clk,
  input wire logic        rst,
  input wire logic [11:0] awaddr,
  input wire logic        awvalid,
  input wire logic [31:0] wdata,
  input wire logic [3:0]  wstrb,
  input wire logic        wvalid,
  input wire logic        bready,
  input wire logic [11:0] araddr,
  input wire logic        arvalid,
  input wire logic        rready,
  input wire logic [31:0] value,       // of every ro register without fields
  input wire logic [9:0]  status,
  input wire logic        hold,
  input wire logic        happened_done,
  input wire logic        happened_error
);
  logic        awready, wready, bvalid, arready, rvalid, write;
  logic [1:0]  bresp, rresp;
  logic [31:0] rdata, write_data, read_data, source, destination, frames;
  logic [9:0]  write_word, read_word;
  logic [3:0]  write_strobe;
  logic        start, reset, enable_done, enable_error, done, error, scores;
  axi_lite_slave u_slave (
    .clk, .rst, .s_axi_awaddr(awaddr), .s_axi_awprot(3'd0), .s_axi_awvalid(awvalid),
    .s_axi_awready(awready), .s_axi_wdata(wdata), .s_axi_wstrb(wstrb), .s_axi_wvalid(wvalid),
    .s_axi_wready(wready), .s_axi_bresp(bresp), .s_axi_bvalid(bvalid), .s_axi_bready(bready),
    .s_axi_araddr(araddr), .s_axi_arprot(3'd0), .s_axi_arvalid(arvalid), .s_axi_arready(arready),
    .s_axi_rdata(rdata), .s_axi_rresp(rresp), .s_axi_rvalid(rvalid), .s_axi_rready(rready),
    .hold, .write, .write_word, .write_data, .write_strobe, .read_word, .read_data
  );
  bnn_registers u_registers (
    .clk, .rst, .write, .write_word, .write_data, .write_strobe, .read_word, .read_data,
    .hw_hash_low(value), .hw_hash_high(value), .reg_control_start(start),
    .reg_control_reset(reset), .hw_status_busy(status[0]), .hw_status_done(status[1]),
    .hw_status_read_error(status[2]), .hw_status_write_error(status[3]),
    .hw_status_bad_address(status[4]), .hw_status_bad_range(status[5]),
    .hw_status_refused(status[6]), .hw_status_stopped(status[7]),
    .hw_status_queued(status[8]), .hw_status_dropped(status[9]),
    .reg_irq_enable_done(enable_done), .reg_irq_enable_error(enable_error),
    .set_irq_status_done(happened_done), .reg_irq_status_done(done),
    .set_irq_status_error(happened_error), .reg_irq_status_error(error),
    .reg_source(source), .reg_destination(destination), .reg_frames(frames),
    .reg_options_scores(scores), .hw_in_bytes(value), .hw_label_bytes(value),
    .hw_score_bytes(value), .hw_batches_done(value), .hw_cycles(value), .hw_read_stall(value), .hw_core_stall(value),
    .hw_write_stall(value), .hw_frames_in(value), .hw_frames_out(value)
  );

  // the host's side: what was offered and is not answered yet
  logic        init_q = 1'b1;
  logic        aw_q, w_q, ar_q, b_was_q, r_was_q, rst_q, written_q;
  logic [9:0]  aw_word_q, ar_word_q, word_q;
  logic [31:0] w_data_q, r_want_q, rdata_q, data_q;
  logic [3:0]  w_strobe_q, strobe_q;
  logic [31:0] source_q, destination_q, frames_q;
  logic        scores_q, enable_done_q, enable_error_q, done_q, error_q, hit_done_q, hit_error_q;
  logic        offer_aw_q, offer_w_q, offer_ar_q;
  logic [11:0] awaddr_q, araddr_q;
  logic [35:0] w_q_was;
  always_ff @(posedge clk) begin
    init_q <= 1'b0;
    rst_q  <= rst;
    // taken and not yet answered
    aw_q <= !rst && ((awvalid && awready) || (aw_q && !write));
    w_q  <= !rst && ((wvalid && wready) || (w_q && !write));
    ar_q <= !rst && ((arvalid && arready) || (ar_q && !(ar_q && !rvalid)));
    if (awvalid && awready) aw_word_q <= awaddr[11:2];
    if (wvalid && wready) {w_strobe_q, w_data_q} <= {wstrb, wdata};
    if (arvalid && arready) ar_word_q <= araddr[11:2];
    if (ar_q && !rvalid) r_want_q <= read_data;
    b_was_q <= !rst && bvalid && !bready;
    r_was_q <= !rst && rvalid && !rready;
    rdata_q <= rdata;
    {offer_aw_q, awaddr_q}  <= {!rst && awvalid && !awready, awaddr};
    {offer_w_q, w_q_was}    <= {!rst && wvalid && !wready, wstrb, wdata};
    {offer_ar_q, araddr_q}  <= {!rst && arvalid && !arready, araddr};
    // the registers one clk ago and the write of that clk
    written_q <= !rst && write;
    {word_q, data_q, strobe_q} <= {write_word, write_data, write_strobe};
    {source_q, destination_q, frames_q} <= {source, destination, frames};
    {scores_q, enable_done_q, enable_error_q} <= {scores, enable_done, enable_error};
    {done_q, error_q, hit_done_q, hit_error_q} <= {done, error, happened_done, happened_error};
  end

  function automatic logic [31:0] kept(input logic [31:0] old, input logic [9:0] word);
    for (int i = 0; i < 4; i++)
      kept[8*i +: 8] = written_q && word_q == word && strobe_q[i] ? data_q[8*i +: 8]
                                                                  : old[8*i +: 8];
  endfunction
  function automatic logic one(input logic [9:0] word, input logic bit_value);
    one = written_q && word_q == word && strobe_q[0] && bit_value;
  endfunction

  always_comb begin
    if (init_q) assume (rst);
    if (offer_aw_q) assume (awvalid && awaddr == awaddr_q);
    if (offer_w_q) assume (wvalid && {wstrb, wdata} == w_q_was);
    if (offer_ar_q) assume (arvalid && araddr == araddr_q);
    if (!init_q) begin
      // the bus
      assert (bresp == 2'b00 && rresp == 2'b00);
      if (b_was_q && !rst_q) assert (bvalid);
      if (r_was_q && !rst_q) assert (rvalid && rdata == rdata_q);
      if (write) assert (aw_q && w_q && !bvalid && !hold);
      if (write) assert (write_word == aw_word_q && write_data == w_data_q);
      if (write) assert (write_strobe == w_strobe_q);
      if (written_q) assert (bvalid);
      if (bvalid && !b_was_q) assert (written_q);
      assert (aw_q == u_slave.aw_held_q && w_q == u_slave.w_held_q && ar_q == u_slave.ar_held_q);
      if (awready) assert (!aw_q);
      if (wready) assert (!w_q);
      if (arready) assert (!ar_q);
      if (aw_q) assert (aw_word_q == write_word);
      if (w_q) assert (w_data_q == write_data && w_strobe_q == write_strobe);
      if (ar_q) assert (ar_word_q == read_word);
      if (rvalid) assert (rdata == r_want_q);
      // the registers
      if (!rst_q) begin
        assert (source == kept(source_q, 10'h008));
        assert (destination == kept(destination_q, 10'h009));
        assert (frames == kept(frames_q, 10'h00A));
        assert (scores == 1'(kept({31'd0, scores_q}, 10'h00B)));
        assert ({enable_error, enable_done}
                == 2'(kept({30'd0, enable_error_q, enable_done_q}, 10'h006)));
        assert (start == one(10'h004, data_q[0]) && reset == one(10'h004, data_q[1]));
        assert (done == (hit_done_q || (done_q && !one(10'h007, data_q[0]))));
        assert (error == (hit_error_q || (error_q && !one(10'h007, data_q[1]))));
      end else begin
        assert (source == '0 && destination == '0 && frames == '0 && !scores && !start && !reset);
        assert (!enable_done && !enable_error && !done && !error && !bvalid && !rvalid);
      end
      case (read_word)
        10'h000: assert (read_data == 32'h424E4E46);
        10'h001: assert (read_data[31:16] == 16'd2);
        10'h002, 10'h003, 10'h00C, 10'h00D, 10'h00E, 10'h00F, 10'h010, 10'h011, 10'h012, 10'h013,
        10'h014, 10'h015: assert (read_data == value);
        10'h005: assert (read_data == 32'(status));
        10'h006: assert (read_data == {30'd0, enable_error, enable_done});
        10'h007: assert (read_data == {30'd0, error, done});
        10'h008: assert (read_data == source);
        10'h009: assert (read_data == destination);
        10'h00A: assert (read_data == frames);
        10'h00B: assert (read_data == {31'd0, scores});
        default: assert (read_data == '0);
      endcase
    end
  end
endmodule
`default_nettype wire
