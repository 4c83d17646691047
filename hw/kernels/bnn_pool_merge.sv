// SPDX-License-Identifier: Apache-2.0
// bnn_pool_merge - one pixel for each G adjacent ones: maximum or sum, channel by channel.
//
// Function  y[o][c] = maximum (MODE 0) or sum (MODE 1) of x[o*G+g][c], g < G; of bits (IN_W = 1, MODE 0)
//           an OR, or an AND for the channels that AND_MASK names.
// Order     OUT_M * G pixels, the first lowest, C channels each.
// Structure a tree: two numbers a node for a maximum, three, in one site per bit, for a sum.
// Timing    a register behind each round of the tree, merge_clk() of bnn_pool_ref.py, while en = 1; bits
//           are not registered.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_pool_merge #(
  parameter int OUT_M     = 1,
  parameter int G         = 2,
  parameter int C         = 4,
  parameter int IN_W      = 1,
  parameter int IN_SIGNED = 0,
  parameter int MODE      = 0,
  parameter int OUT_W     = 1,
  parameter     AND_MASK  = 1'b0,
  parameter int PRIM      = 0
) (
  input  wire logic                      clk,
  input  wire logic                      rst,
  input  wire logic                      en,
  input  wire logic [OUT_M*G*C*IN_W-1:0] x,
  input  wire logic                      x_valid,
  output      logic [OUT_M*C*OUT_W-1:0]  y,
  output      logic                      y_valid
);
  localparam int FAN = MODE != 0 ? 3 : 2;

  // Pixels left of G after so many rounds, bits of their numbers, and rounds until one is left.
  function automatic int left(input int round);
    int i;
    begin
      left = G;
      for (i = 0; i < round; i = i + 1) left = (left + FAN - 1) / FAN;
    end
  endfunction
  function automatic int width(input int round);
    int i, pixels;
    begin
      pixels = 1;
      for (i = 0; i < round; i = i + 1) pixels = pixels * FAN > G ? G : pixels * FAN;
      width = round == 0 || IN_W + $clog2(pixels) < OUT_W ? IN_W + $clog2(pixels) : OUT_W;
    end
  endfunction
  function automatic int rounds();
    int i;
    begin
      rounds = 0;
      for (i = 0; i < 16; i = i + 1) if (left(i) > 1) rounds = i + 1;
    end
  endfunction

  if (IN_W == 1 && MODE == 0) begin : gen_bits
    localparam logic [C-1:0] AND = C'(AND_MASK);
    assign y_valid = x_valid;
    for (genvar i = 0; i < OUT_M * C; i = i + 1) begin : gen_bit
      logic [G-1:0] bits;
      for (genvar g = 0; g < G; g = g + 1) begin : gen_pixel
        assign bits[g] = x[(i/C*G+g)*C+i%C];
      end
      assign y[i] = AND[i%C] ? &bits : |bits;
    end
    logic unused;
    assign unused = &{1'b0, clk, rst, en};
  end else begin : gen_numbers
    localparam int ROUNDS = rounds();
    for (genvar r = 0; r <= ROUNDS; r = r + 1) begin : gen_round
      localparam int N = left(r);
      localparam int W = width(r);
      logic [OUT_M*N*C*W-1:0] pixels;
      logic                   valid;
      if (r == 0) begin : gen_given
        assign pixels = x;
        assign valid  = x_valid;
      end else begin : gen_merged
        localparam int FROM   = left(r - 1);
        localparam int FROM_W = width(r - 1);
        always_ff @(posedge clk) begin
          if (rst) valid <= 1'b0;
          else if (en) valid <= gen_round[r-1].valid;
        end
        for (genvar i = 0; i < OUT_M * N * C; i = i + 1) begin : gen_number
          localparam int PIXEL = i / C % N * FAN;
          localparam int GIVEN = FROM - PIXEL < FAN ? FROM - PIXEL : FAN;
          logic [GIVEN*W-1:0] from;
          logic [W-1:0]       to;
          for (genvar k = 0; k < GIVEN; k = k + 1) begin : gen_from
            localparam int AT = (i / C / N * FROM + PIXEL + k) * C + i % C;
            logic [FROM_W-1:0] one;
            assign one = gen_round[r-1].pixels[AT*FROM_W+:FROM_W];
            if (IN_SIGNED != 0) begin : gen_signed
              assign from[k*W+:W] = W'($signed(one));
            end else begin : gen_unsigned
              assign from[k*W+:W] = W'(one);
            end
          end
          if (GIVEN == 1) begin : gen_alone
            assign to = from;
          end else if (MODE == 0) begin : gen_maximum
            bnn_pool_max #(.W(W), .SIGNED(IN_SIGNED), .PRIM(PRIM)) u_max (
              .a(from[W-1:0]), .b(from[2*W-1:W]), .y(to)
            );
          end else if (GIVEN == 2) begin : gen_sum2
            assign to = from[W-1:0] + from[2*W-1:W];
          end else begin : gen_sum3
            bnn_add3 #(.W(W), .PRIM(PRIM)) u_add (
              .a(from[W-1:0]), .b(from[2*W-1:W]), .d(from[3*W-1:2*W]), .skip(1'b0), .sum(to)
            );
          end
          always_ff @(posedge clk) if (en) pixels[i*W+:W] <= to;
        end
      end
    end
    assign y       = gen_round[ROUNDS].pixels;
    assign y_valid = gen_round[ROUNDS].valid;
  end
endmodule
`default_nettype wire
