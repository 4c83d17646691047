// SPDX-License-Identifier: Apache-2.0
// bnn_imvu_signs - the numbers that a row of bnn_imvu adds up where weights are bits.
//
// Function  per row, the sum of the N numbers is that of (w ? x : ~x) over SIMD columns, plus SIMD / 3
//           where SHARED is 1. A lone number (N = 1, terms T = 1) comes without its sign: it counts
//           inverted where keep is 0, in the LUTs of the adder behind.
// Structure SHARED = 0: a term is a column. SHARED = 1: a term is three columns. Of the eight sums
//           of +-x1 +-x2 +-x3 four are the others inverted, and all rows choose from the same four,
//           made once. S + 1 is kept instead of S, for ~(S + 1) = -3 - S + 1 has the same one too
//           much. The four are those with an even number of inversions, so that they share bit 0.
//           Terms are then added in pairs, their signs in the LUTs of the adder.
// Order     x: SIMD fields of XW bits, signed. w: PE fields of SIMD bits; SHARED = 1: for every three
//           columns {keep, choice of two bits} instead, see bnn_imvu.
// Timing    x: 1 clk before w. numbers: T = 1: with w; else 1 clk after w.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_imvu_signs #(
  parameter int SIMD   = 3,
  parameter int PE     = 16,
  parameter int XW     = 9,
  parameter int SHARED = 1,
  parameter int PRIM   = 0,
  localparam int N3 = SHARED != 0 ? SIMD / 3 : 0,
  localparam int T  = SIMD - 2 * N3,
  localparam int N  = (T + 1) / 2,
  localparam int TW = XW + (N3 > 0 ? 2 : 0),
  localparam int NW = TW + (T > 1 ? 1 : 0)
) (
  input  wire logic               clk,
  input  wire logic               en,
  input  wire logic [SIMD*XW-1:0] x,
  input  wire logic [PE*SIMD-1:0] w,
  output      logic [PE*N*NW-1:0] numbers,
  output      logic [PE-1:0]      keep
);
  // input {-, -, keep, v1, v0}: v1 and v0, inverted unless keep is 1
  function automatic logic [63:0] invert();
    logic [63:0] t;
    int i;
    for (i = 0; i < 32; i = i + 1) begin
      t[i]    = (i & 1) == ((i >> 2) & 1);
      t[32+i] = ((i >> 1) & 1) == ((i >> 2) & 1);
    end
    return t;
  endfunction

  for (genvar t = 0; t < N3; t = t + 1) begin : gen_three
    logic [4*TW-1:0] sums_q;
    for (genvar j = 0; j < 4; j = j + 1) begin : gen_sum
      // j = {w2, w1}; the third weight makes the number of inversions even
      localparam int INV = j == 3 ? 0 : j == 0 ? 3 : 7 - j;
      logic [TW-1:0] sum;
      bnn_imvu_add3 #(.W(TW), .INV(INV), .INC(1), .PRIM(PRIM)) u_sum (
        .a(TW'($signed(x[(3*t)*XW+:XW]))), .b(TW'($signed(x[(3*t+1)*XW+:XW]))),
        .d(TW'($signed(x[(3*t+2)*XW+:XW]))), .skip(1'b0), .sum
      );
      always_ff @(posedge clk) if (en) sums_q[j*TW+:TW] <= sum;
    end
    logic unused;
    assign unused = &{1'b0, sums_q[TW], sums_q[2*TW], sums_q[3*TW]};
  end
  for (genvar t = N3; t < T; t = t + 1) begin : gen_one
    logic [XW-1:0] x_q;
    always_ff @(posedge clk) if (en) x_q <= x[(2*N3+t)*XW+:XW];
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    logic [T*TW-1:0] v;
    logic [T-1:0]    k;
    for (genvar t = 0; t < T; t = t + 1) begin : gen_term
      if (t < N3) begin : gen_choice
        logic [1:0]    at;
        logic [TW-2:0] low, high;
        assign {k[t], at} = w[p*SIMD+3*t+:3];
        assign low  = at[0] ? gen_three[t].sums_q[TW+1+:TW-1] : gen_three[t].sums_q[1+:TW-1];
        assign high = at[0] ? gen_three[t].sums_q[3*TW+1+:TW-1]
                            : gen_three[t].sums_q[2*TW+1+:TW-1];
        assign v[t*TW+:TW] = {at[1] ? high : low, gen_three[t].sums_q[0]};
      end else begin : gen_column
        assign v[t*TW+:TW] = TW'($signed(gen_one[t].x_q));
        assign k[t]        = w[p*SIMD+2*N3+t];
      end
    end
    if (T == 1) begin : gen_alone
      assign numbers[p*NW+:NW] = v;
      assign keep[p]           = k[0];
    end else begin : gen_pairs
      assign keep[p] = 1'b1;
      for (genvar n = 0; n < N; n = n + 1) begin : gen_number
        logic [NW-1:0] sum, sum_q;
        if (2 * n + 1 < T) begin : gen_pair
          bnn_imvu_add2 #(.W(NW), .PRIM(PRIM)) u_pair (
            .a(NW'($signed(v[2*n*TW+:TW]))), .ka(k[2*n]),
            .b(NW'($signed(v[(2*n+1)*TW+:TW]))), .kb(k[2*n+1]), .skip(1'b0), .sum
          );
        end else begin : gen_last
          logic [TW-1:0] inverted;
          for (genvar b = 0; b < TW; b = b + 2) begin : gen_bits
            localparam int UP = b + 1 < TW ? b + 1 : b;
            logic upper;
            bnn_lut6_2 #(.INIT(invert()), .PRIM(PRIM)) u_lut (
              .i({3'b100, k[2*n], v[2*n*TW+UP], v[2*n*TW+b]}), .o5(inverted[b]), .o6(upper)
            );
            if (UP > b) begin : gen_upper
              assign inverted[UP] = upper;
            end else begin : gen_no_upper
              logic unused;
              assign unused = upper;
            end
          end
          assign sum = NW'($signed(inverted));
        end
        always_ff @(posedge clk) if (en) sum_q <= sum;
        assign numbers[(p*N+n)*NW+:NW] = sum_q;
      end
    end
  end
endmodule
`default_nettype wire
