// SPDX-License-Identifier: Apache-2.0
// bnn_count7 - number of ones among seven bits, as three bits (a 7:3 counter).
//
// Function  c = a[0] + ... + a[6], 0 <= c <= 7.
// Why       two LUT sites and their carry logic take four bits off a sum; LUTs alone need four sites.
//           Site 0 adds a[5:0] to the carry-in a[6]: its sum is the parity of six bits, and where that
//           is 0, a[5] equals the parity of the other five, which is what the LUT's second output is.
//           Site 1 adds the twos of a[4:0]; what it carries is the four of the result.
//           (the (0,6) atom of T. Preusser, "Generic and Universal Parallel Matrix Summation with a
//           Flexible Compression Goal for Xilinx FPGAs", arXiv 1806.08095)
// EXIT      sum and carry of site 1 share one way out of the slice, unless a flip-flop takes the sum
//           inside. 0: registers follow directly. 1: none follow; the carry leaves by a third site.
// PRIM      0: plain RTL. 1: LUT6_2 and CARRY4. 2: LUT3 to LUT6 without carry logic (four sites),
//           for a packer that places short carry chains badly.
`default_nettype none
module bnn_count7 #(
  parameter int EXIT = 1,
  parameter int PRIM = 0
) (
  input  wire logic [6:0] a,
  output      logic [2:0] c
);
  // number of ones of a LUT input
  function automatic int ones(input int i, input int n);
    int b;
    int k;
    k = 0;
    for (b = 0; b < n; b = b + 1) k = k + ((i >> b) & 1);
    return k;
  endfunction

  // even and odd numbers of ones among six: the lower half is that of five
  function automatic logic [63:0] parity();
    int i;
    logic [63:0] t;
    for (i = 0; i < 64; i = i + 1) t[i] = ones(i, 6) % 2 == 1;
    return t;
  endfunction
  function automatic logic [63:0] twos();
    int i;
    logic [63:0] t;
    for (i = 0; i < 32; i = i + 1) begin
      t[32+i] = (ones(i, 5) / 2) % 2 == 1;
      t[i]    = ones(i, 5) >= 4;
    end
    return t;
  endfunction
  function automatic logic [63:0] bit1();  // input {m, s, a[3:0]}
    int i;
    logic [63:0] t;
    for (i = 0; i < 64; i = i + 1) t[i] = ((ones(i, 5) / 2 + i / 32) % 2) == 1;
    return t;
  endfunction
  function automatic logic [63:0] bit2();
    int i;
    logic [63:0] t;
    for (i = 0; i < 64; i = i + 1) t[i] = ones(i, 5) / 2 + i / 32 >= 2;
    return t;
  endfunction

  if (PRIM == 0) begin : gen_plain
    logic s0, s1, s2, m0, m1, m2;
    assign s0   = a[0] ^ a[1] ^ a[2];
    assign m0   = (a[0] & a[1]) | (a[0] & a[2]) | (a[1] & a[2]);
    assign s1   = a[3] ^ a[4] ^ a[5];
    assign m1   = (a[3] & a[4]) | (a[3] & a[5]) | (a[4] & a[5]);
    assign s2   = s0 ^ s1 ^ a[6];
    assign m2   = (s0 & s1) | (s0 & a[6]) | (s1 & a[6]);
    assign c[0] = s2;
    assign c[1] = m0 ^ m1 ^ m2;
    assign c[2] = (m0 & m1) | (m0 & m2) | (m1 & m2);
  end else if (PRIM == 1) begin : gen_carry
    logic [3:0] s, di, o, co;
    bnn_lut6_2 #(.INIT(parity()), .SIX(1), .PRIM(PRIM)) u_ones (.i(a[5:0]), .o5(di[0]), .o6(s[0]));
    bnn_lut6_2 #(.INIT(twos()), .PRIM(PRIM)) u_twos (.i({1'b1, a[4:0]}), .o5(di[1]), .o6(s[1]));
    bnn_carry #(.PRIM(PRIM)) u_carry (.cin(a[6]), .s, .di, .o, .co);
    assign s[3:2]  = 2'b00;
    assign di[3:2] = 2'b00;
    assign c[1:0]  = o[1:0];
    assign c[2]    = EXIT != 0 ? o[2] : co[1];
    logic unused;
    assign unused = &{1'b0, o[3:2], co};
  end else begin : gen_luts
    logic s, m;  // of a[6:4]
    bnn_count3 #(.PRIM(PRIM)) u_high (.a(a[6:4]), .c({m, s}));
    LUT5 #(.INIT(32'h96696996)) u_c0 (
      .I0(a[0]), .I1(a[1]), .I2(a[2]), .I3(a[3]), .I4(s), .O(c[0])
    );
    LUT6 #(.INIT(bit1())) u_c1 (
      .I0(a[0]), .I1(a[1]), .I2(a[2]), .I3(a[3]), .I4(s), .I5(m), .O(c[1])
    );
    LUT6 #(.INIT(bit2())) u_c2 (
      .I0(a[0]), .I1(a[1]), .I2(a[2]), .I3(a[3]), .I4(s), .I5(m), .O(c[2])
    );
  end
endmodule
`default_nettype wire
