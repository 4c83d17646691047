// SPDX-License-Identifier: Apache-2.0
// bnn_system - a generated network (bnn_top) in its shell: all there is between two AXI ports.
//
// Function  bnn_shell around bnn_top; the parameters must be those of the network's top.json, which
//           flows/deploy.py passes on. Ports of other widths stop elaboration.
// Bus       s_axi: AXI4-Lite, 4 KiB. m_axi: AXI4, 64 bits; with BURST = 16 an AXI3 port takes it, too.
`default_nettype none
module bnn_system #(
  parameter int IN_BEAT_BYTES    = 98,
  parameter int IN_BEATS         = 8,
  parameter int LABEL_BEAT_BYTES = 1,
  parameter int LABEL_BEATS      = 1,
  parameter int SCORE_BEAT_BYTES = 6,
  parameter int SCORE_BEATS      = 5,
  parameter int BURST            = 16,
  parameter int READS            = 4,
  parameter int WRITES           = 4,
  parameter logic [63:0] CONFIG_HASH = '0,
  parameter int PRIM             = 0  // of bnn_top
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
  assign {m_axi_arid, m_axi_awid}       = '0;
  assign {m_axi_arsize, m_axi_awsize}   = {2{3'd3}};     // 8 bytes a word
  assign {m_axi_arburst, m_axi_awburst} = {2{2'b01}};    // INCR
  assign {m_axi_arcache, m_axi_awcache} = {2{4'b0011}};  // bufferable, not cached
  assign {m_axi_arprot, m_axi_awprot}   = '0;
  logic unused;  // all transfers have one ID
  assign unused = &{1'b0, m_axi_rid, m_axi_bid};

  logic core_rst, core_in_tvalid, core_in_tready, core_label_tvalid, core_label_tready;
  logic core_score_tvalid, core_score_tready;
  logic [IN_BEAT_BYTES*8-1:0]    core_in_tdata;
  logic [LABEL_BEAT_BYTES*8-1:0] core_label_tdata;
  logic [SCORE_BEAT_BYTES*8-1:0] core_score_tdata;
  bnn_shell #(
    .IN_BEAT_BYTES(IN_BEAT_BYTES), .IN_BEATS(IN_BEATS),
    .LABEL_BEAT_BYTES(LABEL_BEAT_BYTES), .LABEL_BEATS(LABEL_BEATS),
    .SCORE_BEAT_BYTES(SCORE_BEAT_BYTES), .SCORE_BEATS(SCORE_BEATS),
    .BURST(BURST), .READS(READS), .WRITES(WRITES), .CONFIG_HASH(CONFIG_HASH)
  ) u_shell (.*);
  logic core_rst_n;
  assign core_rst_n = !core_rst;
  bnn_top #(.PRIM(PRIM)) u_core (
    .ap_clk(clk), .ap_rst_n(core_rst_n),
    .s_axis_tdata(core_in_tdata), .s_axis_tvalid(core_in_tvalid), .s_axis_tready(core_in_tready),
    .m_axis_label_tdata(core_label_tdata), .m_axis_label_tvalid(core_label_tvalid),
    .m_axis_label_tready(core_label_tready),
    .m_axis_score_tdata(core_score_tdata), .m_axis_score_tvalid(core_score_tvalid),
    .m_axis_score_tready(core_score_tready)
  );
endmodule
`default_nettype wire
