// SPDX-License-Identifier: Apache-2.0
// bnn_levels - integers to codes by thresholds: any function that only rises, or only falls.
//
// Function  y = LO + number of j with x >= thr[cls][j][c], or x <= thr[cls][j][c] in a falling channel.
//           There are 2^K - 1 + TOP thresholds, in the order in which they are reached. cls is the
//           class of the pixel, see bnn_border.
// Spec      count_levels() in bnn_levels_ref.py; equal for every input.
// Order     PE channels per beat, channel 0 lowest; N / PE beats per pixel, ROWS * COLS pixels per frame,
//           counted from reset. FALLING: a bit per channel. Thresholds are stored unsigned (a signed
//           one with its sign inverted, a falling channel's complemented), in IN_W bits, or IN_W + 1
//           with BEYOND = 1, where some are reached by no x. stage_words() writes them, by stage.
// Structure a binary search of K stages, one bit of y each: stage s has 2^s words for each word of a
//           bnn_binarize; word {cls * N / PE + fold, bits found} has PE fields. With TOP = 1 stage 0 also
//           compares with the last threshold, and a field of it is {last, middle}: limits -2^n .. 2^n
//           take no stage of their own.
// Memory    THRESHOLDS, all stages below BLOCK_FROM, stage 0 lowest: LUTs. The others are in block
//           RAM, stage s from FILE_s ($readmemh); each lane keeps its field only.
// Timing    1 beat per clk; K + 1 clk from s_axis to m_axis.
// Limits    PE divides N; K is 1 .. 8; LO fits OUT_W < 31, else elaboration stops and says which.
`default_nettype none
module bnn_levels #(
  parameter int N          = 16,  // channels per pixel
  parameter int PE         = 4,   // channels per clk
  parameter int IN_W       = 8,
  parameter int IN_SIGNED  = 0,   // 1: x is two's complement
  parameter int K          = 3,
  parameter int TOP        = 0,   // 1: 2^K thresholds, not 2^K - 1
  parameter int BEYOND     = 0,   // 1: thresholds of IN_W + 1 bits
  parameter int LO         = 0,
  parameter int OUT_W      = 3,
  parameter     FALLING    = 1'b0,
  parameter     THRESHOLDS = 1'b0,
  parameter int BLOCK_FROM = 8,
  parameter     FILE_0     = "",
  parameter     FILE_1     = "",
  parameter     FILE_2     = "",
  parameter     FILE_3     = "",
  parameter     FILE_4     = "",
  parameter     FILE_5     = "",
  parameter     FILE_6     = "",
  parameter     FILE_7     = "",
  parameter int ROWS       = 1,   // of the map, if borders are classes of their own
  parameter int COLS       = 1,
  parameter int CLASSES_R  = 1,
  parameter int CLASSES_C  = 1,
  parameter     ROW_CLASS  = 1'b0,
  parameter     COL_CLASS  = 1'b0,
  parameter int PRIM       = 0    // see bnn_lut6_2
) (
  input  wire logic                clk,
  input  wire logic                rst,
  input  wire logic [PE*IN_W-1:0]  s_axis_tdata,
  input  wire logic                s_axis_tvalid,
  output      logic                s_axis_tready,
  output      logic [PE*OUT_W-1:0] m_axis_tdata,
  output      logic                m_axis_tvalid,
  input  wire logic                m_axis_tready
);
  localparam int FOLD   = N / PE;
  localparam int DEPTH  = FOLD * CLASSES_R * CLASSES_C;
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int FOLD_W = FOLD > 1 ? $clog2(FOLD) : 1;
  localparam int FIELD  = DEPTH * PE * (IN_W + BEYOND);  // bits of a threshold of every channel
  localparam int IN_LUT = BLOCK_FROM < K ? BLOCK_FROM : K;
  localparam int BITS   = IN_LUT > 0 ? FIELD * ((1 << IN_LUT) - 1 + TOP) : 1;
  localparam int LEAST  = LO < 0 ? -(1 << (OUT_W - 1)) : 0;
  localparam int MOST   = LEAST + (1 << OUT_W) - 1;
  localparam logic [BITS-1:0] ALL   = BITS'(THRESHOLDS);
  localparam logic [N-1:0]    FALLS = N'(FALLING);

  if (N % PE != 0 || K < 1 || K > 8 || OUT_W > 30 || LO < LEAST || LO > MOST) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_levels: PE=%0d must divide N=%0d; K=%0d must be 1 .. 8; LO=%0d must fit OUT_W=%0d",
             PE, N, K, LO, OUT_W);
  end

  // s_axis_tready, a register of the buffer at the end, is the enable of all that is in front of it
  logic              en;
  logic [ADDR_W-1:0] addr;
  logic [FOLD_W-1:0] fold;
  logic [K-1:0]      valid_q;
  assign en = s_axis_tready;
  bnn_border #(
    .FOLD(FOLD), .ROWS(ROWS), .COLS(COLS), .CLASSES_R(CLASSES_R), .CLASSES_C(CLASSES_C),
    .ROW_CLASS(ROW_CLASS), .COL_CLASS(COL_CLASS)
  ) u_border (.clk, .rst, .step(s_axis_tvalid && s_axis_tready), .addr, .fold);
  always_ff @(posedge clk) begin
    if (rst) valid_q <= '0;
    else if (en) valid_q <= K'({valid_q, s_axis_tvalid});
  end

  logic [PE-1:0] falls;  // in time with stage 0's x_q
  if (FALLS == '0 || FALLS == '1) begin : gen_one_way
    assign falls = {PE{FALLS[0]}};
    logic unused;
    assign unused = &{1'b0, fold};
  end else begin : gen_ways
    bnn_rom #(.W(PE), .DEPTH(FOLD), .DATA(FALLS), .PRIM(PRIM)) u_falling (
      .clk, .en, .addr(fold), .data(falls)
    );
  end

  // stage s is decided s + 1 clk after its beat came
  for (genvar s = 0; s < K; s = s + 1) begin : gen_stage
    localparam int T     = s == 0 ? 1 + TOP : 1;
    localparam int WORDS = DEPTH << s;
    localparam int A_W   = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam int BLOCK = s >= BLOCK_FROM ? 1 : 0;
    localparam int FROM  = s == 0 || BLOCK != 0 ? 0 : FIELD * ((1 << s) - 1 + TOP);
    localparam int SIZE  = BLOCK != 0 ? 1 : FIELD * (s == 0 ? T : 1 << s);
    logic [PE*IN_W-1:0]  x, x_q;
    logic [ADDR_W-1:0]   at;      // in time with x
    logic [PE-1:0]       flip, top;
    logic [PE*(s+1)-1:0] found;   // of each lane, this stage's bit lowest

    if (s == 0) begin : gen_first
      assign x    = s_axis_tdata;
      assign at   = addr;
      assign flip = falls;
    end else begin : gen_next
      logic [ADDR_W-1:0] at_q;
      logic [PE-1:0]     flip_q, top_q;
      logic [PE*s-1:0]   found_q;
      always_ff @(posedge clk) begin
        if (en) begin
          at_q    <= gen_stage[s-1].at;
          flip_q  <= gen_stage[s-1].flip;
          top_q   <= gen_stage[s-1].top;
          found_q <= gen_stage[s-1].found;
        end
      end
      assign x    = gen_stage[s-1].x_q;
      assign at   = at_q;
      assign flip = flip_q;
      assign top  = top_q;
    end

    for (genvar p = 0; p < PE; p = p + 1) begin : gen_lane
      logic [A_W-1:0] word;
      logic [T-1:0]   hit;
      bnn_levels_stage #(
        .IN_W(IN_W), .IN_SIGNED(IN_SIGNED), .BEYOND(BEYOND), .T(T), .DEPTH(WORDS), .PE(PE), .LANE(p),
        .DATA(ALL[FROM+:SIZE]), .BLOCK(BLOCK), .STAGE(s), .FILE_0(FILE_0), .FILE_1(FILE_1),
        .FILE_2(FILE_2), .FILE_3(FILE_3), .FILE_4(FILE_4), .FILE_5(FILE_5), .FILE_6(FILE_6),
        .FILE_7(FILE_7), .PRIM(PRIM)
      ) u_stage (
        .clk, .en, .addr(word), .x(x[p*IN_W+:IN_W]), .flip(flip[p]), .x_q(x_q[p*IN_W+:IN_W]), .hit
      );
      if (s == 0) begin : gen_lane_first
        assign word     = at;
        assign found[p] = hit[0];
        assign top[p]   = TOP != 0 ? hit[T-1] : 1'b0;
      end else begin : gen_lane_next
        if (DEPTH > 1) begin : gen_words
          assign word = {at, gen_stage[s-1].found[p*s+:s]};
        end else begin : gen_word
          assign word = gen_stage[s-1].found[p*s+:s];
          logic unused;
          assign unused = &{1'b0, at};
        end
        assign found[p*(s+1)+:s+1] = {gen_next.found_q[p*s+:s], hit};
      end
    end
  end

  logic unused_x;
  assign unused_x = &{1'b0, gen_stage[K-1].x_q};
  logic [PE*OUT_W-1:0] y;
  for (genvar p = 0; p < PE; p = p + 1) begin : gen_out
    logic         top;
    logic [K-1:0] found;
    assign top   = gen_stage[K-1].top[p];
    assign found = gen_stage[K-1].found[p*K+:K];  // all ones where the last threshold is reached
    assign y[p*OUT_W+:OUT_W] = OUT_W'({top, found & {K{!top}}}) + OUT_W'($signed(LO));
  end
  bnn_replay #(.W(PE * OUT_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_output (
    .clk, .rst, .s_axis_tdata(y), .s_axis_tvalid(valid_q[K-1]), .s_axis_tready,
    .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
  );
endmodule
`default_nettype wire
