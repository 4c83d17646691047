// SPDX-License-Identifier: Apache-2.0
// bnn_clamp - limits a signed number to LO .. HI.
//
// Function  y = LO where x < LO, HI where x > HI, else x, in OUT_W bits.
// Structure both comparisons are with constants: gates on the bits that matter, no carry chain. A
//           LUT site chooses two bits of y; where x and y are short, LUTs that compare and choose a
//           bit each are no more, and left to synthesis.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_clamp #(
  parameter int IN_W  = 12,  // x, signed
  parameter int OUT_W = 4,
  parameter int LO    = 0,
  parameter int HI    = 15,
  parameter int PRIM  = 0
) (
  input  wire logic [IN_W-1:0]  x,
  output      logic [OUT_W-1:0] y
);
  localparam int W      = (IN_W > 33 ? IN_W : 33) + 1;  // x, LO and HI + 1
  localparam int SITES  = (OUT_W + 1) / 2;
  localparam int CHOOSE = OUT_W <= 4 && IN_W <= OUT_W + 4 ? 0 : PRIM;
  // the sign bit inverted: the order of two's complement is that of unsigned numbers
  localparam logic [W-1:0] SIGN  = {1'b1, {(W - 1) {1'b0}}};
  localparam logic [W-1:0] LEAST = W'($signed(LO)) ^ SIGN;
  localparam logic [W-1:0] ABOVE = (W'($signed(HI)) + W'(1)) ^ SIGN;
  localparam logic [2*SITES-1:0] LO_BITS = (2*SITES)'($signed(LO));
  localparam logic [2*SITES-1:0] HI_BITS = (2*SITES)'($signed(HI));
  // two bits of y out of {above, below, x[1:0]}; the lower half of a LUT6_2 is the lower bit
  function automatic logic [63:0] choice(input int site);
    int i;
    logic [1:0]  q;
    logic [63:0] t;
    for (i = 0; i < 32; i = i + 1) begin
      q = 2'(i);
      if (i[2] == 1'b1) q = LO_BITS[2*site+:2];
      if (i[3] == 1'b1) q = HI_BITS[2*site+:2];
      t[i]    = q[0];
      t[32+i] = q[1];
    end
    return t;
  endfunction

  logic [W-1:0]       from_least;
  logic               least, above;  // x >= LO, x > HI
  logic               below;         // with LO = 0 nothing but the sign
  logic [2*SITES-1:0] xp, yp;
  assign from_least = W'($signed(x)) ^ SIGN;
  always_comb begin
    least = 1'b1;
    above = 1'b1;
    for (int i = 0; i < W; i = i + 1) begin
      least = LEAST[i] ? least && from_least[i] : least || from_least[i];
      above = ABOVE[i] ? above && from_least[i] : above || from_least[i];
    end
  end

  assign below = !least;
  assign xp = (2*SITES)'($signed(x));
  assign y  = yp[OUT_W-1:0];
  for (genvar i = 0; i < SITES; i = i + 1) begin : gen_site
    bnn_lut6_2 #(.INIT(choice(i)), .PRIM(CHOOSE)) u_lut (
      .i({2'b10, above, below, xp[2*i+:2]}), .o5(yp[2*i]), .o6(yp[2*i+1])
    );
  end
  if (2 * SITES > OUT_W) begin : gen_unused
    logic unused;
    assign unused = yp[OUT_W];
  end
endmodule
`default_nettype wire
