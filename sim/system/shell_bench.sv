// SPDX-License-Identifier: Apache-2.0
// shell_bench - the shell around toy_core, both ports watched.
`default_nettype none
module shell_bench #(
  parameter int IN_BEAT_BYTES    = 98,
  parameter int IN_BEATS         = 8,
  parameter int LABEL_BEAT_BYTES = 1,
  parameter int LABEL_BEATS      = 1,
  parameter int SCORE_BEAT_BYTES = 6,
  parameter int SCORE_BEATS      = 5,
  parameter int BURST            = 16,
  parameter int READS            = 4,
  parameter int WRITES           = 4,
  parameter int SLOW             = 1,
  parameter int LAG              = 9,
  parameter logic [63:0] CONFIG_HASH = 64'h0123_4567_89AB_CDEF
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
  toy_core #(
    .IN_BYTES(IN_BEAT_BYTES), .IN_BEATS(IN_BEATS), .LABEL_BYTES(LABEL_BEAT_BYTES),
    .LABEL_BEATS(LABEL_BEATS), .SCORE_BYTES(SCORE_BEAT_BYTES), .SCORE_BEATS(SCORE_BEATS),
    .SLOW(SLOW), .LAG(LAG)
  ) u_core (
    .clk, .rst(core_rst),
    .s_axis_tdata(core_in_tdata), .s_axis_tvalid(core_in_tvalid), .s_axis_tready(core_in_tready),
    .m_axis_label_tdata(core_label_tdata), .m_axis_label_tvalid(core_label_tvalid),
    .m_axis_label_tready(core_label_tready),
    .m_axis_score_tdata(core_score_tdata), .m_axis_score_tvalid(core_score_tvalid),
    .m_axis_score_tready(core_score_tready)
  );
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
