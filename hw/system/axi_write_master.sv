// SPDX-License-Identifier: Apache-2.0
// axi_write_master - writes `words` 64-bit words of a stream to memory.
//
// Function  after start: the next `words` words of s_axis go to address 8 * first_word and on. Of the
//           last one only the bytes of last_strobe are written.
// Bursts    INCR, at most BURST words, none across a multiple of 8 * BURST bytes and so none across
//           4 KiB. A burst is announced when all of its words are here, so it never waits for the
//           core. At most OUTSTANDING wait for their answer.
// Stop      while stop is high no further burst is announced; busy stays until all that were are
//           written and answered. Words that no burst took remain until flush.
// Errors    error is high from an answer that is not OKAY or EXOKAY until the next start or flush.
// Limits    start and flush only while not busy; flush empties the FIFO. first_word + words <= 2**29.
`default_nettype none
module axi_write_master #(
  parameter int BURST       = 16,  // words; power of two, 2 .. 256 (AXI3: 16)
  parameter int OUTSTANDING = 4    // bursts
) (
  input  wire logic        clk,
  input  wire logic        rst,
  input  wire logic        start,
  input  wire logic [28:0] first_word,
  input  wire logic [29:0] words,
  input  wire logic [7:0]  last_strobe,
  input  wire logic        stop,
  input  wire logic        flush,
  output      logic        busy,
  output      logic        error,
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
  input  wire logic [63:0] s_axis_tdata,
  input  wire logic        s_axis_tvalid,
  output      logic        s_axis_tready
);
  if (BURST < 2 || BURST > 256 || (BURST & (BURST - 1)) != 0 || OUTSTANDING < 1)
  begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "axi_write_master: BURST=%0d must be a power of two, 2 .. 256, and %s=%0d >= 1",
             BURST, "OUTSTANDING", OUTSTANDING);
  end

  localparam int DEPTH   = 2 * BURST;
  localparam int LOW_W   = $clog2(BURST);
  localparam int OPEN_W  = $clog2(OUTSTANDING + 1);
  localparam int COUNT_W = $clog2(DEPTH + 1);

  logic [28:0]        next_q;            // the word that the next burst begins with
  logic [29:0]        left_q, unsent_q;  // words not yet announced, not yet on the W channel
  logic [OPEN_W-1:0]  open_q;            // bursts announced that have no answer yet
  logic [COUNT_W-1:0] free_q, owed_q;    // words here that no burst has; that a burst has
  logic [LOW_W-1:0]   place_q;           // of the word on the W channel between two multiples
  logic [7:0]         strobe_q;
  logic [LOW_W:0]     room, length;
  logic               aw_valid_q, issue, put, send, answer;
  logic [31:0]        aw_addr_q;
  logic [LOW_W-1:0]   aw_len_q;

  assign room   = (LOW_W + 1)'(BURST) - {1'b0, next_q[LOW_W-1:0]};
  assign length = left_q < 30'(room) ? left_q[LOW_W:0] : room;
  assign issue  = left_q != '0 && !stop && (!aw_valid_q || m_axi_awready)
                  && open_q < OPEN_W'(OUTSTANDING) && free_q >= COUNT_W'(length);
  assign put    = s_axis_tvalid && s_axis_tready;
  assign send   = m_axi_wvalid && m_axi_wready;
  assign answer = m_axi_bvalid;
  assign busy   = left_q != '0 || aw_valid_q || owed_q != '0 || open_q != '0;

  assign m_axi_awaddr  = aw_addr_q;
  assign m_axi_awlen   = 8'(aw_len_q);
  assign m_axi_awvalid = aw_valid_q;
  assign m_axi_wvalid  = owed_q != '0;  // waits for no awready, as AXI wants it
  assign m_axi_wlast   = place_q == '1 || unsent_q == 30'd1;
  assign m_axi_wstrb   = unsent_q == 30'd1 ? strobe_q : 8'hFF;
  assign m_axi_bready  = 1'b1;

  always_ff @(posedge clk) begin
    if (start) next_q <= first_word;
    else if (issue) next_q <= next_q + 29'(length);
    if (issue) begin
      aw_addr_q <= {next_q, 3'b000};
      aw_len_q  <= LOW_W'(length - 1'b1);
    end
    if (start) begin
      place_q  <= first_word[LOW_W-1:0];
      unsent_q <= words;
      strobe_q <= last_strobe;
    end else if (send) begin
      place_q  <= place_q + 1'b1;
      unsent_q <= unsent_q - 1'b1;
    end
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      left_q     <= '0;
      open_q     <= '0;
      owed_q     <= '0;
      aw_valid_q <= 1'b0;
      error      <= 1'b0;
    end else begin
      if (start) left_q <= words;
      else if (stop) left_q <= '0;
      else if (issue) left_q <= left_q - 30'(length);
      aw_valid_q <= issue || (aw_valid_q && !m_axi_awready);
      open_q     <= open_q + OPEN_W'(issue) - OPEN_W'(answer);
      owed_q     <= owed_q + (issue ? COUNT_W'(length) : '0) - COUNT_W'(send);
      error      <= !start && !flush && (error || (m_axi_bvalid && m_axi_bresp[1]));
    end
  end
  always_ff @(posedge clk) begin
    if (rst || flush) free_q <= '0;
    else free_q <= free_q + COUNT_W'(put) - (issue ? COUNT_W'(length) : '0);
  end

  logic fifo_valid;
  word_fifo #(.W(64), .DEPTH(DEPTH)) u_fifo (
    .clk, .rst, .flush, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(m_axi_wdata), .m_axis_tvalid(fifo_valid), .m_axis_tready(send)
  );
  logic unused;  // a word that a burst has is in the FIFO (proved in formal/)
  assign unused = &{1'b0, fifo_valid, m_axi_bresp[0]};
endmodule
`default_nettype wire
