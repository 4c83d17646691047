// SPDX-License-Identifier: Apache-2.0
// axi_lite_slave - AXI4-Lite in front of a register block.
//
// Function  each write transaction becomes one clk of `write`; a read answers with what read_data
//           shows for read_word. Address and data of a write may come in any order.
// Answers   always OKAY: an error on a Zynq's general port is a bus fault that kills the program.
// Timing    a write takes 1 clk from the later of its address and data to `write`, longer while hold
//           is high, and 1 more to bvalid; a read 1 clk from its address to the look at read_data, 1
//           more to rvalid.
//           All outputs are registers.
`default_nettype none
module axi_lite_slave (
  input  wire logic        clk,
  input  wire logic        rst,
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
  input  wire logic        hold,  // no `write` now
  output      logic        write,
  output      logic [9:0]  write_word,
  output      logic [31:0] write_data,
  output      logic [3:0]  write_strobe,
  output      logic [9:0]  read_word,
  input  wire logic [31:0] read_data
);
  // ready is low in reset and while the transaction before waits for its answer to be taken
  logic aw_ready_q, aw_held_q, w_ready_q, w_held_q, b_valid_q;
  logic ar_ready_q, ar_held_q, r_valid_q, read;
  assign s_axi_awready = aw_ready_q;
  assign s_axi_wready  = w_ready_q;
  assign s_axi_bvalid  = b_valid_q;
  assign s_axi_bresp   = 2'b00;
  assign s_axi_arready = ar_ready_q;
  assign s_axi_rvalid  = r_valid_q;
  assign s_axi_rresp   = 2'b00;
  assign write         = aw_held_q && w_held_q && !b_valid_q && !hold;
  assign read          = ar_held_q && !r_valid_q;

  always_ff @(posedge clk) begin
    if (s_axi_awvalid && aw_ready_q) write_word <= s_axi_awaddr[11:2];
    if (s_axi_wvalid && w_ready_q) begin
      write_data   <= s_axi_wdata;
      write_strobe <= s_axi_wstrb;
    end
    if (s_axi_arvalid && ar_ready_q) read_word <= s_axi_araddr[11:2];
    if (read) s_axi_rdata <= read_data;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      aw_ready_q <= 1'b0;
      aw_held_q  <= 1'b0;
      w_ready_q  <= 1'b0;
      w_held_q   <= 1'b0;
      b_valid_q  <= 1'b0;
      ar_ready_q <= 1'b0;
      ar_held_q  <= 1'b0;
      r_valid_q  <= 1'b0;
    end else begin
      aw_held_q  <= !write && (aw_held_q || (s_axi_awvalid && aw_ready_q));
      aw_ready_q <= write || !(aw_held_q || (s_axi_awvalid && aw_ready_q));
      w_held_q   <= !write && (w_held_q || (s_axi_wvalid && w_ready_q));
      w_ready_q  <= write || !(w_held_q || (s_axi_wvalid && w_ready_q));
      b_valid_q  <= write || (b_valid_q && !s_axi_bready);
      ar_held_q  <= !read && (ar_held_q || (s_axi_arvalid && ar_ready_q));
      ar_ready_q <= read || !(ar_held_q || (s_axi_arvalid && ar_ready_q));
      r_valid_q  <= read || (r_valid_q && !s_axi_rready);
    end
  end

  logic unused;  // the low two bits: a word is a word; no access is privileged
  assign unused = &{1'b0, s_axi_awaddr[1:0], s_axi_araddr[1:0], s_axi_awprot, s_axi_arprot};
endmodule
`default_nettype wire
