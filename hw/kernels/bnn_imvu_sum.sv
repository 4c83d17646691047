// SPDX-License-Identifier: Apache-2.0
// bnn_imvu_sum - adds up the numbers of a row of bnn_imvu, beat by beat.
//
// Function  after a beat with valid: sum = numbers of this beat + (first ? START : sum), modulo
//           2 ** ACC_W. A lone number (N = 1) is inverted where keep is 0.
// Structure adders of three numbers, level by level, a register behind each; two numbers at most are
//           left for the accumulator's adder. valid, first and keep belong to what it adds.
// Timing    LEVELS + 1 clk from numbers to sum, moving while en is 1.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_imvu_sum #(
  parameter int               N     = 4,   // numbers
  parameter int               NW    = 16,  // their bits, signed
  parameter int               ACC_W = 20,
  parameter logic [ACC_W-1:0] START = '0,
  parameter int               PRIM  = 0
) (
  input  wire logic             clk,
  input  wire logic             en,
  input  wire logic [N*NW-1:0]  numbers,
  input  wire logic             keep,
  input  wire logic             valid,
  input  wire logic             first,
  output      logic [ACC_W-1:0] sum
);
  function automatic int count(input int l);
    int n, i;
    n = N;
    for (i = 0; i < l; i = i + 1) n = (n + 2) / 3;
    return n;
  endfunction
  function automatic int levels();
    int n, l;
    l = 0;
    for (n = N; n > 2; n = (n + 2) / 3) l = l + 1;
    return l;
  endfunction
  function automatic int width(input int l);
    return (l > 0 && NW + 2 * l > ACC_W) ? ACC_W : NW + 2 * l;
  endfunction
  localparam int LEVELS = levels();

  for (genvar l = 0; l <= LEVELS; l = l + 1) begin : gen_level
    localparam int LN = count(l);
    localparam int LW = width(l);
    logic [LN*LW-1:0] q;
    if (l == 0) begin : gen_given
      assign q = numbers;
    end else begin : gen_add
      localparam int BN = count(l - 1);
      localparam int BW = width(l - 1);
      for (genvar i = 0; i < LN; i = i + 1) begin : gen_number
        logic [LW-1:0] a, d;
        assign a = LW'($signed(gen_level[l-1].q[3*i*BW+:BW]));
        if (3 * i + 2 < BN) begin : gen_three
          bnn_imvu_add3 #(.W(LW), .PRIM(PRIM)) u_add3 (
            .a, .b(LW'($signed(gen_level[l-1].q[(3*i+1)*BW+:BW]))),
            .d(LW'($signed(gen_level[l-1].q[(3*i+2)*BW+:BW]))), .skip(1'b0), .sum(d)
          );
        end else if (3 * i + 1 < BN) begin : gen_two
          bnn_imvu_add2 #(.W(LW), .PRIM(PRIM)) u_add2 (
            .a, .ka(1'b1), .b(LW'($signed(gen_level[l-1].q[(3*i+1)*BW+:BW]))), .kb(1'b1),
            .skip(1'b0), .sum(d)
          );
        end else begin : gen_one
          assign d = a;
        end
        always_ff @(posedge clk) if (en) q[i*LW+:LW] <= d;
      end
    end
  end

  localparam int LW = width(LEVELS);
  logic [ACC_W-1:0] sum_d;
  if (count(LEVELS) == 1) begin : gen_one
    bnn_imvu_add2 #(.W(ACC_W), .START(START), .PRIM(PRIM)) u_add2 (
      .a(ACC_W'($signed(gen_level[LEVELS].q))), .ka(keep), .b(sum), .kb(1'b1), .skip(first),
      .sum(sum_d)
    );
  end else begin : gen_two
    bnn_imvu_add3 #(.W(ACC_W), .START(START), .PRIM(PRIM)) u_add3 (
      .a(ACC_W'($signed(gen_level[LEVELS].q[0+:LW]))),
      .b(ACC_W'($signed(gen_level[LEVELS].q[LW+:LW]))), .d(sum), .skip(first), .sum(sum_d)
    );
    logic unused;
    assign unused = keep;
  end
  always_ff @(posedge clk) if (en && valid) sum <= sum_d;
endmodule
`default_nettype wire
