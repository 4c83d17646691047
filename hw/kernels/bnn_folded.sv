// SPDX-License-Identifier: Apache-2.0
// bnn_folded - the rows of bnn_mvu that take more than one word of weights: match, add, threshold.
//
// Function  addr, its x one clk later, sum_valid and sum_last of that beat PIPE clk after x:
//           acc (RAW = 1) has the matches of PE rows, or y their thresholded bits one clk later, after
//           the beat with sum_last.
// Structure up to 16 words: bnn_match_rom, in the LUTs that compare. More: bnn_rom and bnn_match. Then
//           one bnn_heap and one adder per row, and bnn_threshold for all.
// Order, PRIM see bnn_mvu, whose parameters these are.
`default_nettype none
module bnn_folded #(
  parameter int MW           = 64,
  parameter int MH           = 16,
  parameter int SIMD         = 16,
  parameter int PE           = 4,
  parameter int RAW          = 0,
  parameter     WEIGHTS      = 1'b0,
  parameter     WEIGHTS_FILE = "",
  parameter     THRESHOLDS   = 1'b0,
  parameter int ROM_BLOCK    = 0,
  parameter int PIPE         = 1,
  parameter int PRIM         = 0,
  localparam int ACC_W       = $clog2(MW + 1),
  localparam int FOLD_C      = MW / SIMD,
  localparam int FOLD_R      = MH / PE,
  localparam int FOLD        = FOLD_C * FOLD_R,
  localparam int ADDR_W      = $clog2(FOLD)
) (
  input  wire logic                clk,
  input  wire logic                rst,
  input  wire logic                en,
  input  wire logic [SIMD-1:0]     x,
  input  wire logic [ADDR_W-1:0]   addr,
  input  wire logic                sum_valid,
  input  wire logic                sum_last,
  output      logic [PE*ACC_W-1:0] acc,
  output      logic [PE-1:0]       y
);
  // THRESHOLDS as they are added: a word has {sense of all PE, minus thr of all PE}
  localparam int FIELD_W = 1 + ACC_W;
  function automatic logic [FOLD_R*PE*(FIELD_W+1)-1:0] from_thresholds();
    logic [FOLD_R*PE*(FIELD_W+1)-1:0] t;
    logic [FOLD_R*PE*FIELD_W-1:0]     given;
    int r, p, at;
    given = (FOLD_R*PE*FIELD_W)'(THRESHOLDS);
    for (r = 0; r < FOLD_R; r = r + 1)
      for (p = 0; p < PE; p = p + 1) begin
        at = r * PE * (FIELD_W + 1);
        t[at+p*FIELD_W+:FIELD_W] = -{1'b0, given[(r*PE+p)*FIELD_W+:ACC_W]};
        t[at+PE*FIELD_W+p]       = given[(r*PE+p)*FIELD_W+ACC_W];
      end
    return t;
  endfunction

  // An accumulator starts from minus the threshold, whose sign then is the result, where the adder
  // has room for that: behind a heap of one number, which few columns leave. Fewer than nine words
  // of thresholds are smaller in the LUTs that compare.
  localparam int FROM_THR = RAW == 0 && FOLD_C > 1 && SIMD <= 7 && FOLD_R > 8 ? 1 : 0;
  localparam int A_W      = ACC_W + FROM_THR;
  localparam int ROWS     = FOLD_C == 1 ? 3 : FROM_THR != 0 ? 1 : 2;  // numbers that leave a heap
  localparam int SUM_W    = $clog2(SIMD + 1);
  localparam int ROW_W    = FOLD_R > 1 ? $clog2(FOLD_R) : 1;
  localparam int IN_ROM = FOLD <= 16 && ROM_BLOCK == 0 ? 1 : 0;
  localparam int N2 = IN_ROM == 0 ? SIMD / 2 : FOLD <= 4 ? (SIMD + 1) / 3 : 0;
  localparam int N1 = IN_ROM == 0 ? (N2 + 3) / 4 + SIMD % 2 : FOLD <= 4 ? (SIMD + 2) / 3 : SIMD;
  logic [PE*(N1+N2)-1:0] bits;  // per row, their sum is the matches of x
  logic [PE*A_W-1:0]     sum_q, init;
  if (IN_ROM != 0) begin : gen_match_rom
    logic [ADDR_W-1:0] at_q;
    always_ff @(posedge clk) if (en) at_q <= addr;
    bnn_match_rom #(
      .SIMD(SIMD), .PE(PE), .DEPTH(FOLD), .WEIGHTS(WEIGHTS), .PRIM(PRIM)
    ) u_match_rom (.addr(at_q), .x(x), .bits);
  end else begin : gen_match
    logic [PE*SIMD-1:0] w_q;
    bnn_rom #(
      .W(PE * SIMD), .DEPTH(FOLD), .DATA(WEIGHTS), .FILE(WEIGHTS_FILE), .BLOCK(ROM_BLOCK),
      .PRIM(PRIM)
    ) u_weights (.clk, .en, .addr(addr), .data(w_q));
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      bnn_match #(.N(SIMD), .PRIM(PRIM)) u_match (
        .x(x), .w(w_q[p*SIMD+:SIMD]), .bits(bits[p*(N1+N2)+:N1+N2])
      );
    end
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    logic [ROWS*SUM_W-1:0] rows;
    logic [A_W-1:0]        sum;
    bnn_heap #(
      .N1(N1), .N2(N2), .OUT_W(SUM_W), .ROWS(ROWS), .PIPE(PIPE), .PRIM(PRIM)
    ) u_heap (.clk, .en, .bits(bits[p*(N1+N2)+:N1+N2]), .rows);
    if (FOLD_C == 1) begin : gen_whole
      bnn_add3 #(.W(A_W), .PRIM(PRIM)) u_add3 (
        .a(rows[0+:SUM_W]), .b(rows[SUM_W+:SUM_W]), .d(rows[2*SUM_W+:SUM_W]), .skip(1'b0), .sum
      );
      always_ff @(posedge clk) if (en) sum_q[p*A_W+:A_W] <= sum;
    end else begin : gen_part
      logic first_q;  // one per row: fan-out
      always_ff @(posedge clk) begin
        if (rst) first_q <= 1'b1;
        else if (en && sum_valid) first_q <= sum_last;
      end
      if (FROM_THR != 0) begin : gen_from_threshold
        bnn_add_init #(.W(A_W), .PRIM(PRIM)) u_add_init (
          .a(A_W'(rows)), .acc(sum_q[p*A_W+:A_W]), .init(init[p*A_W+:A_W]), .first(first_q), .sum
        );
      end else begin : gen_from_zero
        bnn_add3 #(.W(A_W), .PRIM(PRIM)) u_add3 (
          .a(A_W'(rows[0+:SUM_W])), .b(A_W'(rows[SUM_W+:SUM_W])), .d(sum_q[p*A_W+:A_W]),
          .skip(first_q), .sum
        );
      end
      always_ff @(posedge clk) if (en && sum_valid) sum_q[p*A_W+:A_W] <= sum;
    end
  end

  if (RAW != 0) begin : gen_raw
    assign y = '0;
  end else if (FROM_THR != 0) begin : gen_sign
    // the word of the next row is read while its predecessor is added up
    logic              starts_q;
    logic [ROW_W-1:0]  row_q;
    logic [PE*A_W-1:0] init_words;
    logic [PE-1:0]     sense, sense_q;
    bnn_rom #(
      .W(PE * (A_W + 1)), .DEPTH(FOLD_R), .DATA(from_thresholds()), .PRIM(PRIM)
    ) u_init (.clk, .en, .addr(row_q), .data({sense, init_words}));
    assign init = init_words;
    always_ff @(posedge clk) begin
      if (rst) starts_q <= 1'b1;
      else if (en && sum_valid) starts_q <= sum_last;
      if (rst) row_q <= '0;
      else if (en && sum_valid && starts_q)
        row_q <= row_q == ROW_W'(FOLD_R - 1) ? '0 : row_q + 1'b1;
      if (en && sum_valid && starts_q) sense_q <= sense;
      for (int p = 0; p < PE; p = p + 1)
        if (en) y[p] <= !sum_q[p*A_W+ACC_W] ^ sense_q[p];
    end
  end else begin : gen_threshold
    logic [ROW_W-1:0] row_q;  // of thresholds, for the rows that become complete at the next clk
    logic [PE-1:0]    y_d;
    bnn_threshold #(
      .PE(PE), .W(ACC_W), .DEPTH(FOLD_R), .DATA(THRESHOLDS), .PRIM(PRIM)
    ) u_threshold (.clk, .en, .row(row_q), .a(sum_q), .y(y_d));
    always_ff @(posedge clk) begin
      if (en) y <= y_d;
      if (rst) row_q <= '0;
      else if (en && sum_valid && sum_last)
        row_q <= row_q == ROW_W'(FOLD_R - 1) ? '0 : row_q + 1'b1;
    end
  end
  if (FROM_THR == 0) begin : gen_no_init
    assign init = '0;
    logic unused;
    assign unused = &{1'b0, init};
  end
  assign acc = RAW != 0 ? (PE*ACC_W)'(sum_q) : '0;
endmodule
`default_nettype wire
