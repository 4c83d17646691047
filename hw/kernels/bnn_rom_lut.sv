// SPDX-License-Identifier: Apache-2.0
// bnn_rom_lut - read-only memory out of 7-series LUT sites.
//
// Function  data = word addr of DATA, word 0 lowest. No register.
// Structure a LUT site holds 32 words of two bits, or 64 of one; MUXF7 and MUXF8 join two and four of
//           these. A multiplexer joins blocks of 256 words.
// PRIM      1 or 2, see bnn_lut6_2.
`default_nettype none
module bnn_rom_lut #(
  parameter int W       = 16,
  parameter int DEPTH   = 16,
  parameter     DATA    = 1'b0,
  parameter int PRIM    = 1,
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  wire logic [ADDR_W-1:0] addr,
  output      logic [W-1:0]      data
);
  localparam logic [DEPTH*W-1:0] ROM = DATA;

  // bit b of the 64 words from `from` on
  function automatic logic [63:0] column(input int b, input int from);
    int i;
    logic [63:0] t;
    t = '0;
    for (i = 0; i < 64; i = i + 1)
      if (b < W && from + i < DEPTH) t[i] = ROM[(from+i)*W+b];
    return t;
  endfunction
  // two bits of up to 32 words
  function automatic logic [63:0] columns(input int b);
    logic [63:0] t;
    t = column(b + 1, 0) << 32;
    t[31:0] = 32'(column(b, 0));
    return t;
  endfunction

  if (DEPTH <= 32) begin : gen_pairs
    logic [4:0] at;
    assign at = 5'(addr);
    for (genvar b = 0; b < W; b = b + 2) begin : gen_bits
      logic upper;
      bnn_lut6_2 #(.INIT(columns(b)), .PRIM(PRIM)) u_lut (
        .i({1'b1, at}), .o5(data[b]), .o6(upper)
      );
      if (b + 1 < W) begin : gen_upper
        assign data[b+1] = upper;
      end else begin : gen_no_upper
        logic unused;
        assign unused = upper;
      end
    end
  end else begin : gen_deep
    localparam int BLOCKS = (DEPTH + 255) / 256;
    localparam int SEL_W  = BLOCKS > 1 ? $clog2(BLOCKS) : 1;
    logic [7:0]        at;
    logic [SEL_W-1:0]  block;
    logic              unused;
    assign at     = 8'(addr);
    assign block  = SEL_W'(addr >> 8);
    assign unused = &{1'b0, at, block};
    for (genvar b = 0; b < W; b = b + 1) begin : gen_bit
      logic [(1<<SEL_W)-1:0] by_block;
      for (genvar i = 0; i < BLOCKS; i = i + 1) begin : gen_block
        localparam int WORDS = DEPTH - 256 * i;
        localparam int N     = WORDS <= 64 ? 1 : WORDS <= 128 ? 2 : 4;  // LUTs
        logic [N-1:0] q;
        for (genvar k = 0; k < N; k = k + 1) begin : gen_lut
          LUT6 #(.INIT(column(b, 256 * i + 64 * k))) u_lut (
            .I0(at[0]), .I1(at[1]), .I2(at[2]), .I3(at[3]), .I4(at[4]), .I5(at[5]), .O(q[k])
          );
        end
        if (N == 1) begin : gen_64
          assign by_block[i] = q[0];
        end else if (N == 2) begin : gen_128
          MUXF7 u_mux (.I0(q[0]), .I1(q[1]), .S(at[6]), .O(by_block[i]));
        end else begin : gen_256
          logic [1:0] f;
          MUXF7 u_low (.I0(q[0]), .I1(q[1]), .S(at[6]), .O(f[0]));
          MUXF7 u_high (.I0(q[2]), .I1(q[3]), .S(at[6]), .O(f[1]));
          MUXF8 u_mux (.I0(f[0]), .I1(f[1]), .S(at[7]), .O(by_block[i]));
        end
      end
      for (genvar i = BLOCKS; i < 1 << SEL_W; i = i + 1) begin : gen_none
        assign by_block[i] = 1'b0;
      end
      assign data[b] = BLOCKS > 1 ? by_block[block] : by_block[0];
    end
  end
endmodule
`default_nettype wire
