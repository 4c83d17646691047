// SPDX-License-Identifier: Apache-2.0
// axis_pack - pieces of 1 to 8 bytes to 64-bit words.
//
// Function  the bytes of the pieces, in order, eight to a word, byte 0 lowest. After a piece with
//           s_axis_tlast the word is filled up with zeros and given out. flush forgets the rest.
// Timing    one piece per clk; a word is there in the clk of the piece that fills it. A last piece
//           that leaves bytes over takes 1 clk more.
`default_nettype none
module axis_pack (
  input  wire logic        clk,
  input  wire logic        rst,
  input  wire logic        flush,
  input  wire logic [63:0] s_axis_tdata,   // bytes from s_axis_tbytes on are 0
  input  wire logic [3:0]  s_axis_tbytes,  // 1 .. 8
  input  wire logic        s_axis_tlast,
  input  wire logic        s_axis_tvalid,
  output      logic        s_axis_tready,
  output      logic [63:0] m_axis_tdata,
  output      logic        m_axis_tvalid,
  input  wire logic        m_axis_tready
);
  logic [55:0]  kept_q;
  logic [2:0]   count_q;
  logic         end_q;  // only what is kept is left to give out
  logic [119:0] merged;
  logic [3:0]   total;
  logic         fills, accept;
  assign total  = {1'b0, count_q} + s_axis_tbytes;
  assign fills  = total[3];
  assign merged = 120'(kept_q) | (120'(s_axis_tdata) << {count_q, 3'b000});

  assign m_axis_tdata  = end_q ? 64'(kept_q) : merged[63:0];
  assign m_axis_tvalid = end_q || (s_axis_tvalid && fills);
  assign s_axis_tready = !end_q && (m_axis_tready || !fills);
  assign accept        = s_axis_tvalid && s_axis_tready;

  always_ff @(posedge clk) begin
    if (rst || flush || (end_q && m_axis_tready)) begin
      kept_q  <= '0;  // data, but what is merged with the next piece must be 0
      count_q <= '0;
      end_q   <= 1'b0;
    end else if (accept) begin
      kept_q  <= fills ? merged[119:64] : merged[55:0];
      count_q <= total[2:0];
      end_q   <= s_axis_tlast && total[2:0] != '0;
    end
  end
endmodule
`default_nettype wire
