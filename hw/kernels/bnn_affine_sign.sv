// SPDX-License-Identifier: Apache-2.0
// bnn_affine_sign - whether the sum of two signed numbers is negative: two bits of each per LUT site.
//
// Function  y = A + B >= 0, without overflow, A and B signed; one of them comes with its highest bit
//           inverted, a = A and b = B + 2 ** (W - 1) or the other way round.
// Structure with both highest bits inverted, each number is 2 ** (W - 1) too large, and y is the carry
//           out of their sum. Two columns either make a carry, or hand on the one from below (both
//           together are 3), or stop it.
// PRIM      see bnn_lut6_2 and bnn_carry.
`default_nettype none
module bnn_affine_sign #(
  parameter int W    = 8,
  parameter int PRIM = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic [W-1:0] b,
  output      logic         y
);
  localparam int SITES = (W + 1) / 2;
  logic [2*SITES-1:0] ap, bp;
  assign ap = (2*SITES)'(a) << (W % 2);  // an odd column is empty at the lower end
  assign bp = (2*SITES)'(b) << (W % 2);

  // input {b[2k+1:2k], a[2k+1:2k]}: hands on, makes; flip inverts a[2k+1]
  function automatic logic [63:0] table_of(input int flip);
    int i, n;
    logic [63:0] t;
    for (i = 0; i < 32; i = i + 1) begin
      n       = ((i ^ (2 * flip)) & 3) + (i >> 2) % 4;
      t[32+i] = n == 3;
      t[i]    = n > 3;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    logic [2*SITES:0] sum;
    assign sum = {1'b0, !ap[2*SITES-1], ap[2*SITES-2:0]} + {1'b0, bp};
    assign y   = sum[2*SITES];
    logic unused;
    assign unused = &{1'b0, sum};
  end else begin : gen_carry
    localparam int SLICES = (SITES + 3) / 4;
    logic [SITES-1:0]    s, di;
    logic [4*SLICES-1:0] o, co;
    for (genvar k = 0; k < SITES; k = k + 1) begin : gen_site
      bnn_lut6_2 #(.INIT(table_of(k == SITES - 1 ? 1 : 0)), .PRIM(PRIM)) u_lut (
        .i({2'b10, bp[2*k+:2], ap[2*k+:2]}), .o5(di[k]), .o6(s[k])
      );
    end
    bnn_carry #(.SLICES(SLICES), .PRIM(PRIM)) u_carry (
      .cin(1'b0), .s((4*SLICES)'(s)), .di((4*SLICES)'(di)), .o, .co
    );
    assign y = co[SITES-1];
    logic unused;
    assign unused = &{1'b0, o, co};
  end
endmodule
`default_nettype wire
