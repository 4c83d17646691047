// SPDX-License-Identifier: Apache-2.0
// bnn_match - XNOR of two vectors, as bits that add up to the number of matches.
//
// Function  ones in bits[N1-1:0], plus twice the ones in the rest, = number of i with x[i] == w[i].
// Structure chains of up to CHAIN bnn_match2, two pairs each, hand a running bit on: half a LUT site
//           per pair leaves N / 2 bits of weight two and one of weight one per chain.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_match #(
  parameter int N       = 16,  // pairs
  parameter int CHAIN   = 4,   // LUT levels of a chain
  parameter int PRIM    = 0,
  localparam int N2     = N / 2,
  localparam int CHAINS = (N2 + CHAIN - 1) / CHAIN,
  localparam int N1     = CHAINS + N % 2
) (
  input  wire logic [N-1:0]     x,
  input  wire logic [N-1:0]     w,
  output      logic [N1+N2-1:0] bits
);
  for (genvar i = 0; i < N2; i = i + 1) begin : gen_pair
    logic [1:0] c;
    logic       s;
    if (i % CHAIN == 0) begin : gen_head
      assign s = 1'b0;
    end else begin : gen_link
      assign s = gen_pair[i-1].c[0];
    end
    bnn_match2 #(.PRIM(PRIM)) u_match2 (.x(x[2*i+:2]), .w(w[2*i+:2]), .s, .c);
    assign bits[N1+i] = c[1];
    if (i % CHAIN == CHAIN - 1 || i == N2 - 1) begin : gen_tail
      assign bits[i/CHAIN] = c[0];
    end
  end
  if (N % 2 != 0) begin : gen_single
    assign bits[CHAINS] = x[N-1] ~^ w[N-1];
  end
endmodule
`default_nettype wire
