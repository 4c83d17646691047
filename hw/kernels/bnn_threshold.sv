// SPDX-License-Identifier: Apache-2.0
// bnn_threshold - compares PE numbers with one threshold per row, out of a few words of thresholds.
//
// Function  y[p] = (a[p] >= thr) ^ sense, {sense, thr} = field p of the word row, one clk later: the
//           word is that of the last clk with en = 1, a is that of now.
// Order     DATA: word 0 lowest, in a word the fields of 1 + W bits from PE 0 on.
// Structure one word: constants, five bits of a number per LUT. More: carry logic, two bits per LUT
//           site; up to eight words live in the same LUTs (two bits, three of the address), a bnn_rom
//           holds more. sense costs a site where a row ever has it.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_threshold #(
  parameter int PE      = 4,
  parameter int W       = 8,   // bits of a number
  parameter int DEPTH   = 8,   // words
  parameter     DATA    = 1'b0,
  parameter int PRIM    = 0,
  localparam int ROW_W  = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  wire logic             clk,
  input  wire logic             en,
  input  wire logic [ROW_W-1:0] row,
  input  wire logic [PE*W-1:0]  a,
  output      logic [PE-1:0]    y
);
  localparam int FIELD = 1 + W;
  localparam int SITES = (W + 1) / 2;
  localparam int KEPT  = DEPTH <= 8 ? 1 : 0;  // thresholds in the comparing LUTs
  localparam logic [DEPTH*PE*FIELD-1:0] ROM = DATA;

  // bit b of field p in word `at`; 0 beyond the last word
  function automatic int field_bit(input int p, input int at, input int b);
    int there;
    there = at < DEPTH ? 1 : 0;
    return there != 0 && ROM[there*((at*PE+p)*FIELD+b)] ? 1 : 0;
  endfunction
  // site k, input {row[2:0], a[2k+1], a[2k]}: equal, greater
  function automatic logic [63:0] kept(input int p, input int k);
    int i;
    logic [63:0] t;
    int thr;
    for (i = 0; i < 32; i = i + 1) begin
      thr     = field_bit(p, i / 4, 2 * k);
      if (2 * k + 1 < W) thr = thr + 2 * field_bit(p, i / 4, 2 * k + 1);
      t[32+i] = i % 4 == thr;
      t[i]    = i % 4 > thr;
    end
    return t;
  endfunction
  function automatic logic [63:0] kept_sense(input int p);
    int i;
    logic [63:0] t;
    t = '0;
    for (i = 0; i < 32; i = i + 1) t[32+i] = field_bit(p, i / 4, W) != 0;
    return t;
  endfunction
  function automatic int any_sense(input int p);
    int at;
    int any;
    any = 0;
    for (at = 0; at < DEPTH; at = at + 1) any = any + field_bit(p, at, W);
    return any;
  endfunction

  if (DEPTH == 1) begin : gen_constant
    localparam int PARTS = (W + 4) / 5;
    logic unused;
    assign unused = &{1'b0, clk, en, row};
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      localparam logic [5*PARTS-1:0] THR = (5*PARTS)'(ROM[p*FIELD+:W]);
      logic [5*PARTS-1:0] ap;
      logic [PARTS:0]     reached;  // by the parts below
      assign ap         = (5*PARTS)'(a[p*W+:W]);
      assign reached[0] = 1'b1;
      for (genvar i = 0; i < PARTS; i = i + 1) begin : gen_part
        logic more, same;
        assign same         = ap[5*i+:5] == THR[5*i+:5];
        // a bit wider, or lint complains where a part of THR is 31
        assign more         = {1'b0, ap[5*i+:5]} > {1'b0, THR[5*i+:5]};
        assign reached[i+1] = more || (same && reached[i]);
      end
      assign y[p] = reached[PARTS] ^ ROM[p*FIELD+W];
    end
  end else begin : gen_words
    logic [PE*FIELD-1:0] thr;
    logic [2:0]          at;
    logic                unused;
    assign unused = &{1'b0, thr, at};  // each only in some of the cases below
    if (KEPT != 0) begin : gen_kept
      logic [ROW_W-1:0] row_q;
      always_ff @(posedge clk) if (en) row_q <= row;
      assign at = 3'(row_q);
      if (PRIM == 0) begin : gen_plain
        (* ram_style = "registers", rom_style = "distributed" *)
        logic [PE*FIELD-1:0] rom [0:DEPTH-1];
        initial for (int i = 0; i < DEPTH; i = i + 1) rom[i] = ROM[i*PE*FIELD+:PE*FIELD];
        assign thr = rom[row_q];
      end else begin : gen_lut
        assign thr = '0;
      end
    end else begin : gen_rom
      assign at = '0;
      bnn_rom #(.W(PE * FIELD), .DEPTH(DEPTH), .DATA(DATA), .PRIM(PRIM)) u_rom (
        .clk, .en, .addr(row), .data(thr)
      );
    end
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      if (KEPT == 0 || PRIM == 0) begin : gen_given
        logic reached;
        bnn_reached #(.W(W), .PRIM(PRIM)) u_reached (
          .a(a[p*W+:W]), .b(thr[p*FIELD+:W]), .reached
        );
        assign y[p] = reached ^ thr[p*FIELD+W];
      end else begin : gen_kept_here
        localparam int SENSE = any_sense(p) != 0 ? 1 : 0;
        localparam int N     = SITES + SENSE;
        logic [2*SITES-1:0] ap;
        localparam int SLICES = (N + 3) / 4;
        logic [N-1:0]        s, di;
        logic [4*SLICES-1:0] o, co;
        assign ap = (2*SITES)'(a[p*W+:W]);
        for (genvar k = 0; k < SITES; k = k + 1) begin : gen_site
          bnn_lut6_2 #(.INIT(kept(p, k)), .PRIM(PRIM)) u_lut (
            .i({1'b1, at, ap[2*k+:2]}), .o5(di[k]), .o6(s[k])
          );
        end
        bnn_carry #(.SLICES(SLICES), .PRIM(PRIM)) u_carry (
          .cin(1'b1), .s((4*SLICES)'(s)), .di((4*SLICES)'(di)), .o, .co
        );
        if (SENSE == 0) begin : gen_out
          assign y[p] = co[N-1];
        end else begin : gen_sense
          logic unused_o5;
          bnn_lut6_2 #(.INIT(kept_sense(p)), .PRIM(PRIM)) u_lut (
            .i({1'b1, at, 2'b00}), .o5(unused_o5), .o6(s[N-1])
          );
          assign di[N-1] = 1'b0;
          assign y[p]    = o[N-1];
        end
        logic unused_out;
        assign unused_out = &{1'b0, o, co};
      end
    end
  end
endmodule
`default_nettype wire
