// SPDX-License-Identifier: Apache-2.0
// axi_read_master_formal - what is proved of axi_read_master, for every request and every memory.
//
// Assumed  start and flush only while not busy; the request ends inside the address space; memory
//          sends no word and no last word that nobody asked for. Ready, stop and the reader are free.
// Proved   bursts tile the request: each begins where the one before ended, the last ends with the
//          request, none crosses 4 KiB or is longer than BURST; an offered burst does not change;
//          tlast goes into the FIFO with the last word of a request, and with no other;
//          at most OUTSTANDING are open; the FIFO never overflows, though rready is always high.
`default_nettype none
module axi_read_master_formal #(
  parameter int BURST       = 16,
  parameter int OUTSTANDING = 4
) (
  input wire logic        clk,
  input wire logic        rst,
  input wire logic        start,
  input wire logic [28:0] first_word,
  input wire logic [29:0] words,
  input wire logic        stop,
  input wire logic        flush,
  input wire logic        arready,
  input wire logic [1:0]  rresp,
  input wire logic        rlast,
  input wire logic        rvalid,
  input wire logic        taken
);
  logic        busy, error, arvalid, rready, valid, last;
  logic [31:0] araddr;
  logic [7:0]  arlen;
  logic [63:0] data;
  axi_read_master #(.BURST(BURST), .OUTSTANDING(OUTSTANDING)) u_dut (
    .clk, .rst, .start, .first_word, .words, .stop, .flush, .busy, .error,
    .m_axi_araddr(araddr), .m_axi_arlen(arlen), .m_axi_arvalid(arvalid), .m_axi_arready(arready),
    .m_axi_rdata(64'd0), .m_axi_rresp(rresp), .m_axi_rlast(rlast), .m_axi_rvalid(rvalid),
    .m_axi_rready(rready),
    .m_axis_tdata(data), .m_axis_tlast(last), .m_axis_tvalid(valid), .m_axis_tready(taken)
  );

  // what the outside knows: the end of the request, words and bursts still to come
  logic        init_q = 1'b1;
  logic        wait_q;
  logic        live_q;   // a request was started and not stopped
  logic [29:0] end_q;
  logic [31:0] araddr_q, coming_q, held_q, open_q;
  logic [7:0]  arlen_q;
  always_ff @(posedge clk) begin
    init_q    <= 1'b0;
    wait_q    <= !rst && arvalid && !arready;
    araddr_q  <= araddr;
    arlen_q   <= arlen;
    live_q    <= !rst && (start || (live_q && !stop));
    if (start) end_q <= {1'b0, first_word} + words;
    coming_q <= rst ? '0 : coming_q + (u_dut.issue ? 32'(u_dut.length) : '0) - 32'(rvalid);
    held_q   <= rst || flush ? '0 : held_q + 32'(rvalid) - 32'(valid && taken);
    open_q   <= rst ? '0 : open_q + 32'(u_dut.issue) - 32'(rvalid && rlast);
  end

  always_comb begin
    if (init_q) assume (rst);
    if (start || flush) assume (!busy && !rst);
    if (flush) assume (!u_dut.issue);
    if (start) assume ({1'b0, first_word} + words <= 30'h2000_0000);
    if (start) assume (!stop && words <= 30'h2000_0000);
    if (rvalid) assume (coming_q != '0 && open_q != '0);
    if (rvalid && rlast) assume (open_q > 32'(arvalid));  // a burst whose address was taken
    if (rvalid && !rlast) assume (coming_q > open_q);  // a word for each open burst at least
    if (rvalid && open_q == 32'd1) assume (rlast == (coming_q == 32'd1));

    if (!init_q) begin
      // the tiles
      if (live_q) assert (29'(30'(u_dut.next_q) + u_dut.left_q) == end_q[28:0]);
      assert (u_dut.left_q <= 30'h2000_0000);
      if (u_dut.left_q != '0) assert ({1'b0, u_dut.next_q} + u_dut.left_q <= 30'h2000_0000);
      if (arvalid) begin
        assert (araddr[2:0] == '0);
        assert (29'(araddr[31:3] + 29'(arlen) + 29'd1) == u_dut.next_q);
        assert (32'(arlen) < BURST);
        assert ({20'd0, araddr[11:0]} + 8 * (32'(arlen) + 1) <= 32'd4096);
        assert (32'(araddr[31:3]) % BURST + 32'(arlen) < BURST);
      end
      if (wait_q) assert (arvalid && araddr == araddr_q && arlen == arlen_q);
      // room for all that comes
      assert (open_q <= OUTSTANDING && open_q == 32'(u_dut.open_q));
      assert (open_q >= 32'(arvalid));
      assert (held_q + coming_q == 32'(u_dut.reserved_q));
      assert (32'(u_dut.reserved_q) <= BURST * OUTSTANDING);
      assert (held_q == 32'(u_dut.u_fifo.count));
      if (rvalid) assert (u_dut.fifo_ready);
      if (rvalid) assert (u_dut.ends == (coming_q == 32'd1 && u_dut.left_q == '0));
      assert (held_q <= BURST * OUTSTANDING && coming_q <= BURST * OUTSTANDING);
      assert (coming_q >= open_q && (open_q != '0 || coming_q == '0));
      assert (rready);
    end
  end
endmodule
`default_nettype wire
