// SPDX-License-Identifier: Apache-2.0
// axi_write_master_formal - what is proved of axi_write_master, for every request and every memory.
//
// Assumed  start and flush only while not busy; the request ends inside the address space; no answer
//          before a burst's address was taken and its last word sent. Ready, stop and the stream are free.
// Proved   bursts tile the request: each begins where the one before ended, the last ends with the
//          request, none crosses 4 KiB or is longer than BURST; what is offered does not change; all
//          words of a burst are here when it is announced; wlast ends a burst and every burst;
//          wstrb is full but for the request's last word; at most OUTSTANDING are open; while
//          nothing is busy no burst is half sent, stopped or not.
`default_nettype none
module axi_write_master_formal #(
  parameter int BURST       = 16,
  parameter int OUTSTANDING = 4
) (
  input wire logic        clk,
  input wire logic        rst,
  input wire logic        start,
  input wire logic [28:0] first_word,
  input wire logic [29:0] words,
  input wire logic [7:0]  last_strobe,
  input wire logic        stop,
  input wire logic        flush,
  input wire logic        awready,
  input wire logic        wready,
  input wire logic [1:0]  bresp,
  input wire logic        bvalid,
  input wire logic        given
);
  logic        busy, error, awvalid, wvalid, wlast, bready, ready;
  logic [31:0] awaddr;
  logic [7:0]  awlen, wstrb;
  logic [63:0] wdata;
  axi_write_master #(.BURST(BURST), .OUTSTANDING(OUTSTANDING)) u_dut (
    .clk, .rst, .start, .first_word, .words, .last_strobe, .stop, .flush, .busy, .error,
    .m_axi_awaddr(awaddr), .m_axi_awlen(awlen), .m_axi_awvalid(awvalid), .m_axi_awready(awready),
    .m_axi_wdata(wdata), .m_axi_wstrb(wstrb), .m_axi_wlast(wlast), .m_axi_wvalid(wvalid),
    .m_axi_wready(wready), .m_axi_bresp(bresp), .m_axi_bvalid(bvalid), .m_axi_bready(bready),
    .s_axis_tdata(64'd0), .s_axis_tvalid(given), .s_axis_tready(ready)
  );

  logic        init_q = 1'b1;
  logic        aw_wait_q, w_wait_q, live_q;  // live_q: a request was started and not stopped
  logic [29:0] end_q, until_q;               // until_q: one past the last word announced
  logic [31:0] awaddr_q, unsent_q;           // unsent_q: bursts whose last word was not sent
  logic [7:0]  awlen_q, wstrb_q;
  logic        wlast_q;
  logic [28:0] place;                        // address / 8 of the word on the W channel
  logic [28:0] last_place;                   // of the last word that a burst has
  localparam int LOW_W = $clog2(BURST);
  assign place      = u_dut.next_q - 29'(u_dut.owed_q);
  assign last_place = u_dut.next_q - 1'b1;
  always_ff @(posedge clk) begin
    init_q    <= 1'b0;
    aw_wait_q <= !rst && awvalid && !awready;
    w_wait_q  <= !rst && wvalid && !wready;
    awaddr_q  <= awaddr;
    awlen_q   <= awlen;
    wstrb_q   <= wstrb;
    wlast_q   <= wlast;
    live_q    <= !rst && (start || (live_q && !stop));
    if (start) end_q <= {1'b0, first_word} + words;
    if (start) until_q <= {1'b0, first_word};
    else if (u_dut.issue) until_q <= until_q + 30'(u_dut.length);
    unsent_q <= rst ? '0 : unsent_q + 32'(u_dut.issue) - 32'(wvalid && wready && wlast);
  end

  always_comb begin
    if (init_q) assume (rst);
    if (start || flush) assume (!busy && !rst);
    if (start) assume (flush);  // as batch_control does
    if (start) assume ({1'b0, first_word} + words <= 30'h2000_0000);
    if (start) assume (!stop && words <= 30'h2000_0000 && last_strobe != '0);
    if (bvalid) assume (32'(u_dut.open_q) > unsent_q && 32'(u_dut.open_q) > 32'(awvalid));

    if (!init_q) begin
      // the tiles
      if (live_q) begin
        assert (32'(until_q) + 32'(u_dut.left_q) == 32'(end_q) && end_q <= 30'h2000_0000);
        assert (u_dut.unsent_q == u_dut.left_q + 30'(u_dut.owed_q));
      end
      if (u_dut.left_q != '0) begin
        assert (live_q && u_dut.left_q <= 30'h2000_0000);
      end
      if (live_q || wvalid) begin
        assert (u_dut.next_q == until_q[28:0] && until_q <= 30'h2000_0000);
        assert (until_q >= 30'(u_dut.owed_q));
      end
      if (awvalid) begin
        assert (awaddr[2:0] == '0);
        assert (29'(awaddr[31:3] + 29'(awlen) + 29'd1) == u_dut.next_q);
        assert (32'(awlen) < BURST);
        assert ({20'd0, awaddr[11:0]} + 8 * (32'(awlen) + 1) <= 32'd4096);
        assert (32'(awaddr[31:3]) % BURST + 32'(awlen) < BURST);
      end
      if (aw_wait_q) assert (awvalid && awaddr == awaddr_q && awlen == awlen_q);
      if (w_wait_q) assert (wvalid && wstrb == wstrb_q && wlast == wlast_q);
      // the words of a burst
      assert (32'(u_dut.free_q) + 32'(u_dut.owed_q) == 32'(u_dut.u_fifo.count));
      assert (32'(u_dut.u_fifo.count) <= 2 * BURST);
      if (wvalid || u_dut.left_q != '0) assert (32'(u_dut.place_q) == 32'(place) % BURST);
      if (wvalid) begin
        assert (u_dut.fifo_valid);
        assert (u_dut.unsent_q >= 30'(u_dut.owed_q) && u_dut.unsent_q <= 30'h2000_0000);
        assert (wstrb == 8'hFF || u_dut.unsent_q == 30'd1);
        // the owed words end with a burst: at a tile's border or at the end of the request
        assert (32'(u_dut.next_q) % BURST == 0 || 30'(u_dut.owed_q) == u_dut.unsent_q);
        if (u_dut.owed_q == 1) assert (wlast);
      end
      assert ((unsent_q != '0) == wvalid);
      if (wvalid) assert (unsent_q == 32'((last_place >> LOW_W) - (place >> LOW_W)) + 1);
      assert (unsent_q <= 32'(u_dut.open_q));
      assert (32'(u_dut.open_q) <= OUTSTANDING);
      if (awvalid) assert (u_dut.open_q != '0);
      if (!busy) assert (!awvalid && !wvalid && unsent_q == '0);
      assert (bready);
    end
  end
endmodule
`default_nettype wire
