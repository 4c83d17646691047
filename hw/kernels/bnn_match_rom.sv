// SPDX-License-Identifier: Apache-2.0
// bnn_match_rom - bnn_match for PE rows whose weights are a few words of constants, in the same LUTs.
//
// Function  w = word addr of WEIGHTS. For every row p, with b = bits[p*(N1+N2)+:N1+N2]: the ones in
//           b[N1-1:0], plus twice the ones in the rest, = number of i with x[i] == w[p*SIMD+i].
// Order     WEIGHTS: word 0 lowest; in a word column 0 of row 0 lowest, columns fastest.
// Structure DEPTH <= 4:  a LUT site has two address bits and three columns: it holds their weights,
//                        compares and counts; a third of a site per lane.
//           DEPTH <= 16: a site has four address bits and one column of two rows: their two matches;
//                        half a site per lane (N2 = 0).
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_match_rom #(
  parameter int SIMD      = 16,
  parameter int PE        = 2,
  parameter int DEPTH     = 16,  // 2 to 16 words
  parameter     WEIGHTS   = 1'b0,
  parameter int PRIM      = 0,
  localparam int ADDR_W   = $clog2(DEPTH),
  localparam int COUNTED  = DEPTH <= 4 ? 1 : 0,
  localparam int N1       = COUNTED != 0 ? (SIMD + 2) / 3 : SIMD,
  localparam int N2       = COUNTED != 0 ? (SIMD + 1) / 3 : 0
) (
  input  wire logic [ADDR_W-1:0]       addr,
  input  wire logic [SIMD-1:0]         x,
  output      logic [PE*(N1+N2)-1:0]   bits
);
  localparam int LANES = PE * SIMD;
  localparam logic [DEPTH*LANES-1:0] ROM = WEIGHTS;

  // whether column i of row p matches x at an address; beyond the last row, column or word: never
  function automatic logic equal(input int p, input int i, input int at, input logic bit_x);
    int there;
    there = (p < PE && i < SIMD && at < DEPTH) ? 1 : 0;
    return there != 0 && ROM[there*(at*LANES+p*SIMD+i)] == bit_x;
  endfunction

  // two rows, one column: input {x, addr[3:0]}
  function automatic logic [63:0] two_rows(input int p, input int i);
    int k;
    logic [63:0] t;
    for (k = 0; k < 32; k = k + 1) begin
      t[k]    = equal(p, i, k % 16, k / 16 == 1);
      t[32+k] = equal(p + 1, i, k % 16, k / 16 == 1);
    end
    return t;
  endfunction

  // one row, up to three columns: input {addr[1:0], x[2:0]}
  function automatic logic [63:0] three_columns(input int p, input int i);
    int k, j;
    logic [63:0] t;
    int n;
    for (k = 0; k < 32; k = k + 1) begin
      n = 0;
      for (j = 0; j < 3; j = j + 1)
        if (equal(p, i + j, k / 8, ((k >> j) & 1) == 1)) n = n + 1;
      t[k]    = n >= 2;
      t[32+k] = n % 2 == 1;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    (* ram_style = "registers", rom_style = "distributed" *) logic [LANES-1:0] rom [0:DEPTH-1];
    logic [LANES-1:0] w, same;
    initial for (int i = 0; i < DEPTH; i = i + 1) rom[i] = ROM[i*LANES+:LANES];
    assign w    = rom[addr];
    assign same = ~(w ^ {PE{x}});
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_row
      if (COUNTED != 0) begin : gen_count
        for (genvar i = 0; i < N1; i = i + 1) begin : gen_triple
          logic [2:0] a;
          for (genvar j = 0; j < 3; j = j + 1) begin : gen_column
            if (3 * i + j < SIMD) begin : gen_lane
              assign a[j] = same[p*SIMD+3*i+j];
            end else begin : gen_none
              assign a[j] = 1'b0;
            end
          end
          assign bits[p*(N1+N2)+i] = ^a;
          if (i < N2) begin : gen_two
            assign bits[p*(N1+N2)+N1+i] = (a[0] & a[1]) | (a[0] & a[2]) | (a[1] & a[2]);
          end
        end
      end else begin : gen_match
        assign bits[p*SIMD+:SIMD] = same[p*SIMD+:SIMD];
      end
    end
  end else if (COUNTED != 0) begin : gen_three
    logic [1:0] at;
    assign at = 2'(addr);
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_row
      for (genvar i = 0; i < N1; i = i + 1) begin : gen_triple
        logic [2:0] a;
        logic       one, two;
        for (genvar j = 0; j < 3; j = j + 1) begin : gen_column
          if (3 * i + j < SIMD) begin : gen_lane
            assign a[j] = x[3*i+j];
          end else begin : gen_none
            assign a[j] = 1'b0;
          end
        end
        bnn_lut6_2 #(.INIT(three_columns(p, 3 * i)), .PRIM(PRIM)) u_lut (
          .i({1'b1, at, a}), .o5(two), .o6(one)
        );
        assign bits[p*(N1+N2)+i] = one;
        if (i < N2) begin : gen_two
          assign bits[p*(N1+N2)+N1+i] = two;
        end else begin : gen_no_two
          logic unused;
          assign unused = two;
        end
      end
    end
  end else begin : gen_two
    logic [3:0] at;
    assign at = 4'(addr);
    for (genvar p = 0; p < PE; p = p + 2) begin : gen_rows
      for (genvar i = 0; i < SIMD; i = i + 1) begin : gen_column
        logic upper;
        bnn_lut6_2 #(.INIT(two_rows(p, i)), .PRIM(PRIM)) u_lut (
          .i({1'b1, x[i], at}), .o5(bits[p*SIMD+i]), .o6(upper)
        );
        if (p + 1 < PE) begin : gen_upper
          assign bits[(p+1)*SIMD+i] = upper;
        end else begin : gen_no_upper
          logic unused;
          assign unused = upper;
        end
      end
    end
  end
endmodule
`default_nettype wire
