// SPDX-License-Identifier: Apache-2.0
// bnn_carry - the carry chain of one or more 7-series slices.
//
// Function  carry into position 0 is cin; out of position i: s[i] ? carry in : di[i].
//           o[i] = s[i] ^ carry into i, co[i] = carry out of i.
// PRIM      0: plain RTL. Otherwise: CARRY4 (UG953), four positions each.
`default_nettype none
module bnn_carry #(
  parameter int SLICES = 1,
  parameter int PRIM   = 0,
  localparam int N     = 4 * SLICES
) (
  input  wire logic         cin,
  input  wire logic [N-1:0] s,
  input  wire logic [N-1:0] di,
  output      logic [N-1:0] o,
  output      logic [N-1:0] co
);
  if (PRIM == 0) begin : gen_plain
    logic [N:0] c;
    assign c[0] = cin;
    for (genvar i = 0; i < N; i = i + 1) begin : gen_bit
      assign c[i+1] = s[i] ? c[i] : di[i];
    end
    assign o  = s ^ c[N-1:0];
    assign co = c[N:1];
  end else begin : gen_carry4
    for (genvar i = 0; i < SLICES; i = i + 1) begin : gen_slice
      logic [3:0] c;  // by itself: a part of co that feeds another part looks like a loop to Verilator
      if (i == 0) begin : gen_first
        CARRY4 u_carry (
          .CI(1'b0), .CYINIT(cin), .S(s[3:0]), .DI(di[3:0]), .O(o[3:0]), .CO(c)
        );
      end else begin : gen_next
        CARRY4 u_carry (
          .CI(gen_slice[i-1].c[3]), .CYINIT(1'b0),
          .S(s[4*i+:4]), .DI(di[4*i+:4]), .O(o[4*i+:4]), .CO(c)
        );
      end
      assign co[4*i+:4] = c;
    end
  end
endmodule
`default_nettype wire
