// SPDX-License-Identifier: Apache-2.0
// bnn_rom_lut - read-only memory out of 7-series LUT sites, for up to 256 words.
//
// Function  data = word addr of DATA, word 0 lowest. No register.
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
    localparam int N = DEPTH <= 64 ? 1 : DEPTH <= 128 ? 2 : 4;  // LUTs per bit
    logic [7:0] at;
    logic       unused;
    assign at     = 8'(addr);
    assign unused = &{1'b0, at};
    for (genvar b = 0; b < W; b = b + 1) begin : gen_bit
      logic [N-1:0] q;
      for (genvar i = 0; i < N; i = i + 1) begin : gen_lut
        LUT6 #(.INIT(column(b, 64 * i))) u_lut (
          .I0(at[0]), .I1(at[1]), .I2(at[2]), .I3(at[3]), .I4(at[4]), .I5(at[5]), .O(q[i])
        );
      end
      if (N == 1) begin : gen_64
        assign data[b] = q[0];
      end else if (N == 2) begin : gen_128
        MUXF7 u_mux (.I0(q[0]), .I1(q[1]), .S(at[6]), .O(data[b]));
      end else begin : gen_256
        logic [1:0] f;
        MUXF7 u_low (.I0(q[0]), .I1(q[1]), .S(at[6]), .O(f[0]));
        MUXF7 u_high (.I0(q[2]), .I1(q[3]), .S(at[6]), .O(f[1]));
        MUXF8 u_mux (.I0(f[0]), .I1(f[1]), .S(at[7]), .O(data[b]));
      end
    end
  end
endmodule
`default_nettype wire
