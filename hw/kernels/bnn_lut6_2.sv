// SPDX-License-Identifier: Apache-2.0
// bnn_lut6_2 - one LUT site of a 7-series slice: two functions of the same five bits, or one of six.
//
// Function  o6 = INIT[i], o5 = INIT[i[4:0]]: the two outputs of AMD's LUT6_2 (UG953).
//           With SIX = 0, i[5] must be 1: o6 is INIT[63:32] and o5 is INIT[31:0] of i[4:0].
// PRIM      0: plain RTL. 1: LUT6_2. 2: a LUT5 per output (SIX = 1: a LUT6 and a LUT5), for tools
//           without LUT6_2; both in one site where the packer sees that they share their inputs.
`default_nettype none
module bnn_lut6_2 #(
  parameter logic [63:0] INIT = 64'd0,
  parameter int          SIX  = 0,
  parameter int          PRIM = 0
) (
  input  wire logic [5:0] i,
  output      logic       o5,
  output      logic       o6
);
  if (PRIM == 0) begin : gen_plain
    assign o5 = INIT[{1'b0, i[4:0]}];
    assign o6 = INIT[i];
  end else if (PRIM == 1) begin : gen_lut6_2
    LUT6_2 #(.INIT(INIT)) u_lut (
      .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]), .I4(i[4]), .I5(i[5]), .O5(o5), .O6(o6)
    );
  end else begin : gen_apart
    LUT5 #(.INIT(INIT[31:0])) u_o5 (
      .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]), .I4(i[4]), .O(o5)
    );
    if (SIX != 0) begin : gen_six
      LUT6 #(.INIT(INIT)) u_o6 (
        .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]), .I4(i[4]), .I5(i[5]), .O(o6)
      );
    end else begin : gen_five
      logic unused;
      assign unused = i[5];
      LUT5 #(.INIT(INIT[63:32])) u_o6 (
        .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]), .I4(i[4]), .O(o6)
      );
    end
  end
endmodule
`default_nettype wire
