// SPDX-License-Identifier: Apache-2.0
// ps7_model - stands in for a Zynq-7000's PS7 and BUFG in simulation, at their pins.
//
// Function  cocotb is the processor: gp0_* is its AXI master (bursts of at most 16), hp0_* its memory,
//           clk0 and resetn0 are FCLK0 and its reset. axi_checker watches HP0, axi_register_checker
//           GP0. Only AXI is modelled: no DDR, no cache, no other port.
`default_nettype none
module BUFG (
  input  wire logic I,
  output logic O
);
  assign O = I;
endmodule

module PS7 (
  output logic MAXIGP0AWVALID, MAXIGP0WVALID, MAXIGP0BREADY, MAXIGP0ARVALID, MAXIGP0RREADY,
    SAXIHP0AWREADY, SAXIHP0WREADY, SAXIHP0BVALID, SAXIHP0ARREADY, SAXIHP0RLAST, SAXIHP0RVALID,
  output logic [1:0] MAXIGP0AWSIZE, MAXIGP0AWBURST, MAXIGP0ARSIZE, MAXIGP0ARBURST, SAXIHP0BRESP,
    SAXIHP0RRESP,
  output logic [3:0] MAXIGP0AWLEN, MAXIGP0WSTRB, MAXIGP0ARLEN, FCLKCLK, FCLKRESETN,
  output logic [11:0] MAXIGP0AWID, MAXIGP0ARID,
  output logic [31:0] MAXIGP0AWADDR, MAXIGP0WDATA, MAXIGP0ARADDR,
  output logic [63:0] SAXIHP0RDATA,
  input  wire logic DMA0ACLK, DMA0DAREADY, DMA0DRLAST, DMA0DRVALID, DMA1ACLK, DMA1DAREADY,
    DMA1DRLAST, DMA1DRVALID, DMA2ACLK, DMA2DAREADY, DMA2DRLAST, DMA2DRVALID, DMA3ACLK,
    DMA3DAREADY, DMA3DRLAST, DMA3DRVALID, EMIOCAN0PHYRX, EMIOCAN1PHYRX, EMIOENET0EXTINTIN,
    EMIOENET0GMIICOL, EMIOENET0GMIICRS, EMIOENET0GMIIRXCLK, EMIOENET0GMIIRXDV, EMIOENET0GMIIRXER,
    EMIOENET0GMIITXCLK, EMIOENET0MDIOI, EMIOENET1EXTINTIN, EMIOENET1GMIICOL, EMIOENET1GMIICRS,
    EMIOENET1GMIIRXCLK, EMIOENET1GMIIRXDV, EMIOENET1GMIIRXER, EMIOENET1GMIITXCLK, EMIOENET1MDIOI,
    EMIOI2C0SCLI, EMIOI2C0SDAI, EMIOI2C1SCLI, EMIOI2C1SDAI, EMIOPJTAGTCK, EMIOPJTAGTDI,
    EMIOPJTAGTMS, EMIOSDIO0CDN, EMIOSDIO0CLKFB, EMIOSDIO0CMDI, EMIOSDIO0WP, EMIOSDIO1CDN,
    EMIOSDIO1CLKFB, EMIOSDIO1CMDI, EMIOSDIO1WP, EMIOSPI0MI, EMIOSPI0SCLKI, EMIOSPI0SI,
    EMIOSPI0SSIN, EMIOSPI1MI, EMIOSPI1SCLKI, EMIOSPI1SI, EMIOSPI1SSIN, EMIOSRAMINTIN,
    EMIOTRACECLK, EMIOUART0CTSN, EMIOUART0DCDN, EMIOUART0DSRN, EMIOUART0RIN, EMIOUART0RX,
    EMIOUART1CTSN, EMIOUART1DCDN, EMIOUART1DSRN, EMIOUART1RIN, EMIOUART1RX, EMIOUSB0VBUSPWRFAULT,
    EMIOUSB1VBUSPWRFAULT, EMIOWDTCLKI, EVENTEVENTI, FPGAIDLEN, FTMDTRACEINCLOCK, FTMDTRACEINVALID,
    MAXIGP0ACLK, MAXIGP0ARREADY, MAXIGP0AWREADY, MAXIGP0BVALID, MAXIGP0RLAST, MAXIGP0RVALID,
    MAXIGP0WREADY, MAXIGP1ACLK, MAXIGP1ARREADY, MAXIGP1AWREADY, MAXIGP1BVALID, MAXIGP1RLAST,
    MAXIGP1RVALID, MAXIGP1WREADY, SAXIACPACLK, SAXIACPARVALID, SAXIACPAWVALID, SAXIACPBREADY,
    SAXIACPRREADY, SAXIACPWLAST, SAXIACPWVALID, SAXIGP0ACLK, SAXIGP0ARVALID, SAXIGP0AWVALID,
    SAXIGP0BREADY, SAXIGP0RREADY, SAXIGP0WLAST, SAXIGP0WVALID, SAXIGP1ACLK, SAXIGP1ARVALID,
    SAXIGP1AWVALID, SAXIGP1BREADY, SAXIGP1RREADY, SAXIGP1WLAST, SAXIGP1WVALID, SAXIHP0ACLK,
    SAXIHP0ARVALID, SAXIHP0AWVALID, SAXIHP0BREADY, SAXIHP0RDISSUECAP1EN, SAXIHP0RREADY,
    SAXIHP0WLAST, SAXIHP0WRISSUECAP1EN, SAXIHP0WVALID, SAXIHP1ACLK, SAXIHP1ARVALID,
    SAXIHP1AWVALID, SAXIHP1BREADY, SAXIHP1RDISSUECAP1EN, SAXIHP1RREADY, SAXIHP1WLAST,
    SAXIHP1WRISSUECAP1EN, SAXIHP1WVALID, SAXIHP2ACLK, SAXIHP2ARVALID, SAXIHP2AWVALID,
    SAXIHP2BREADY, SAXIHP2RDISSUECAP1EN, SAXIHP2RREADY, SAXIHP2WLAST, SAXIHP2WRISSUECAP1EN,
    SAXIHP2WVALID, SAXIHP3ACLK, SAXIHP3ARVALID, SAXIHP3AWVALID, SAXIHP3BREADY,
    SAXIHP3RDISSUECAP1EN, SAXIHP3RREADY, SAXIHP3WLAST, SAXIHP3WRISSUECAP1EN, SAXIHP3WVALID,
  input  wire logic [1:0] DMA0DRTYPE, DMA1DRTYPE, DMA2DRTYPE, DMA3DRTYPE, MAXIGP0BRESP,
    MAXIGP0RRESP, MAXIGP1BRESP, MAXIGP1RRESP, SAXIACPARBURST, SAXIACPARLOCK, SAXIACPARSIZE,
    SAXIACPAWBURST, SAXIACPAWLOCK, SAXIACPAWSIZE, SAXIGP0ARBURST, SAXIGP0ARLOCK, SAXIGP0ARSIZE,
    SAXIGP0AWBURST, SAXIGP0AWLOCK, SAXIGP0AWSIZE, SAXIGP1ARBURST, SAXIGP1ARLOCK, SAXIGP1ARSIZE,
    SAXIGP1AWBURST, SAXIGP1AWLOCK, SAXIGP1AWSIZE, SAXIHP0ARBURST, SAXIHP0ARLOCK, SAXIHP0ARSIZE,
    SAXIHP0AWBURST, SAXIHP0AWLOCK, SAXIHP0AWSIZE, SAXIHP1ARBURST, SAXIHP1ARLOCK, SAXIHP1ARSIZE,
    SAXIHP1AWBURST, SAXIHP1AWLOCK, SAXIHP1AWSIZE, SAXIHP2ARBURST, SAXIHP2ARLOCK, SAXIHP2ARSIZE,
    SAXIHP2AWBURST, SAXIHP2AWLOCK, SAXIHP2AWSIZE, SAXIHP3ARBURST, SAXIHP3ARLOCK, SAXIHP3ARSIZE,
    SAXIHP3AWBURST, SAXIHP3AWLOCK, SAXIHP3AWSIZE,
  input  wire logic [2:0] EMIOTTC0CLKI, EMIOTTC1CLKI, SAXIACPARID, SAXIACPARPROT, SAXIACPAWID,
    SAXIACPAWPROT, SAXIACPWID, SAXIGP0ARPROT, SAXIGP0AWPROT, SAXIGP1ARPROT, SAXIGP1AWPROT,
    SAXIHP0ARPROT, SAXIHP0AWPROT, SAXIHP1ARPROT, SAXIHP1AWPROT, SAXIHP2ARPROT, SAXIHP2AWPROT,
    SAXIHP3ARPROT, SAXIHP3AWPROT,
  input  wire logic [3:0] DDRARB, EMIOSDIO0DATAI, EMIOSDIO1DATAI, FCLKCLKTRIGN, FTMDTRACEINATID,
    FTMTF2PTRIG, FTMTP2FTRIGACK, SAXIACPARCACHE, SAXIACPARLEN, SAXIACPARQOS, SAXIACPAWCACHE,
    SAXIACPAWLEN, SAXIACPAWQOS, SAXIGP0ARCACHE, SAXIGP0ARLEN, SAXIGP0ARQOS, SAXIGP0AWCACHE,
    SAXIGP0AWLEN, SAXIGP0AWQOS, SAXIGP0WSTRB, SAXIGP1ARCACHE, SAXIGP1ARLEN, SAXIGP1ARQOS,
    SAXIGP1AWCACHE, SAXIGP1AWLEN, SAXIGP1AWQOS, SAXIGP1WSTRB, SAXIHP0ARCACHE, SAXIHP0ARLEN,
    SAXIHP0ARQOS, SAXIHP0AWCACHE, SAXIHP0AWLEN, SAXIHP0AWQOS, SAXIHP1ARCACHE, SAXIHP1ARLEN,
    SAXIHP1ARQOS, SAXIHP1AWCACHE, SAXIHP1AWLEN, SAXIHP1AWQOS, SAXIHP2ARCACHE, SAXIHP2ARLEN,
    SAXIHP2ARQOS, SAXIHP2AWCACHE, SAXIHP2AWLEN, SAXIHP2AWQOS, SAXIHP3ARCACHE, SAXIHP3ARLEN,
    SAXIHP3ARQOS, SAXIHP3AWCACHE, SAXIHP3AWLEN, SAXIHP3AWQOS,
  input  wire logic [4:0] SAXIACPARUSER, SAXIACPAWUSER,
  input  wire logic [5:0] SAXIGP0ARID, SAXIGP0AWID, SAXIGP0WID, SAXIGP1ARID, SAXIGP1AWID,
    SAXIGP1WID, SAXIHP0ARID, SAXIHP0AWID, SAXIHP0WID, SAXIHP1ARID, SAXIHP1AWID, SAXIHP1WID,
    SAXIHP2ARID, SAXIHP2AWID, SAXIHP2WID, SAXIHP3ARID, SAXIHP3AWID, SAXIHP3WID,
  input  wire logic [7:0] EMIOENET0GMIIRXD, EMIOENET1GMIIRXD, SAXIACPWSTRB, SAXIHP0WSTRB,
    SAXIHP1WSTRB, SAXIHP2WSTRB, SAXIHP3WSTRB,
  input  wire logic [11:0] MAXIGP0BID, MAXIGP0RID, MAXIGP1BID, MAXIGP1RID,
  input  wire logic [19:0] IRQF2P,
  input  wire logic [31:0] FTMDTRACEINDATA, FTMTF2PDEBUG, MAXIGP0RDATA, MAXIGP1RDATA,
    SAXIACPARADDR, SAXIACPAWADDR, SAXIGP0ARADDR, SAXIGP0AWADDR, SAXIGP0WDATA, SAXIGP1ARADDR,
    SAXIGP1AWADDR, SAXIGP1WDATA, SAXIHP0ARADDR, SAXIHP0AWADDR, SAXIHP1ARADDR, SAXIHP1AWADDR,
    SAXIHP2ARADDR, SAXIHP2AWADDR, SAXIHP3ARADDR, SAXIHP3AWADDR,
  input  wire logic [63:0] EMIOGPIOI, SAXIACPWDATA, SAXIHP0WDATA, SAXIHP1WDATA, SAXIHP2WDATA,
    SAXIHP3WDATA
);
  logic        clk0, resetn0;
  logic [31:0] errors, open, memory_errors, register_errors;
  assign FCLKCLK    = {3'b000, clk0};
  assign FCLKRESETN = {3'b000, resetn0};

  logic [11:0] gp0_awid, gp0_arid, gp0_bid, gp0_rid;
  logic [31:0] gp0_awaddr, gp0_araddr, gp0_wdata, gp0_rdata;
  logic [7:0]  gp0_awlen, gp0_arlen;
  logic [3:0]  gp0_wstrb;
  logic [2:0]  gp0_awsize, gp0_arsize;
  logic [1:0]  gp0_awburst, gp0_arburst, gp0_bresp, gp0_rresp;
  logic        gp0_awvalid, gp0_awready, gp0_wlast, gp0_wvalid, gp0_wready, gp0_bvalid, gp0_bready;
  logic        gp0_arvalid, gp0_arready, gp0_rlast, gp0_rvalid, gp0_rready;
  assign MAXIGP0AWID    = gp0_awid;
  assign MAXIGP0AWADDR  = gp0_awaddr;
  assign MAXIGP0AWLEN   = gp0_awlen[3:0];
  assign MAXIGP0AWSIZE  = gp0_awsize[1:0];
  assign MAXIGP0AWBURST = gp0_awburst;
  assign MAXIGP0AWVALID = gp0_awvalid;
  assign MAXIGP0WDATA   = gp0_wdata;
  assign MAXIGP0WSTRB   = gp0_wstrb;
  assign MAXIGP0WVALID  = gp0_wvalid;
  assign MAXIGP0BREADY  = gp0_bready;
  assign MAXIGP0ARID    = gp0_arid;
  assign MAXIGP0ARADDR  = gp0_araddr;
  assign MAXIGP0ARLEN   = gp0_arlen[3:0];
  assign MAXIGP0ARSIZE  = gp0_arsize[1:0];
  assign MAXIGP0ARBURST = gp0_arburst;
  assign MAXIGP0ARVALID = gp0_arvalid;
  assign MAXIGP0RREADY  = gp0_rready;
  assign gp0_awready    = MAXIGP0AWREADY;
  assign gp0_wready     = MAXIGP0WREADY;
  assign gp0_bid        = MAXIGP0BID;
  assign gp0_bresp      = MAXIGP0BRESP;
  assign gp0_bvalid     = MAXIGP0BVALID;
  assign gp0_arready    = MAXIGP0ARREADY;
  assign gp0_rid        = MAXIGP0RID;
  assign gp0_rdata      = MAXIGP0RDATA;
  assign gp0_rresp      = MAXIGP0RRESP;
  assign gp0_rlast      = MAXIGP0RLAST;
  assign gp0_rvalid     = MAXIGP0RVALID;

  logic [5:0]  hp0_awid, hp0_arid, hp0_bid, hp0_rid;
  logic [31:0] hp0_awaddr, hp0_araddr;
  logic [63:0] hp0_wdata, hp0_rdata;
  logic [7:0]  hp0_awlen, hp0_arlen, hp0_wstrb;
  logic [2:0]  hp0_awsize, hp0_arsize;
  logic [1:0]  hp0_awburst, hp0_arburst, hp0_bresp, hp0_rresp;
  logic        hp0_awvalid, hp0_awready, hp0_wlast, hp0_wvalid, hp0_wready, hp0_bvalid, hp0_bready;
  logic        hp0_arvalid, hp0_arready, hp0_rlast, hp0_rvalid, hp0_rready;
  assign hp0_awid       = SAXIHP0AWID;
  assign hp0_awaddr     = SAXIHP0AWADDR;
  assign hp0_awlen      = 8'(SAXIHP0AWLEN);
  assign hp0_awsize     = 3'(SAXIHP0AWSIZE);
  assign hp0_awburst    = SAXIHP0AWBURST;
  assign hp0_awvalid    = SAXIHP0AWVALID;
  assign hp0_wdata      = SAXIHP0WDATA;
  assign hp0_wstrb      = SAXIHP0WSTRB;
  assign hp0_wlast      = SAXIHP0WLAST;
  assign hp0_wvalid     = SAXIHP0WVALID;
  assign hp0_bready     = SAXIHP0BREADY;
  assign hp0_arid       = SAXIHP0ARID;
  assign hp0_araddr     = SAXIHP0ARADDR;
  assign hp0_arlen      = 8'(SAXIHP0ARLEN);
  assign hp0_arsize     = 3'(SAXIHP0ARSIZE);
  assign hp0_arburst    = SAXIHP0ARBURST;
  assign hp0_arvalid    = SAXIHP0ARVALID;
  assign hp0_rready     = SAXIHP0RREADY;
  assign SAXIHP0AWREADY = hp0_awready;
  assign SAXIHP0WREADY  = hp0_wready;
  assign SAXIHP0BRESP   = hp0_bresp;
  assign SAXIHP0BVALID  = hp0_bvalid;
  assign SAXIHP0ARREADY = hp0_arready;
  assign SAXIHP0RDATA   = hp0_rdata;
  assign SAXIHP0RRESP   = hp0_rresp;
  assign SAXIHP0RLAST   = hp0_rlast;
  assign SAXIHP0RVALID  = hp0_rvalid;

  logic unread;  // keeps these visible to cocotb
  assign unread = ^{hp0_bid, hp0_rid, hp0_awid, hp0_arid, hp0_awsize, hp0_arsize, hp0_awburst,
                    hp0_arburst, gp0_wlast, gp0_bresp, gp0_rresp, gp0_awlen, gp0_arlen,
                    gp0_awsize, gp0_arsize, errors, open};

  axi_checker u_check (
    .clk(SAXIHP0ACLK), .rst(!resetn0),
    .araddr(hp0_araddr), .arlen(hp0_arlen), .arvalid(hp0_arvalid), .arready(hp0_arready),
    .rlast(hp0_rlast), .rvalid(hp0_rvalid), .rready(hp0_rready),
    .awaddr(hp0_awaddr), .awlen(hp0_awlen), .awvalid(hp0_awvalid), .awready(hp0_awready),
    .wdata(hp0_wdata), .wstrb(hp0_wstrb), .wlast(hp0_wlast), .wvalid(hp0_wvalid),
    .wready(hp0_wready), .bvalid(hp0_bvalid), .bready(hp0_bready),
    .errors(memory_errors), .open
  );
  axi_register_checker #(.ID_W(12), .ADDR_W(32)) u_check_registers (
    .clk(MAXIGP0ACLK), .rst(!resetn0),
    .awid(gp0_awid), .awaddr(gp0_awaddr), .awlen(gp0_awlen), .awvalid(gp0_awvalid),
    .awready(gp0_awready), .wdata(gp0_wdata), .wstrb(gp0_wstrb), .wlast(gp0_wlast),
    .wvalid(gp0_wvalid), .wready(gp0_wready), .bid(gp0_bid), .bresp(gp0_bresp),
    .bvalid(gp0_bvalid), .bready(gp0_bready), .arid(gp0_arid), .araddr(gp0_araddr),
    .arlen(gp0_arlen), .arvalid(gp0_arvalid), .arready(gp0_arready), .rid(gp0_rid),
    .rdata(gp0_rdata), .rresp(gp0_rresp), .rlast(gp0_rlast), .rvalid(gp0_rvalid),
    .rready(gp0_rready), .errors(register_errors)
  );
  assign errors = memory_errors + register_errors;
endmodule
`default_nettype wire
