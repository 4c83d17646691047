// SPDX-License-Identifier: Apache-2.0
// bnn_count6 - number of ones among six bits, as three bits (a 6:3 compressor).
//
// Function  c = a[0] + ... + a[5], 0 <= c <= 6.
// Why       six inputs and three outputs are three 6-input LUTs in one level: one bit less to add
//           per LUT, as good as a carry chain and with no chain to place.
`default_nettype none
module bnn_count6 (
  input  wire logic [5:0] a,
  output      logic [2:0] c
);
  logic s0, s1, m0, m1, t;
  assign s0   = a[0] ^ a[1] ^ a[2];
  assign m0   = (a[0] & a[1]) | (a[0] & a[2]) | (a[1] & a[2]);
  assign s1   = a[3] ^ a[4] ^ a[5];
  assign m1   = (a[3] & a[4]) | (a[3] & a[5]) | (a[4] & a[5]);
  assign t    = s0 & s1;
  assign c[0] = s0 ^ s1;
  assign c[1] = m0 ^ m1 ^ t;
  assign c[2] = (m0 & m1) | (m0 & t) | (m1 & t);
endmodule
`default_nettype wire
