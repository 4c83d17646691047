// SPDX-License-Identifier: Apache-2.0
// axis_fifo - first in, first out: holds DEPTH beats while the output stalls.
//
// Function  m carries the beats of s, in order.
// Spec      fifo() in axis_fifo_ref.py.
// Capacity  exactly DEPTH beats: one in the register at the output, the others in a memory, whose
//           words the pointers take in turn. DEPTH = 2 is two registers.
// Memory    a power of two of words, or as many blocks as are needed where those are fewer: 64 words of
//           LUT RAM, a RAMB18. Where the pointers go through more than DEPTH - 1 words, a third one
//           runs DEPTH - 1 in front of the one that reads, and says where to stop.
// Timing    1 beat per clk, no bubbles; 2 clk from s_axis to m_axis, 1 clk for DEPTH = 2. Full and
//           empty are registers.
`default_nettype none
module axis_fifo #(
  parameter int W         = 8,
  parameter int DEPTH     = 32,  // at least 2, at most 65536
  parameter int RAM_BLOCK = 0,   // memory is 0: LUT RAM, 1: block RAM
  parameter int PRIM      = 0    // see bnn_lut6_2
) (
  input  wire logic         clk,
  input  wire logic         rst,
  input  wire logic [W-1:0] s_axis_tdata,
  input  wire logic         s_axis_tvalid,
  output      logic         s_axis_tready,
  output      logic [W-1:0] m_axis_tdata,
  output      logic         m_axis_tvalid,
  input  wire logic         m_axis_tready
);
  if (W < 1 || DEPTH < 2 || DEPTH > 65536) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "axis_fifo: W=%0d must be at least 1, DEPTH=%0d in 2 .. 65536", W, DEPTH);
  end

  if (DEPTH <= 2) begin : gen_registers
    bnn_replay #(.W(W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_two (
      .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
      .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
    );
    logic unused;
    assign unused = RAM_BLOCK != 0;
  end else begin : gen_memory
    localparam int HELD    = DEPTH - 1;
    localparam int BRAM_W  = W > 18 ? 9 : W > 9 ? 10 : W > 4 ? 11 : 12;  // a RAMB18's address
    localparam int BLOCK_W = RAM_BLOCK != 0 ? BRAM_W : 6;
    localparam int NEEDED  = (HELD + (1 << BLOCK_W) - 1) >> BLOCK_W;
    localparam int BLOCKS  = (NEEDED & (NEEDED - 1)) != 0 ? NEEDED : 1;
    localparam int BITS    = BLOCKS > 1 ? BLOCK_W : HELD > 2 ? $clog2(HELD) : 2;
    localparam int ALL     = BLOCKS > 1 || HELD == 1 << BITS ? 1 : 0;
    localparam int RING    = BLOCKS * ((1 << BITS) - 1 + ALL);
    localparam int ADDR_W  = BITS + $clog2(BLOCKS);
    logic [ADDR_W-1:0] wr, wr_next, rd, rd_next, limit;
    logic              en, write, read, room_q, some_q, valid_q;
    assign s_axis_tready = room_q;
    assign m_axis_tvalid = valid_q;
    assign en            = m_axis_tready || !valid_q;
    assign write         = s_axis_tvalid && room_q;
    assign read          = en && some_q;

    axis_fifo_pointer #(.BITS(BITS), .BLOCKS(BLOCKS), .ALL(ALL), .START(RING - HELD)) u_wr (
      .clk, .rst, .step(write), .addr(wr), .next(wr_next)
    );
    axis_fifo_pointer #(.BITS(BITS), .BLOCKS(BLOCKS), .ALL(ALL), .START(RING - HELD)) u_rd (
      .clk, .rst, .step(read), .addr(rd), .next(rd_next)
    );
    if (HELD < RING) begin : gen_limit
      logic [ADDR_W-1:0] unused_next;
      axis_fifo_pointer #(.BITS(BITS), .BLOCKS(BLOCKS), .ALL(ALL)) u_limit (
        .clk, .rst, .step(read), .addr(limit), .next(unused_next)
      );
    end else begin : gen_all
      assign limit = rd;
    end
    axis_fifo_ram #(
      .W(W), .ADDR_W(ADDR_W), .WORDS(BLOCKS << BITS), .BLOCK(RAM_BLOCK)
    ) u_ram (
      .clk, .write, .wr, .word(s_axis_tdata), .en, .fill(1'b0), .rd, .data(m_axis_tdata)
    );
    always_ff @(posedge clk) begin
      if (rst) begin
        room_q  <= 1'b0;
        some_q  <= 1'b0;
        valid_q <= 1'b0;
      end else begin
        if (en) valid_q <= some_q;
        if (write) some_q <= 1'b1;
        else if (read) some_q <= rd_next != wr;
        if (read || !some_q) room_q <= 1'b1;  // the latter: after a reset
        else if (write) room_q <= wr_next != limit;
      end
    end
  end
endmodule
`default_nettype wire
