// SPDX-License-Identifier: Apache-2.0
// bnn_border - address of a memory whose words differ between the inside and the borders of a map.
//
// Function  addr = cls * FOLD + fold: fold is the beat's place in its pixel, 0 .. FOLD-1, and
//           cls = row_class * CLASSES_C + col_class belongs to the pixel. From reset on, pixels are
//           counted row by row, and frames follow each other. step = 1: on to the next beat.
// Order     ROW_CLASS: the class of every row, clog2(CLASSES_R) bits each, row 0 lowest; COL_CLASS alike.
// Structure addr and fold are registers. The pixel counters are one pixel ahead, so that what they
//           say about the classes is ready in time. One class: a counter of FOLD, no pixels counted.
// Limits    classes are below CLASSES_R and CLASSES_C; not checked.
`default_nettype none
module bnn_border #(
  parameter int FOLD      = 4,  // beats per pixel
  parameter int ROWS      = 1,
  parameter int COLS      = 1,
  parameter int CLASSES_R = 1,
  parameter int CLASSES_C = 1,
  parameter     ROW_CLASS = 1'b0,
  parameter     COL_CLASS = 1'b0,
  localparam int CLASSES  = CLASSES_R * CLASSES_C,
  localparam int ADDR_W   = FOLD * CLASSES > 1 ? $clog2(FOLD * CLASSES) : 1,
  localparam int FOLD_W   = FOLD > 1 ? $clog2(FOLD) : 1
) (
  input  wire logic              clk,
  input  wire logic              rst,
  input  wire logic              step,
  output      logic [ADDR_W-1:0] addr,
  output      logic [FOLD_W-1:0] fold
);
  localparam int R_W   = CLASSES_R > 1 ? $clog2(CLASSES_R) : 1;  // class of a row
  localparam int C_W   = CLASSES_C > 1 ? $clog2(CLASSES_C) : 1;
  localparam int ROW_W = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int COL_W = COLS > 1 ? $clog2(COLS) : 1;
  localparam logic [ROWS*R_W-1:0] ROW_OF = CLASSES_R > 1 ? (ROWS*R_W)'(ROW_CLASS) : '0;
  localparam logic [COLS*C_W-1:0] COL_OF = CLASSES_C > 1 ? (COLS*C_W)'(COL_CLASS) : '0;
  // bit b of the class of every row
  function automatic logic [ROWS-1:0] row_plane(input int b);
    int i;
    logic [ROWS-1:0] t;
    for (i = 0; i < ROWS; i = i + 1) t[i] = ROW_OF[i*R_W+b];
    return t;
  endfunction
  function automatic logic [COLS-1:0] col_plane(input int b);
    int i;
    logic [COLS-1:0] t;
    for (i = 0; i < COLS; i = i + 1) t[i] = COL_OF[i*C_W+b];
    return t;
  endfunction
  // bit b of the address of the first word of every class, by {row class, column class}
  function automatic logic [(1<<(R_W+C_W))-1:0] base_plane(input int b);
    int r, c;
    logic [(1<<(R_W+C_W))-1:0] t;
    t = '0;
    for (r = 0; r < CLASSES_R; r = r + 1)
      for (c = 0; c < CLASSES_C; c = c + 1)
        t[(r<<C_W)+c] = 1'(((r * CLASSES_C + c) * FOLD) >> b);
    return t;
  endfunction
  localparam int FIRST = (32'(ROW_OF[R_W-1:0]) * CLASSES_C + 32'(COL_OF[C_W-1:0])) * FOLD;

  logic last;

  if (FOLD > 1) begin : gen_fold
    logic [FOLD_W-1:0] fold_q;
    always_ff @(posedge clk) begin
      if (rst) fold_q <= '0;
      else if (step) fold_q <= last ? '0 : fold_q + 1'b1;
    end
    assign last = fold_q == FOLD_W'(FOLD - 1);
    assign fold = fold_q;
  end else begin : gen_one_beat
    assign last = 1'b1;
    assign fold = '0;
  end

  if (CLASSES == 1) begin : gen_one_class
    assign addr = fold;
    logic unused;
    assign unused = &{1'b0, clk, rst, step, last};
  end else begin : gen_classes
    logic [ROW_W-1:0]  row_q;
    logic [COL_W-1:0]  col_q;
    logic [R_W-1:0]    row_class;
    logic [C_W-1:0]    col_class;
    logic [ADDR_W-1:0] base;
    logic              last_row, last_col;

    assign last_col = col_q == COL_W'(COLS - 1);
    assign last_row = row_q == ROW_W'(ROWS - 1);
    always_ff @(posedge clk) begin
      if (rst) begin
        col_q <= COL_W'(COLS > 1 ? 1 : 0);
        row_q <= ROW_W'(COLS == 1 && ROWS > 1 ? 1 : 0);
      end else if (step && last) begin
        col_q <= last_col ? '0 : col_q + 1'b1;
        if (last_col) row_q <= last_row ? '0 : row_q + 1'b1;
      end
    end
    for (genvar b = 0; b < R_W; b = b + 1) begin : gen_row_class
      localparam logic [ROWS-1:0] PLANE = row_plane(b);
      assign row_class[b] = ROWS > 1 ? PLANE[row_q] : PLANE[0];
    end
    for (genvar b = 0; b < C_W; b = b + 1) begin : gen_col_class
      localparam logic [COLS-1:0] PLANE = col_plane(b);
      assign col_class[b] = COLS > 1 ? PLANE[col_q] : PLANE[0];
    end
    for (genvar b = 0; b < ADDR_W; b = b + 1) begin : gen_base
      localparam logic [(1<<(R_W+C_W))-1:0] PLANE = base_plane(b);
      assign base[b] = PLANE[{row_class, col_class}];
    end

    if ((FOLD & (FOLD - 1)) == 0) begin : gen_power  // the fold's counter is the lower part
      localparam int LOW = $clog2(FOLD);
      logic [ADDR_W-1:LOW] base_q;
      always_ff @(posedge clk) begin
        if (rst) base_q <= (ADDR_W-LOW)'(FIRST >> LOW);
        else if (step && last) base_q <= base[ADDR_W-1:LOW];
      end
      if (FOLD > 1) begin : gen_two_parts
        assign addr = {base_q, fold};
        logic unused;
        assign unused = &{1'b0, base[LOW-1:0]};
      end else begin : gen_base_only
        assign addr = base_q;
      end
    end else begin : gen_any
      logic [ADDR_W-1:0] addr_q;
      always_ff @(posedge clk) begin
        if (rst) addr_q <= ADDR_W'(FIRST);
        else if (step) addr_q <= last ? base : addr_q + 1'b1;
      end
      assign addr = addr_q;
    end
  end
endmodule
`default_nettype wire
