// SPDX-License-Identifier: Apache-2.0
// zynqmp_top - the whole programmable logic of a Zynq UltraScale+ board with the accelerator.
//
// Function  PS8 with M_AXI_HPM0_FPD (registers, at the base address that the .hwh names),
//           S_AXI_HP0_FPD (memory, 64 bits) and PL clock 0; bnn_system between them; its interrupt
//           on pl_ps_irq0[0].
// Reset     start_reset: after configuration, and by pl_resetn0.
// Ports     none: the processor's pins belong to the processor.
// Limits    parameters as for bnn_system. One address window: bits 39..12 are not decoded. Buffers
//           lie in the lowest 4 GiB.
`default_nettype none
module zynqmp_top #(
  parameter int IN_BEAT_BYTES    = 98,
  parameter int IN_BEATS         = 8,
  parameter int LABEL_BEAT_BYTES = 1,
  parameter int LABEL_BEATS      = 1,
  parameter int SCORE_BEAT_BYTES = 6,
  parameter int SCORE_BEATS      = 5,
  parameter logic [63:0] CONFIG_HASH = '0,
  parameter int PRIM             = 0  // of bnn_top
) ();
  logic plclk, plresetn, clk, rst, irq;
  BUFG_PS u_clock (.I(plclk), .O(clk));
  start_reset u_reset (.clk, .resetn(plresetn), .rst);

  // HPM0: AXI4, as the processor speaks it
  logic [15:0] gp_awid, gp_arid, gp_bid, gp_rid;
  logic [39:0] gp_awaddr, gp_araddr;
  logic [31:0] gp_wdata, gp_rdata;
  logic [7:0]  gp_awlen, gp_arlen;
  logic [3:0]  gp_wstrb;
  logic [2:0]  gp_awsize, gp_arsize;
  logic [1:0]  gp_awburst, gp_arburst;
  logic        gp_awvalid, gp_awready, gp_wvalid, gp_wready, gp_bvalid, gp_bready;
  logic        gp_arvalid, gp_arready, gp_rlast, gp_rvalid, gp_rready;
  // the same as AXI4-Lite
  logic [11:0] s_axi_awaddr, s_axi_araddr;
  logic [31:0] s_axi_wdata, s_axi_rdata;
  logic [3:0]  s_axi_wstrb;
  logic [1:0]  s_axi_bresp, s_axi_rresp;
  logic        s_axi_awvalid, s_axi_awready, s_axi_wvalid, s_axi_wready, s_axi_bvalid;
  logic        s_axi_bready, s_axi_arvalid, s_axi_arready, s_axi_rvalid, s_axi_rready;
  // HP0
  logic [31:0] hp_awaddr, hp_araddr;
  logic [63:0] hp_wdata, hp_rdata;
  logic [7:0]  hp_wstrb, hp_awlen, hp_arlen;
  logic [1:0]  hp_bresp, hp_rresp;
  logic        hp_awvalid, hp_awready, hp_wlast, hp_wvalid, hp_wready, hp_bvalid, hp_bready;
  logic        hp_arvalid, hp_arready, hp_rlast, hp_rvalid, hp_rready;

  zynqmp_ps u_ps (.*);

  axi3_lite_bridge #(.ID_W(16), .LEN_W(8)) u_bridge (
    .clk, .rst,
    .s_axi_awid(gp_awid), .s_axi_awaddr(gp_awaddr[11:0]), .s_axi_awlen(gp_awlen),
    .s_axi_awsize(gp_awsize[1:0]), .s_axi_awburst(gp_awburst), .s_axi_awvalid(gp_awvalid),
    .s_axi_awready(gp_awready), .s_axi_wdata(gp_wdata), .s_axi_wstrb(gp_wstrb),
    .s_axi_wvalid(gp_wvalid), .s_axi_wready(gp_wready), .s_axi_bid(gp_bid),
    .s_axi_bvalid(gp_bvalid), .s_axi_bready(gp_bready),
    .s_axi_arid(gp_arid), .s_axi_araddr(gp_araddr[11:0]), .s_axi_arlen(gp_arlen),
    .s_axi_arsize(gp_arsize[1:0]), .s_axi_arburst(gp_arburst), .s_axi_arvalid(gp_arvalid),
    .s_axi_arready(gp_arready), .s_axi_rid(gp_rid), .s_axi_rdata(gp_rdata),
    .s_axi_rlast(gp_rlast), .s_axi_rvalid(gp_rvalid), .s_axi_rready(gp_rready),
    .m_axi_awaddr(s_axi_awaddr), .m_axi_awvalid(s_axi_awvalid), .m_axi_awready(s_axi_awready),
    .m_axi_wdata(s_axi_wdata), .m_axi_wstrb(s_axi_wstrb), .m_axi_wvalid(s_axi_wvalid),
    .m_axi_wready(s_axi_wready), .m_axi_bvalid(s_axi_bvalid), .m_axi_bready(s_axi_bready),
    .m_axi_araddr(s_axi_araddr), .m_axi_arvalid(s_axi_arvalid), .m_axi_arready(s_axi_arready),
    .m_axi_rdata(s_axi_rdata), .m_axi_rvalid(s_axi_rvalid), .m_axi_rready(s_axi_rready)
  );

  logic       arid, awid;
  logic [2:0] arsize, awsize, arprot, awprot;
  logic [1:0] arburst, awburst;
  logic [3:0] arcache, awcache;
  bnn_system #(
    .IN_BEAT_BYTES(IN_BEAT_BYTES), .IN_BEATS(IN_BEATS),
    .LABEL_BEAT_BYTES(LABEL_BEAT_BYTES), .LABEL_BEATS(LABEL_BEATS),
    .SCORE_BEAT_BYTES(SCORE_BEAT_BYTES), .SCORE_BEATS(SCORE_BEATS),
    .BURST(16), .READS(4), .WRITES(4), .CONFIG_HASH(CONFIG_HASH),
    .PRIM(PRIM)
  ) u_system (
    .clk, .rst, .irq,
    .s_axi_awaddr, .s_axi_awprot(3'd0), .s_axi_awvalid, .s_axi_awready, .s_axi_wdata,
    .s_axi_wstrb, .s_axi_wvalid, .s_axi_wready, .s_axi_bresp, .s_axi_bvalid, .s_axi_bready,
    .s_axi_araddr, .s_axi_arprot(3'd0), .s_axi_arvalid, .s_axi_arready, .s_axi_rdata,
    .s_axi_rresp, .s_axi_rvalid, .s_axi_rready,
    .m_axi_arid(arid), .m_axi_araddr(hp_araddr), .m_axi_arlen(hp_arlen), .m_axi_arsize(arsize),
    .m_axi_arburst(arburst), .m_axi_arcache(arcache), .m_axi_arprot(arprot),
    .m_axi_arvalid(hp_arvalid), .m_axi_arready(hp_arready), .m_axi_rid(1'b0),
    .m_axi_rdata(hp_rdata), .m_axi_rresp(hp_rresp), .m_axi_rlast(hp_rlast),
    .m_axi_rvalid(hp_rvalid), .m_axi_rready(hp_rready),
    .m_axi_awid(awid), .m_axi_awaddr(hp_awaddr), .m_axi_awlen(hp_awlen), .m_axi_awsize(awsize),
    .m_axi_awburst(awburst), .m_axi_awcache(awcache), .m_axi_awprot(awprot),
    .m_axi_awvalid(hp_awvalid), .m_axi_awready(hp_awready), .m_axi_wdata(hp_wdata),
    .m_axi_wstrb(hp_wstrb), .m_axi_wlast(hp_wlast), .m_axi_wvalid(hp_wvalid),
    .m_axi_wready(hp_wready), .m_axi_bid(1'b0), .m_axi_bresp(hp_bresp),
    .m_axi_bvalid(hp_bvalid), .m_axi_bready(hp_bready)
  );

  logic unused;  // zynqmp_ps fixes these; a word on HPM0 has at most 4 bytes
  assign unused = &{1'b0, arid, awid, arsize, awsize, arburst, awburst, arcache, awcache, arprot,
                    awprot, gp_awsize[2], gp_arsize[2], s_axi_bresp, s_axi_rresp,
                    gp_awaddr[39:12], gp_araddr[39:12]};
endmodule
`default_nettype wire
