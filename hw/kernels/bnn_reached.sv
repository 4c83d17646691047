// SPDX-License-Identifier: Apache-2.0
// bnn_reached - whether one number is at least another: two bits of each per LUT site.
//
// Function  reached = a >= b.
// Structure a carry chain from the lowest bits up: where two bits are equal the answer of those below
//           goes on, elsewhere it is whether a's are greater.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_reached #(
  parameter int W    = 8,
  parameter int PRIM = 0
) (
  input  wire logic [W-1:0] a,
  input  wire logic [W-1:0] b,
  output      logic         reached
);
  localparam int SITES = (W + 1) / 2;
  // input {b[2k+1:2k], a[2k+1:2k]}: equal, greater
  function automatic logic [63:0] init();
    logic [63:0] t;
    for (int i = 0; i < 32; i = i + 1) begin
      t[32+i] = i % 4 == (i / 4) % 4;
      t[i]    = i % 4 > (i / 4) % 4;
    end
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    assign reached = a >= b;
  end else begin : gen_carry
    logic [2*SITES-1:0] ap, bp;
    localparam int SLICES = (SITES + 3) / 4;
    logic [SITES-1:0]    s, di;
    logic [4*SLICES-1:0] o, co;
    assign ap = (2*SITES)'(a);
    assign bp = (2*SITES)'(b);
    for (genvar k = 0; k < SITES; k = k + 1) begin : gen_site
      bnn_lut6_2 #(.INIT(init()), .PRIM(PRIM)) u_lut (
        .i({2'b10, bp[2*k+:2], ap[2*k+:2]}), .o5(di[k]), .o6(s[k])
      );
    end
    bnn_carry #(.SLICES(SLICES), .PRIM(PRIM)) u_carry (
      .cin(1'b1), .s((4*SLICES)'(s)), .di((4*SLICES)'(di)), .o, .co
    );
    assign reached = co[SITES-1];
    logic unused;
    assign unused = &{1'b0, o, co};
  end
endmodule
`default_nettype wire
