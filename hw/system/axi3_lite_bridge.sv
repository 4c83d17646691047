// SPDX-License-Identifier: Apache-2.0
// axi3_lite_bridge - from a processor's general port (AXI3 or AXI4, IDs, bursts) to AXI4-Lite.
//
// Function  every word of a burst becomes one transaction on m_axi, in order; the answer carries the
//           burst's ID. One write burst and one read burst at a time, independent of each other.
// Why       a processor may join neighbouring accesses to a burst, and AXI4-Lite knows none.
// LEN_W     4: bursts of AXI3 (Zynq-7000); 8: of AXI4 (Zynq UltraScale+).
// Limits    FIXED and INCR; WRAP is taken for INCR (device memory is never read that way). Answers
//           are OKAY, as those of axi_lite_slave are.
// Timing    5 clk a word and more; registers are not where the rate is decided.
`default_nettype none
module axi3_lite_bridge #(
  parameter int ID_W   = 12,
  parameter int ADDR_W = 12,
  parameter int LEN_W  = 4
) (
  input  wire logic              clk,
  input  wire logic              rst,
  input  wire logic [ID_W-1:0]   s_axi_awid,
  input  wire logic [ADDR_W-1:0] s_axi_awaddr,
  input  wire logic [LEN_W-1:0]  s_axi_awlen,
  input  wire logic [1:0]        s_axi_awsize,
  input  wire logic [1:0]        s_axi_awburst,
  input  wire logic              s_axi_awvalid,
  output      logic              s_axi_awready,
  input  wire logic [31:0]       s_axi_wdata,
  input  wire logic [3:0]        s_axi_wstrb,
  input  wire logic              s_axi_wvalid,
  output      logic              s_axi_wready,
  output      logic [ID_W-1:0]   s_axi_bid,
  output      logic              s_axi_bvalid,
  input  wire logic              s_axi_bready,
  input  wire logic [ID_W-1:0]   s_axi_arid,
  input  wire logic [ADDR_W-1:0] s_axi_araddr,
  input  wire logic [LEN_W-1:0]  s_axi_arlen,
  input  wire logic [1:0]        s_axi_arsize,
  input  wire logic [1:0]        s_axi_arburst,
  input  wire logic              s_axi_arvalid,
  output      logic              s_axi_arready,
  output      logic [ID_W-1:0]   s_axi_rid,
  output      logic [31:0]       s_axi_rdata,
  output      logic              s_axi_rlast,
  output      logic              s_axi_rvalid,
  input  wire logic              s_axi_rready,
  output      logic [ADDR_W-1:0] m_axi_awaddr,
  output      logic              m_axi_awvalid,
  input  wire logic              m_axi_awready,
  output      logic [31:0]       m_axi_wdata,
  output      logic [3:0]        m_axi_wstrb,
  output      logic              m_axi_wvalid,
  input  wire logic              m_axi_wready,
  input  wire logic              m_axi_bvalid,
  output      logic              m_axi_bready,
  output      logic [ADDR_W-1:0] m_axi_araddr,
  output      logic              m_axi_arvalid,
  input  wire logic              m_axi_arready,
  input  wire logic [31:0]       m_axi_rdata,
  input  wire logic              m_axi_rvalid,
  output      logic              m_axi_rready
);
  function automatic logic [ADDR_W-1:0] following(
    input logic [ADDR_W-1:0] address, input logic [1:0] size, input logic [1:0] burst
  );
    following = burst == 2'b00 ? address : address + (ADDR_W'(1) << size);
  endfunction

  // -- writes
  typedef enum logic [1:0] {W_IDLE, W_WORD, W_SEND, W_ANSWER} write_t;
  write_t     write_q;
  logic [LEN_W-1:0] w_left_q;
  logic [1:0] w_size_q, w_burst_q;
  assign s_axi_awready = write_q == W_IDLE;
  assign s_axi_wready  = write_q == W_WORD;
  assign s_axi_bvalid  = write_q == W_ANSWER;
  assign m_axi_bready  = 1'b1;
  always_ff @(posedge clk) begin
    if (rst) begin
      write_q       <= W_IDLE;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid  <= 1'b0;
    end else begin
      if (m_axi_awready) m_axi_awvalid <= 1'b0;
      if (m_axi_wready) m_axi_wvalid <= 1'b0;
      case (write_q)
        W_IDLE: if (s_axi_awvalid) write_q <= W_WORD;
        W_WORD: if (s_axi_wvalid) begin
          write_q       <= W_SEND;
          m_axi_awvalid <= 1'b1;
          m_axi_wvalid  <= 1'b1;
        end
        W_SEND: if (m_axi_bvalid) write_q <= w_left_q == '0 ? W_ANSWER : W_WORD;
        default: if (s_axi_bready) write_q <= W_IDLE;
      endcase
    end
  end
  always_ff @(posedge clk) begin
    if (s_axi_awvalid && s_axi_awready) begin
      s_axi_bid    <= s_axi_awid;
      m_axi_awaddr <= s_axi_awaddr;
      w_left_q     <= s_axi_awlen;
      {w_size_q, w_burst_q} <= {s_axi_awsize, s_axi_awburst};
    end else if (write_q == W_SEND && m_axi_bvalid) begin
      m_axi_awaddr <= following(m_axi_awaddr, w_size_q, w_burst_q);
      w_left_q     <= w_left_q - 1'b1;
    end
    if (s_axi_wvalid && s_axi_wready) {m_axi_wstrb, m_axi_wdata} <= {s_axi_wstrb, s_axi_wdata};
  end

  // -- reads
  typedef enum logic [1:0] {R_IDLE, R_ASK, R_WAIT, R_GIVE} read_t;
  read_t      read_q;
  logic [LEN_W-1:0] r_left_q;
  logic [1:0] r_size_q, r_burst_q;
  assign s_axi_arready = read_q == R_IDLE;
  assign s_axi_rvalid  = read_q == R_GIVE;
  assign s_axi_rlast   = r_left_q == '0;
  assign m_axi_arvalid = read_q == R_ASK;
  assign m_axi_rready  = 1'b1;
  always_ff @(posedge clk) begin
    if (rst) begin
      read_q <= R_IDLE;
    end else begin
      case (read_q)
        R_IDLE:  if (s_axi_arvalid) read_q <= R_ASK;
        R_ASK:   if (m_axi_arready) read_q <= R_WAIT;
        R_WAIT:  if (m_axi_rvalid) read_q <= R_GIVE;
        default: if (s_axi_rready) read_q <= r_left_q == '0 ? R_IDLE : R_ASK;
      endcase
    end
  end
  always_ff @(posedge clk) begin
    if (s_axi_arvalid && s_axi_arready) begin
      s_axi_rid    <= s_axi_arid;
      m_axi_araddr <= s_axi_araddr;
      r_left_q     <= s_axi_arlen;
      {r_size_q, r_burst_q} <= {s_axi_arsize, s_axi_arburst};
    end else if (s_axi_rvalid && s_axi_rready) begin
      m_axi_araddr <= following(m_axi_araddr, r_size_q, r_burst_q);
      r_left_q     <= r_left_q - 1'b1;
    end
    if (m_axi_rvalid) s_axi_rdata <= m_axi_rdata;
  end
endmodule
`default_nettype wire
