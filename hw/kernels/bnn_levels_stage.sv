// SPDX-License-Identifier: Apache-2.0
// bnn_levels_stage - one comparison of one lane of bnn_levels, and the memory of its thresholds.
//
// Function  hit[i] = threshold i of word addr(t) <= x(t), one clk with en later; x_q is x then. Both are
//           unsigned once a signed x has its sign inverted; flip = 1 compares ~x. flip is in time with x_q.
// Order     DATA, or the stage's file, word 0 lowest: PE fields of T thresholds of IN_W + BEYOND bits,
//           of which field LANE is ours. A threshold of 2^IN_W, with BEYOND = 1, is reached by no x.
// Structure as bnn_reached: two bits of x and of a threshold per LUT site, which has a fifth input for
//           flip and inverts the sign for nothing.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_levels_stage #(
  parameter int IN_W      = 8,
  parameter int IN_SIGNED = 0,
  parameter int BEYOND    = 0,
  parameter int T         = 1,  // thresholds
  parameter int DEPTH     = 4,
  parameter int PE        = 1,
  parameter int LANE      = 0,
  parameter     DATA      = 1'b0,
  parameter int BLOCK     = 0,
  parameter int STAGE     = 0,  // which file, where BLOCK = 1
  parameter     FILE_0    = "",
  parameter     FILE_1    = "",
  parameter     FILE_2    = "",
  parameter     FILE_3    = "",
  parameter     FILE_4    = "",
  parameter     FILE_5    = "",
  parameter     FILE_6    = "",
  parameter     FILE_7    = "",
  parameter int PRIM      = 0,
  localparam int ADDR_W   = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  wire logic              clk,
  input  wire logic              en,
  input  wire logic [ADDR_W-1:0] addr,
  input  wire logic [IN_W-1:0]   x,
  input  wire logic              flip,
  output      logic [IN_W-1:0]   x_q,
  output      logic [T-1:0]      hit
);
  localparam int W     = IN_W + BEYOND;
  localparam int SITES = (W + 1) / 2;
  localparam logic [2*SITES-1:0] SIGN = IN_SIGNED != 0 ? (2*SITES)'(1) << (IN_W - 1) : '0;
  localparam logic [2*SITES-1:0] OF_X = (2*SITES)'({IN_W{1'b1}});

  function automatic logic [DEPTH*T*W-1:0] ours();
    int i;
    logic [DEPTH*PE*T*W-1:0] all;
    logic [DEPTH*T*W-1:0]    t;
    all = (DEPTH*PE*T*W)'(DATA);
    for (i = 0; i < DEPTH; i = i + 1) t[i*T*W+:T*W] = all[(i*PE+LANE)*T*W+:T*W];
    return t;
  endfunction
  // input {flip, t[2k+1:2k], x[2k+1:2k]}: equal, greater
  function automatic logic [63:0] init(input int k);
    int i;
    logic [63:0] t;
    logic [1:0]  a, b;
    for (i = 0; i < 32; i = i + 1) begin
      a = 2'(i) ^ SIGN[2*k+:2] ^ (i >= 16 ? OF_X[2*k+:2] : 2'b00);
      b = 2'(i / 4);
      t[32+i] = a == b;
      t[i]    = a > b;
    end
    return t;
  endfunction

  logic [T*W-1:0] thr;
  always_ff @(posedge clk) if (en) x_q <= x;

  if (BLOCK != 0) begin : gen_block
    logic [PE*T*W-1:0] word;
    // chosen by instances: tools take a file's name as a string only as long as it is a parameter
    if (STAGE == 0) begin : gen_0
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_0), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end else if (STAGE == 1) begin : gen_1
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_1), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end else if (STAGE == 2) begin : gen_2
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_2), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end else if (STAGE == 3) begin : gen_3
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_3), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end else if (STAGE == 4) begin : gen_4
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_4), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end else if (STAGE == 5) begin : gen_5
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_5), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end else if (STAGE == 6) begin : gen_6
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_6), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end else begin : gen_7
      bnn_rom #(.W(PE*T*W), .DEPTH(DEPTH), .FILE(FILE_7), .BLOCK(1)) u_rom (.clk, .en, .addr, .data(word));
    end
    assign thr = word[LANE*T*W+:T*W];
    logic unused;
    assign unused = &{1'b0, word};  // the fields of the other lanes
  end else begin : gen_luts
    bnn_rom #(.W(T * W), .DEPTH(DEPTH), .DATA(ours()), .PRIM(PRIM)) u_thresholds (
      .clk, .en, .addr, .data(thr)
    );
  end

  for (genvar i = 0; i < T; i = i + 1) begin : gen_threshold
    if (PRIM == 0) begin : gen_plain
      logic [IN_W-1:0] turned;
      assign turned = x_q ^ SIGN[IN_W-1:0] ^ {IN_W{flip}};
      assign hit[i] = W'(turned) >= thr[i*W+:W];
    end else begin : gen_carry
      localparam int SLICES = (SITES + 3) / 4;
      logic [2*SITES-1:0]  a, b;
      logic [SITES-1:0]    s, di;
      logic [4*SLICES-1:0] o, co;
      assign a = (2*SITES)'(x_q);
      assign b = (2*SITES)'(thr[i*W+:W]);
      for (genvar k = 0; k < SITES; k = k + 1) begin : gen_site
        bnn_lut6_2 #(.INIT(init(k)), .PRIM(PRIM)) u_lut (
          .i({1'b1, flip, b[2*k+:2], a[2*k+:2]}), .o5(di[k]), .o6(s[k])
        );
      end
      bnn_carry #(.SLICES(SLICES), .PRIM(PRIM)) u_carry (
        .cin(1'b1), .s((4*SLICES)'(s)), .di((4*SLICES)'(di)), .o, .co
      );
      assign hit[i] = co[SITES-1];
      logic unused;
      assign unused = &{1'b0, o, co};
    end
  end
endmodule
`default_nettype wire
