// SPDX-License-Identifier: Apache-2.0
// axi_checker - watches an AXI4 memory port and counts what breaks the protocol or the promise.
//
// Function  on each clk: valid stays and its payload does not change until ready; bursts are INCR of
//           8 bytes a word, no longer than BURST, aligned, inside 4 KiB; wlast and rlast come with
//           the announced word; data is never ahead of its address, an answer never ahead of its
//           data; at most READS and WRITES bursts are open; no control signal is unknown; 8 clk into a
//           reset nothing is offered.
//           `errors` counts violations, the first few are printed. `open` counts open transfers.
`default_nettype none
module axi_checker #(
  parameter int BURST  = 16,
  parameter int READS  = 4,
  parameter int WRITES = 4
) (
  input  wire logic        clk,
  input  wire logic        rst,
  input  wire logic [31:0] araddr,
  input  wire logic [7:0]  arlen,
  input  wire logic        arvalid,
  input  wire logic        arready,
  input  wire logic        rlast,
  input  wire logic        rvalid,
  input  wire logic        rready,
  input  wire logic [31:0] awaddr,
  input  wire logic [7:0]  awlen,
  input  wire logic        awvalid,
  input  wire logic        awready,
  input  wire logic [63:0] wdata,
  input  wire logic [7:0]  wstrb,
  input  wire logic        wlast,
  input  wire logic        wvalid,
  input  wire logic        wready,
  input  wire logic        bvalid,
  input  wire logic        bready,
  output      logic [31:0] errors,
  output      logic [31:0] open
);
  // lengths of the bursts that are open, in order
  logic [7:0]  ar_len [256];
  logic [7:0]  aw_len [256];
  logic [7:0]  ar_in, ar_out, r_beat, aw_in, aw_out, w_beat, w_done, b_done;
  logic        ar_wait, aw_wait, w_wait, aw_seen;
  logic [39:0] ar_was, aw_was;
  logic [72:0] w_was;
  logic        aw_new;
  logic [2:0]  reset_clk;
  assign open   = 32'(8'(ar_in - ar_out)) + 32'(8'(aw_in - b_done)) + 32'(arvalid);
  assign aw_new = awvalid && !aw_seen;

  task automatic check(input logic good, input [8*40-1:0] what);
    if (good !== 1'b1) begin
      errors <= errors + 1;
      if (errors < 5) $display("axi_checker: %0s at %0t", what, $time);
    end
  endtask

  task automatic burst(input logic [31:0] address, input logic [7:0] length);
    check(address[2:0] == 3'd0, "address is not a multiple of 8");
    check(32'(length) < BURST, "burst is too long");
    check({20'd0, address[11:0]} + 8 * (32'(length) + 1) <= 32'd4096, "burst crosses 4 KiB");
  endtask

  initial errors    = '0;
  initial reset_clk = '0;
  always @(posedge clk) begin
    if (rst) begin
      {ar_in, ar_out, r_beat, aw_in, aw_out, w_beat, w_done, b_done} <= '0;
      {ar_wait, aw_wait, w_wait, aw_seen} <= '0;
      if (reset_clk != '1) reset_clk <= reset_clk + 1'b1;
      else check(!arvalid && !awvalid && !wvalid, "something is offered in reset");
    end else begin
      reset_clk <= '0;
      check((arvalid ^ awvalid ^ wvalid ^ rready ^ bready) !== 1'bx, "a control signal is unknown");
      // a channel holds what it offers
      ar_wait <= arvalid && !arready;
      ar_was  <= {araddr, arlen};
      if (ar_wait) check(arvalid && ar_was == {araddr, arlen}, "AR moved before arready");
      aw_wait <= awvalid && !awready;
      aw_was  <= {awaddr, awlen};
      if (aw_wait) check(awvalid && aw_was == {awaddr, awlen}, "AW moved before awready");
      w_wait  <= wvalid && !wready;
      w_was   <= {wdata, wstrb, wlast};
      if (w_wait) check(wvalid && w_was == {wdata, wstrb, wlast}, "W moved before wready");
      // reads
      if (arvalid && arready) begin
        burst(araddr, arlen);
        ar_len[ar_in] <= arlen;
        ar_in <= ar_in + 1'b1;
        check(32'(8'(ar_in - ar_out)) < READS, "too many reads are open");
      end
      if (rvalid) begin
        check(ar_in != ar_out, "read data that nobody asked for");
        check(rlast == (r_beat == ar_len[ar_out]), "rlast at the wrong word");
        if (rready) begin
          r_beat <= rlast ? '0 : r_beat + 1'b1;
          if (rlast) ar_out <= ar_out + 1'b1;
        end
      end
      // writes; a burst counts from the clk in which its address is offered
      aw_seen <= awvalid && !awready;
      if (aw_new) begin
        burst(awaddr, awlen);
        aw_len[aw_in] <= awlen;
        aw_in <= aw_in + 1'b1;
        check(32'(8'(aw_in - b_done)) < WRITES, "too many writes are open");
      end
      if (wvalid) begin
        check(aw_in != aw_out || aw_new, "write data without an address");
        check(wlast == (w_beat == (aw_in == aw_out ? awlen : aw_len[aw_out])),
              "wlast at the wrong word");
        check(wstrb != '0, "a word without a byte");
        if (wready) begin
          w_beat <= wlast ? '0 : w_beat + 1'b1;
          if (wlast) begin
            aw_out <= aw_out + 1'b1;
            w_done <= w_done + 1'b1;
          end
        end
      end
      if (bvalid) check(w_done != b_done, "an answer ahead of its data");
      if (bvalid && bready) b_done <= b_done + 1'b1;
    end
  end
endmodule
`default_nettype wire
