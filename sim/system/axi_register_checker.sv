// SPDX-License-Identifier: Apache-2.0
// axi_register_checker - watches a register port, where our logic answers: AXI3, AXI4 or AXI4-Lite.
//
// Function  on each clk: valid stays and its payload does not change until ready, on all five
//           channels; an answer never comes ahead of its request and carries its ID; rlast comes
//           with the announced word; answers are OKAY; no control signal is unknown; 8 clk into a
//           reset nothing is offered. `errors` counts violations, the first few are printed.
// Limits    answers in the order of their requests, fewer than 256 open. AXI4-Lite: lengths and IDs
//           0, wlast and rlast 1.
`default_nettype none
module axi_register_checker #(
  parameter int ID_W   = 1,
  parameter int ADDR_W = 12
) (
  input  wire logic              clk,
  input  wire logic              rst,
  input  wire logic [ID_W-1:0]   awid,
  input  wire logic [ADDR_W-1:0] awaddr,
  input  wire logic [7:0]        awlen,
  input  wire logic              awvalid,
  input  wire logic              awready,
  input  wire logic [31:0]       wdata,
  input  wire logic [3:0]        wstrb,
  input  wire logic              wlast,
  input  wire logic              wvalid,
  input  wire logic              wready,
  input  wire logic [ID_W-1:0]   bid,
  input  wire logic [1:0]        bresp,
  input  wire logic              bvalid,
  input  wire logic              bready,
  input  wire logic [ID_W-1:0]   arid,
  input  wire logic [ADDR_W-1:0] araddr,
  input  wire logic [7:0]        arlen,
  input  wire logic              arvalid,
  input  wire logic              arready,
  input  wire logic [ID_W-1:0]   rid,
  input  wire logic [31:0]       rdata,
  input  wire logic [1:0]        rresp,
  input  wire logic              rlast,
  input  wire logic              rvalid,
  input  wire logic              rready,
  output      logic [31:0]       errors
);
  // requests that are open, in order
  logic [ID_W-1:0] ar_id [256];
  logic [ID_W-1:0] aw_id [256];
  logic [7:0]      ar_len [256];
  logic [7:0]      ar_in, ar_out, r_beat, aw_in, w_in, b_out;
  logic            aw_wait, w_wait, b_wait, ar_wait, r_wait;
  logic [ID_W+ADDR_W+7:0] aw_was, ar_was;
  logic [36:0]            w_was;
  logic [ID_W+1:0]        b_was;
  logic [ID_W+34:0]       r_was;
  logic [2:0]             reset_clk;

  task automatic check(input logic good, input [8*40-1:0] what);
    if (good !== 1'b1) begin
      errors <= errors + 1;
      if (errors < 5) $display("axi_checker: registers: %0s at %0t", what, $time);
    end
  endtask

  initial errors    = '0;
  initial reset_clk = '0;
  always @(posedge clk) begin
    if (rst) begin
      {ar_in, ar_out, r_beat, aw_in, w_in, b_out} <= '0;
      {aw_wait, w_wait, b_wait, ar_wait, r_wait}  <= '0;
      if (reset_clk != '1) reset_clk <= reset_clk + 1'b1;
      else check(!rvalid && !bvalid, "an answer in reset");
    end else begin
      reset_clk <= '0;
      check((awready ^ wready ^ bvalid ^ arready ^ rvalid) !== 1'bx, "a control signal is unknown");
      // a channel holds what it offers
      aw_wait <= awvalid && !awready;
      aw_was  <= {awid, awaddr, awlen};
      if (aw_wait) check(awvalid && aw_was === {awid, awaddr, awlen}, "AW moved before awready");
      w_wait  <= wvalid && !wready;
      w_was   <= {wdata, wstrb, wlast};
      if (w_wait) check(wvalid && w_was === {wdata, wstrb, wlast}, "W moved before wready");
      b_wait  <= bvalid && !bready;
      b_was   <= {bid, bresp};
      if (b_wait) check(bvalid && b_was === {bid, bresp}, "B moved before bready");
      ar_wait <= arvalid && !arready;
      ar_was  <= {arid, araddr, arlen};
      if (ar_wait) check(arvalid && ar_was === {arid, araddr, arlen}, "AR moved before arready");
      r_wait  <= rvalid && !rready;
      r_was   <= {rid, rdata, rresp, rlast};
      if (r_wait) check(rvalid && r_was === {rid, rdata, rresp, rlast}, "R moved before rready");
      // reads
      if (arvalid && arready) begin
        ar_id[ar_in]  <= arid;
        ar_len[ar_in] <= arlen;
        ar_in <= ar_in + 1'b1;
      end
      if (rvalid) begin
        check(ar_in != ar_out, "read data that nobody asked for");
        check(rid == ar_id[ar_out], "read data with another ID");
        check(rlast == (r_beat == ar_len[ar_out]), "rlast at the wrong word");
        check(rresp == 2'b00, "a read is not OKAY");
        if (rready) begin
          r_beat <= rlast ? '0 : r_beat + 1'b1;
          if (rlast) ar_out <= ar_out + 1'b1;
        end
      end
      // writes
      if (awvalid && awready) begin
        aw_id[aw_in] <= awid;
        aw_in <= aw_in + 1'b1;
      end
      if (wvalid && wready && wlast) w_in <= w_in + 1'b1;
      if (bvalid) begin
        check(aw_in != b_out && w_in != b_out, "an answer ahead of its write");
        check(bid == aw_id[b_out], "an answer with another ID");
        check(bresp == 2'b00, "a write is not OKAY");
        if (bready) b_out <= b_out + 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
