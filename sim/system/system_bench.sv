// SPDX-License-Identifier: Apache-2.0
// system_bench - bnn_system, both ports watched.
`default_nettype none
module system_bench #(
  parameter int IN_BEAT_BYTES    = 98,
  parameter int IN_BEATS         = 8,
  parameter int LABEL_BEAT_BYTES = 1,
  parameter int LABEL_BEATS      = 1,
  parameter int SCORE_BEAT_BYTES = 6,
  parameter int SCORE_BEATS      = 5,
  parameter int BURST            = 16,
  parameter int READS            = 4,
  parameter int WRITES           = 4,
  parameter logic [63:0] CONFIG_HASH = '0
) (
  input  wire logic        clk,
  input  wire logic        rst,
  output      logic        irq,
  output      logic [31:0] errors,
  output      logic [31:0] open,
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
  output      logic        m_axi_arid,
  output      logic [31:0] m_axi_araddr,
  output      logic [7:0]  m_axi_arlen,
  output      logic [2:0]  m_axi_arsize,
  output      logic [1:0]  m_axi_arburst,
  output      logic [3:0]  m_axi_arcache,
  output      logic [2:0]  m_axi_arprot,
  output      logic        m_axi_arvalid,
  input  wire logic        m_axi_arready,
  input  wire logic        m_axi_rid,
  input  wire logic [63:0] m_axi_rdata,
  input  wire logic [1:0]  m_axi_rresp,
  input  wire logic        m_axi_rlast,
  input  wire logic        m_axi_rvalid,
  output      logic        m_axi_rready,
  output      logic        m_axi_awid,
  output      logic [31:0] m_axi_awaddr,
  output      logic [7:0]  m_axi_awlen,
  output      logic [2:0]  m_axi_awsize,
  output      logic [1:0]  m_axi_awburst,
  output      logic [3:0]  m_axi_awcache,
  output      logic [2:0]  m_axi_awprot,
  output      logic        m_axi_awvalid,
  input  wire logic        m_axi_awready,
  output      logic [63:0] m_axi_wdata,
  output      logic [7:0]  m_axi_wstrb,
  output      logic        m_axi_wlast,
  output      logic        m_axi_wvalid,
  input  wire logic        m_axi_wready,
  input  wire logic        m_axi_bid,
  input  wire logic [1:0]  m_axi_bresp,
  input  wire logic        m_axi_bvalid,
  output      logic        m_axi_bready
);
  bnn_system #(
    .IN_BEAT_BYTES(IN_BEAT_BYTES), .IN_BEATS(IN_BEATS),
    .LABEL_BEAT_BYTES(LABEL_BEAT_BYTES), .LABEL_BEATS(LABEL_BEATS),
    .SCORE_BEAT_BYTES(SCORE_BEAT_BYTES), .SCORE_BEATS(SCORE_BEATS),
    .BURST(BURST), .READS(READS), .WRITES(WRITES), .CONFIG_HASH(CONFIG_HASH)
  ) u_system (.*);
  logic [31:0] memory_errors, register_errors;
  assign errors = memory_errors + register_errors;
  axi_checker #(.BURST(BURST), .READS(READS), .WRITES(WRITES)) u_check (
    .clk, .rst,
    .araddr(m_axi_araddr), .arlen(m_axi_arlen), .arvalid(m_axi_arvalid), .arready(m_axi_arready),
    .rlast(m_axi_rlast), .rvalid(m_axi_rvalid), .rready(m_axi_rready),
    .awaddr(m_axi_awaddr), .awlen(m_axi_awlen), .awvalid(m_axi_awvalid), .awready(m_axi_awready),
    .wdata(m_axi_wdata), .wstrb(m_axi_wstrb), .wlast(m_axi_wlast), .wvalid(m_axi_wvalid),
    .wready(m_axi_wready), .bvalid(m_axi_bvalid), .bready(m_axi_bready),
    .errors(memory_errors), .open(open)
  );
  axi_register_checker u_check_registers (
    .clk, .rst,
    .awid(1'b0), .awaddr(s_axi_awaddr), .awlen(8'd0), .awvalid(s_axi_awvalid),
    .awready(s_axi_awready), .wdata(s_axi_wdata), .wstrb(s_axi_wstrb), .wlast(1'b1),
    .wvalid(s_axi_wvalid), .wready(s_axi_wready), .bid(1'b0), .bresp(s_axi_bresp),
    .bvalid(s_axi_bvalid), .bready(s_axi_bready), .arid(1'b0), .araddr(s_axi_araddr), .arlen(8'd0),
    .arvalid(s_axi_arvalid), .arready(s_axi_arready), .rid(1'b0), .rdata(s_axi_rdata),
    .rresp(s_axi_rresp), .rlast(1'b1), .rvalid(s_axi_rvalid), .rready(s_axi_rready),
    .errors(register_errors)
  );
endmodule
`default_nettype wire
