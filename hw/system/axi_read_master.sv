// SPDX-License-Identifier: Apache-2.0
// axi_read_master - reads `words` 64-bit words from memory and streams them.
//
// Function  after start: the words from address 8 * first_word on, in order, on m_axis; tlast is on
//           the last one. The next request may start while words of this one are in the FIFO.
// Bursts    INCR, at most BURST words, none across a multiple of 8 * BURST bytes and so none across
//           4 KiB: the first ends at such a multiple, the others begin there. At most OUTSTANDING
//           are open. A burst is asked for only when the FIFO has room for all of it, so rready is
//           always high: a slow core holds back requests, not the memory's answers.
// Stop      while stop is high nothing more is asked for, and what is left is forgotten; busy stays
//           until all that was asked for has come.
// Errors    error is high from an answer that is not OKAY or EXOKAY until the next start or flush. Its
//           word is delivered like any other.
// Limits    start and flush only while not busy; flush empties the FIFO. first_word + words <= 2**29.
`default_nettype none
module axi_read_master #(
  parameter int BURST       = 16,  // words; power of two, 2 .. 256 (AXI3: 16)
  parameter int OUTSTANDING = 4    // bursts; power of two
) (
  input  wire logic        clk,
  input  wire logic        rst,
  input  wire logic        start,
  input  wire logic [28:0] first_word,
  input  wire logic [29:0] words,
  input  wire logic        stop,
  input  wire logic        flush,
  output      logic        busy,
  output      logic        error,
  output      logic [31:0] m_axi_araddr,
  output      logic [7:0]  m_axi_arlen,
  output      logic        m_axi_arvalid,
  input  wire logic        m_axi_arready,
  input  wire logic [63:0] m_axi_rdata,
  input  wire logic [1:0]  m_axi_rresp,
  input  wire logic        m_axi_rlast,
  input  wire logic        m_axi_rvalid,
  output      logic        m_axi_rready,
  output      logic [63:0] m_axis_tdata,
  output      logic        m_axis_tlast,
  output      logic        m_axis_tvalid,
  input  wire logic        m_axis_tready
);
  if (BURST < 2 || BURST > 256 || (BURST & (BURST - 1)) != 0 || OUTSTANDING < 1
      || (OUTSTANDING & (OUTSTANDING - 1)) != 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "axi_read_master: BURST=%0d must be 2 .. 256 and OUTSTANDING=%0d at least 1,%s",
             BURST, OUTSTANDING, " both powers of two");
  end

  localparam int DEPTH   = BURST * OUTSTANDING;
  localparam int LOW_W   = $clog2(BURST);
  localparam int OPEN_W  = $clog2(OUTSTANDING + 1);
  localparam int COUNT_W = $clog2(DEPTH + 1);

  logic [28:0]        next_q;      // the word that the next burst begins with
  logic [29:0]        left_q;      // words not yet asked for
  logic [OPEN_W-1:0]  open_q;      // bursts asked for whose last word has not come
  logic [COUNT_W-1:0] reserved_q;  // places of the FIFO that are taken or promised
  logic [LOW_W:0]     room, length;
  logic               ar_valid_q, issue, take, last, ends;
  logic [31:0]        ar_addr_q;
  logic [LOW_W-1:0]   ar_len_q;

  assign room   = (LOW_W + 1)'(BURST) - {1'b0, next_q[LOW_W-1:0]};
  assign length = left_q < 30'(room) ? left_q[LOW_W:0] : room;
  assign issue  = left_q != '0 && !stop && (!ar_valid_q || m_axi_arready)
                  && open_q < OPEN_W'(OUTSTANDING) && reserved_q <= COUNT_W'(DEPTH - BURST);
  assign last   = m_axi_rvalid && m_axi_rlast;
  assign ends   = m_axi_rlast && open_q == OPEN_W'(1) && left_q == '0;
  assign take   = m_axis_tvalid && m_axis_tready;
  assign busy   = left_q != '0 || ar_valid_q || open_q != '0;

  assign m_axi_araddr  = ar_addr_q;
  assign m_axi_arlen   = 8'(ar_len_q);
  assign m_axi_arvalid = ar_valid_q;
  assign m_axi_rready  = 1'b1;

  always_ff @(posedge clk) begin
    if (start) next_q <= first_word;
    else if (issue) next_q <= next_q + 29'(length);
    if (issue) begin
      ar_addr_q <= {next_q, 3'b000};
      ar_len_q  <= LOW_W'(length - 1'b1);
    end
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      left_q     <= '0;
      open_q     <= '0;
      ar_valid_q <= 1'b0;
      error      <= 1'b0;
    end else begin
      if (start) left_q <= words;
      else if (stop) left_q <= '0;
      else if (issue) left_q <= left_q - 30'(length);
      ar_valid_q <= issue || (ar_valid_q && !m_axi_arready);
      open_q     <= open_q + OPEN_W'(issue) - OPEN_W'(last);
      error      <= !start && !flush && (error || (m_axi_rvalid && m_axi_rresp[1]));
    end
  end
  always_ff @(posedge clk) begin
    if (rst || flush) reserved_q <= '0;
    else reserved_q <= reserved_q + (issue ? COUNT_W'(length) : '0) - COUNT_W'(take);
  end

  logic fifo_ready;
  word_fifo #(.W(65), .DEPTH(DEPTH)) u_fifo (
    .clk, .rst, .flush,
    .s_axis_tdata({ends, m_axi_rdata}), .s_axis_tvalid(m_axi_rvalid), .s_axis_tready(fifo_ready),
    .m_axis_tdata({m_axis_tlast, m_axis_tdata}), .m_axis_tvalid, .m_axis_tready
  );
  logic unused;  // the FIFO has room for all that was asked for (proved in formal/)
  assign unused = &{1'b0, fifo_ready, m_axi_rresp[0]};
endmodule
`default_nettype wire
