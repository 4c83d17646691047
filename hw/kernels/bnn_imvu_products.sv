// SPDX-License-Identifier: Apache-2.0
// bnn_imvu_products - the numbers that a row of bnn_imvu adds up where weights are integers.
//
// Function  per row, the sum of the N numbers is that of x * w over SIMD columns.
// Structure DSP = 1: a number is a product; operands and product are registers without reset, for a
//           DSP48. DSP = 0: two bits of the weight make a number, x gated by each of them, in the LUTs
//           of one adder; a weight has (W_W + 1) / 2 of them.
// Order     x: SIMD fields of XW bits, w: PE * SIMD fields of W_W bits, all signed.
// Timing    x: 1 clk before w. numbers: 1 clk after w.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_imvu_products #(
  parameter int SIMD = 4,
  parameter int PE   = 2,
  parameter int XW   = 9,
  parameter int W_W  = 8,
  parameter int NW   = 16,  // bits of a product, XW + W_W at most
  parameter int DSP  = 1,
  parameter int PRIM = 0,
  localparam int D = DSP != 0 ? 1 : (W_W + 1) / 2,
  localparam int N = SIMD * D
) (
  input  wire logic                   clk,
  input  wire logic                   en,
  input  wire logic [SIMD*XW-1:0]     x,
  input  wire logic [PE*SIMD*W_W-1:0] w,
  output      logic [PE*N*NW-1:0]     numbers
);
  logic [SIMD*XW-1:0] x_q;
  always_ff @(posedge clk) if (en) x_q <= x;

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    for (genvar c = 0; c < SIMD; c = c + 1) begin : gen_column
      logic signed [XW-1:0]  given;
      logic signed [W_W-1:0] weight;
      assign given  = x_q[c*XW+:XW];
      assign weight = w[(p*SIMD+c)*W_W+:W_W];
      if (DSP != 0) begin : gen_dsp
        logic signed [NW-1:0] product_q;
        always_ff @(posedge clk) if (en) product_q <= NW'(given) * NW'(weight);
        assign numbers[(p*N+c)*NW+:NW] = product_q;
      end else begin : gen_luts
        logic [2*D-1:0] bits;
        assign bits = (2*D)'(weight);
        for (genvar d = 0; d < D; d = d + 1) begin : gen_digit
          // the highest bit counts negative: minus it is all inverted, plus one
          localparam int TOP = d == D - 1 ? 1 : 0;
          localparam int SW  = NW - 2 * d < XW + 2 ? NW - 2 * d : XW + 2;
          logic [SW-1:0] sum, sum_q;
          bnn_imvu_add2 #(.W(SW), .GATE(1), .INV_B(TOP), .INC(TOP), .PRIM(PRIM)) u_digit (
            .a(SW'(given)), .ka(bits[2*d]), .b(SW'(given) << 1), .kb(bits[2*d+1]), .skip(1'b0), .sum
          );
          always_ff @(posedge clk) if (en) sum_q <= sum;
          assign numbers[(p*N+c*D+d)*NW+:NW] = NW'($signed(sum_q)) << (2 * d);
        end
      end
    end
  end
endmodule
`default_nettype wire
