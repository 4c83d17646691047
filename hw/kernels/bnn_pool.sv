// SPDX-License-Identifier: Apache-2.0
// bnn_pool - maximum or sum over the windows of a map that do not overlap.
//
// Function  y[i][j][c] = maximum (MODE 0) or sum (MODE 1) of x[i*KR+r][j*KC+k][c], r < KR, k < KC, for
//           i < ROWS / KR, j < COLS / KC; rows and columns left over at the end are dropped. Bits
//           (IN_W = 1, MODE 0): an OR, or an AND for the channels that AND_MASK names.
// Spec      pool() in bnn_pool_ref.py; equal for every input whose sums fit OUT_W.
// Order     PE channels per beat, channel 0 lowest; C / PE beats per pixel, ROWS * COLS pixels per frame,
//           counted from reset. AND_MASK: C bits, channel 0 lowest. M > 1: a beat is M adjacent
//           pixels, the leftmost lowest, and an output beat OUT_M of them.
// Structure M > 1: bnn_pool_merge makes one pixel of those of a beat that share a window. From there on,
//           what is left of a beat is one pixel of OUT_M * C channels.
// Timing    1 beat per clk in; an output beat comes 1 clk after the last input beat of its window
//           (MEM_BLOCK = 1: 2 clk), and merge_clk() of the spec later where M > 1.
// Memory    what a row of windows has so far, COLS / KC * C / PE words of PE * OUT_W bits (C / PE in
//           steps of a power of two; KR = 1: C / PE words): LUT RAM, a register where it is one word,
//           or block RAM with MEM_BLOCK = 1, which is read a clk before it is written.
// Limits    PE divides C; KR <= ROWS, KC <= COLS; OUT_W = IN_W in MODE 0; MEM_BLOCK needs C / PE > 1;
//           M > 1: PE = C, M and KC divide COLS and one of them the other; else elaboration stops
//           and says which.
`default_nettype none
module bnn_pool #(
  parameter int ROWS      = 8,
  parameter int COLS      = 8,
  parameter int C         = 16,  // channels per pixel
  parameter int PE        = 4,   // channels per clk
  parameter int KR        = 2,   // rows of a window
  parameter int KC        = 2,   // columns of a window
  parameter int IN_W      = 1,
  parameter int IN_SIGNED = 0,   // 1: x is two's complement
  parameter int MODE      = 0,   // 0: maximum, 1: sum
  parameter int OUT_W     = 1,
  parameter     AND_MASK  = 1'b0,
  parameter int MEM_BLOCK = 0,
  parameter int PRIM      = 0,   // see bnn_lut6_2
  parameter int M         = 1,   // pixels per beat
  localparam int OUT_M    = M % KC == 0 ? M / KC : 1
) (
  input  wire logic                      clk,
  input  wire logic                      rst,
  input  wire logic [M*PE*IN_W-1:0]      s_axis_tdata,
  input  wire logic                      s_axis_tvalid,
  output      logic                      s_axis_tready,
  output      logic [OUT_M*PE*OUT_W-1:0] m_axis_tdata,
  output      logic                      m_axis_tvalid,
  input  wire logic                      m_axis_tready
);
  localparam int FOLD   = C / PE;
  localparam int ROW_N  = ROWS / KR;  // windows below each other
  localparam int COL_N  = COLS / KC / OUT_M;
  localparam int G      = M / OUT_M;   // pixels of a beat that share a window
  localparam int LANES  = OUT_M * PE;  // numbers that are left of a beat, and their bits
  localparam bit ONCE   = KR == 1 && KC == G;  // a window is within a beat
  localparam int X_W    = MODE != 0 && IN_W + $clog2(G) < OUT_W ? IN_W + $clog2(G) : OUT_W;
  localparam int FOLD_W = $clog2(FOLD);
  localparam int BEAT_W = FOLD > 1 ? FOLD_W : 1;
  localparam int DEPTH  = (KR > 1 ? COL_N : 1) << FOLD_W;
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam logic [C-1:0] AND = C'(AND_MASK);

  if (C % PE != 0 || KR > ROWS || KC > COLS || (MODE == 0 && OUT_W != IN_W) ||
      (MEM_BLOCK != 0 && FOLD == 1) || (M != 1 && (M < 1 || PE != C || COLS % M != 0 ||
      COLS % KC != 0 || (M % KC != 0 && KC % M != 0)))) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_pool: PE=%0d must divide C=%0d; KR=%0d, KC=%0d within ROWS=%0d, COLS=%0d; OUT_W=%0d; M=%0d, above 1: PE = C, M and KC divide COLS, one the other",
             PE, C, KR, KC, ROWS, COLS, OUT_W, M);
  end

  // bit f: whether lane p of beat f is an AND
  function automatic logic [FOLD-1:0] and_lane(input int p);
    int f;
    logic [FOLD-1:0] t;
    for (f = 0; f < FOLD; f = f + 1) t[f] = AND[f*PE+p%PE];
    return t;
  endfunction

  logic [LANES*X_W-1:0] merged;
  logic                 merged_valid;
  if (G > 1) begin : gen_merge
    bnn_pool_merge #(
      .OUT_M(OUT_M), .G(G), .C(C), .IN_W(IN_W), .IN_SIGNED(IN_SIGNED), .MODE(MODE), .OUT_W(X_W),
      .AND_MASK(AND), .PRIM(PRIM)
    ) u_merge (
      .clk, .rst, .en(s_axis_tready), .x(s_axis_tdata), .x_valid(s_axis_tvalid),
      .y(merged), .y_valid(merged_valid)
    );
  end else begin : gen_as_given
    assign merged       = s_axis_tdata;
    assign merged_valid = s_axis_tvalid;
  end

  // which beat this is: of its pixel, and its pixel of its window
  localparam int WIN_W = COL_N > 1 ? $clog2(COL_N) : 1;
  localparam int TOP_W = ROW_N > 1 ? $clog2(ROW_N) : 1;
  logic              take, pixel_end, row_end, first, last, kept;
  logic              col_first, col_last, row_first, row_last, row_kept, frame_end;
  logic [BEAT_W-1:0] fold, x_fold;
  logic [WIN_W-1:0]  window;
  logic [TOP_W-1:0]  window_row;
  logic [ADDR_W-1:0] addr;
  assign take      = merged_valid && s_axis_tready;
  assign pixel_end = fold == BEAT_W'(FOLD - 1);
  assign first     = ONCE || (row_first && col_first);
  assign last      = row_last && col_last && row_kept && kept;
  always_ff @(posedge clk) begin
    if (rst) fold <= '0;
    else if (take) fold <= pixel_end ? '0 : fold + 1'b1;
  end
  if (KR == 1) begin : gen_beat
    assign addr = ADDR_W'(fold);
  end else if (FOLD == 1) begin : gen_window
    assign addr = ADDR_W'(window);
  end else begin : gen_both
    assign addr = ADDR_W'({window, fold});
  end
  bnn_pool_count #(.N(COL_N), .K(KC / G), .R(COLS % KC)) u_columns (
    .clk, .rst, .step(take && pixel_end),
    .first(col_first), .last(col_last), .kept, .finish(row_end), .window
  );
  bnn_pool_count #(.N(ROW_N), .K(KR), .R(ROWS % KR)) u_rows (
    .clk, .rst, .step(take && pixel_end && row_end),
    .first(row_first), .last(row_last), .kept(row_kept), .finish(frame_end), .window(window_row)
  );
  logic unused;
  assign unused = &{1'b0, frame_end, window_row, window, addr, x_fold};

  // from here on `x` and what belongs to it, with what its window has so far
  logic [LANES*X_W-1:0]   x;
  logic [LANES*OUT_W-1:0] sofar, y;
  logic                   x_first, y_valid;
  if (DEPTH == 1) begin : gen_register
    always_ff @(posedge clk) if (take && kept) sofar <= y;
  end else if (MEM_BLOCK == 0) begin : gen_lut_ram
    (* ram_style = "distributed" *) logic [LANES*OUT_W-1:0] mem [0:DEPTH-1];
    always_ff @(posedge clk) if (take && kept) mem[addr] <= y;
    assign sofar = mem[addr];
  end
  if (MEM_BLOCK == 0) begin : gen_now
    assign x       = merged;
    assign x_fold  = fold;
    assign x_first = first;
    assign y_valid = merged_valid && last;
  end else begin : gen_block_ram
    (* ram_style = "block" *) logic [LANES*OUT_W-1:0] mem [0:DEPTH-1];
    logic [ADDR_W-1:0] addr_q;
    logic              write_q, last_q;
    assign y_valid = last_q;
    always_ff @(posedge clk) begin
      if (s_axis_tready) begin
        x       <= merged;
        x_fold  <= fold;
        x_first <= first;
        addr_q  <= addr;
        sofar   <= mem[addr];
        if (write_q) mem[addr_q] <= y;
      end
      if (rst) begin
        write_q <= 1'b0;
        last_q  <= 1'b0;
      end else if (s_axis_tready) begin
        write_q <= merged_valid && kept;
        last_q  <= merged_valid && last;
      end
    end
  end

  for (genvar p = 0; p < LANES; p = p + 1) begin : gen_pe
    logic [X_W-1:0]  xp;
    logic [OUT_W-1:0] sp, yp;
    assign xp = x[p*X_W+:X_W];
    assign sp = sofar[p*OUT_W+:OUT_W];
    assign y[p*OUT_W+:OUT_W] = yp;
    if (MODE != 0) begin : gen_sum
      logic [OUT_W-1:0] wide;
      if (IN_SIGNED != 0) begin : gen_signed
        assign wide = OUT_W'($signed(xp));
      end else begin : gen_unsigned
        assign wide = OUT_W'(xp);
      end
      assign yp = (x_first ? '0 : sp) + wide;
    end else if (X_W == 1) begin : gen_bit
      localparam logic [FOLD-1:0] ANDS = and_lane(p);
      logic is_and;
      assign is_and = FOLD > 1 ? ANDS[x_fold] : ANDS[0];
      assign yp = x_first ? xp : is_and ? xp & sp : xp | sp;
    end else begin : gen_maximum
      logic reached;
      logic [X_W-1:0] a, b;
      // numbers with swapped signs compare as unsigned ones
      if (IN_SIGNED != 0) begin : gen_signed
        assign a = {sp[X_W-1], xp[X_W-2:0]};
        assign b = {xp[X_W-1], sp[X_W-2:0]};
      end else begin : gen_unsigned
        assign a = xp;
        assign b = sp;
      end
      bnn_reached #(.W(X_W), .PRIM(PRIM)) u_reached (.a, .b, .reached);
      assign yp = x_first || reached ? xp : sp;
    end
  end

  bnn_replay #(.W(LANES * OUT_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_output (
    .clk, .rst, .s_axis_tdata(y), .s_axis_tvalid(y_valid), .s_axis_tready,
    .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
  );
endmodule
`default_nettype wire
