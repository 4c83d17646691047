// SPDX-License-Identifier: Apache-2.0
// bnn_mvu - binary matrix-vector unit: XNOR, popcount, accumulate, threshold.
//
// Function  matches[r] = number of columns c with w[r][c] == x[c], 0 <= matches[r] <= MW.
//           Bit 1 is +1, bit 0 is -1; a match count, not a dot product: dot = 2 * matches - MW.
//           RAW = 0: y[r] = (matches[r] >= thr[r]) ^ sense[r].  RAW = 1: y[r] = matches[r].
// Spec      match_count() and threshold_bits() in bnn_mvu_ref.py; equal for every input.
//           GROUPS > 1: a block diagonal matrix; MW columns and MH / GROUPS rows are a block. A frame
//           is GROUPS vectors one after the other, and vector g meets the rows of block g.
// Order     x: SIMD columns per beat, column 0 in bit 0. y: PE rows per beat, row 0 lowest.
//           WEIGHTS word fold_r * FOLD_C + fold_c holds w[pe][simd], simd fastest, PE 0 lowest.
//           THRESHOLDS word fold_r holds PE fields {sense, thr} of 1 + ACC_W bits, PE 0 lowest.
//           Word 0 is lowest. ROM_BLOCK = 1: the weights are WEIGHTS_FILE, for $readmemh, a word per
//           line, instead.
// Structure FOLD = 1: bnn_unrolled, the weights vanish. Up to 16 words: bnn_match_rom, in the LUTs that
//           compare. More: bnn_rom and bnn_match. Then one bnn_heap and one bnn_add3 per row.
// Input     REPLAY = 1: every vector once; bnn_replay keeps it for all rows. REPLAY = 0: every vector
//           FOLD_R / GROUPS times, as a unit in front that goes over its data more than once sends it.
// Timing    FOLD = FOLD_C * FOLD_R clk per frame without stalls, no bubbles. The beat that completes
//           rows is on m_axis 3 + PIPE + (1 - RAW) clk after the replay buffer could send its last
//           word: the first output of a vector sent without gaps into an idle unit appears
//           FOLD_C + 2 + PIPE + (1 - RAW) clk after its first input beat was taken.
// Limits    SIMD divides MW and PE divides MH / GROUPS, else elaboration stops and says which.
`default_nettype none
module bnn_mvu #(
  parameter int MW         = 64,  // matrix width: input bits per vector
  parameter int MH         = 16,  // matrix height: outputs per frame
  parameter int SIMD       = 16,  // columns per clk
  parameter int PE         = 4,   // rows per clk
  parameter int GROUPS     = 1,   // vectors per frame, blocks of the matrix
  parameter int REPLAY     = 1,   // 0: vectors come as often as they are needed
  parameter int RAW        = 0,   // 0: thresholded bits, 1: match counts
  parameter     WEIGHTS      = 1'b0,
  parameter     WEIGHTS_FILE = "",
  parameter     THRESHOLDS   = 1'b0,  // not read when RAW = 1
  parameter int ROM_BLOCK  = 0,   // weights in 0: LUTs, 1: block RAM
  parameter int PIPE       = 1,   // registers inside the popcount
  parameter int PRIM       = 0,   // 0: plain RTL, 1 and 2: 7-series cells, see bnn_lut6_2
  localparam int ACC_W     = $clog2(MW + 1),
  localparam int OUT_W     = RAW != 0 ? ACC_W : 1
) (
  input  wire logic                clk,
  input  wire logic                rst,            // synchronous, active high
  input  wire logic [SIMD-1:0]     s_axis_tdata,   // x
  input  wire logic                s_axis_tvalid,
  output      logic                s_axis_tready,
  output      logic [PE*OUT_W-1:0] m_axis_tdata,   // y
  output      logic                m_axis_tvalid,
  input  wire logic                m_axis_tready
);
  localparam int FOLD_C = MW / SIMD;
  localparam int FOLD_R = MH / PE;
  localparam int FOLD   = FOLD_C * FOLD_R;
  localparam int ADDR_W = FOLD > 1 ? $clog2(FOLD) : 1;
  localparam int COL_W  = FOLD_C > 1 ? $clog2(FOLD_C) : 1;

  if (MW % SIMD != 0 || MH % (PE * GROUPS) != 0 || PIPE < 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_mvu: SIMD=%0d must divide MW=%0d, PE=%0d MH=%0d / GROUPS=%0d, PIPE=%0d >= 0",
             SIMD, MW, PE, MH, GROUPS, PIPE);
  end

  logic            en, fire, x_valid;
  logic [SIMD-1:0] x;
  assign en   = m_axis_tready || !m_axis_tvalid;  // one enable: everything below stands or moves
  assign fire = x_valid && en;

  localparam int SENDS = REPLAY != 0 ? FOLD_R / GROUPS : 1;
  bnn_replay #(.W(SIMD), .FOLD_C(FOLD_C), .FOLD_R(SENDS), .PRIM(PRIM)) u_replay (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(x), .m_axis_tvalid(x_valid), .m_axis_tready(en)
  );

  // where in the matrix the beat on x belongs
  logic [ADDR_W-1:0] addr_q;
  logic [COL_W-1:0]  col_q;
  logic              last_col;
  assign last_col = col_q == COL_W'(FOLD_C - 1);
  always_ff @(posedge clk) begin
    if (rst) begin
      addr_q <= '0;
      col_q  <= '0;
    end else if (fire) begin
      addr_q <= addr_q == ADDR_W'(FOLD - 1) ? '0 : addr_q + 1'b1;
      col_q  <= last_col ? '0 : col_q + 1'b1;
    end
  end

  // x, then PIPE clk of counting, then the sum; valid_q and last_q go along
  logic [SIMD-1:0] x_q;
  logic [PIPE:0]   valid_q, last_q;
  logic            sum_valid, sum_last, done_q;
  assign sum_valid = valid_q[PIPE];
  assign sum_last  = last_q[PIPE];
  always_ff @(posedge clk) begin
    if (en) begin
      x_q       <= x;
      last_q[0] <= last_col;
      for (int i = 1; i <= PIPE; i = i + 1) last_q[i] <= last_q[i-1];
    end
    if (rst) begin
      valid_q <= '0;
      done_q  <= 1'b0;
    end else if (en) begin
      valid_q[0] <= x_valid;
      for (int i = 1; i <= PIPE; i = i + 1) valid_q[i] <= valid_q[i-1];
      done_q <= sum_valid && sum_last;
    end
  end

  logic [PE*ACC_W-1:0] acc_q;  // RAW = 1: matches, complete where done_q is
  logic [PE-1:0]       y;      // thresholded, one clk later
  if (FOLD == 1) begin : gen_unrolled
    logic [PE*OUT_W-1:0] out;
    bnn_unrolled #(
      .MW(MW), .MH(MH), .RAW(RAW), .PIPE(PIPE), .WEIGHTS(WEIGHTS), .THRESHOLDS(THRESHOLDS),
      .PRIM(PRIM)
    ) u_unrolled (.clk, .en, .x(x_q), .y(out));
    if (RAW != 0) begin : gen_raw
      assign acc_q = out;
      assign y     = '0;
    end else begin : gen_bits
      assign acc_q = '0;
      assign y     = out;
    end
  end else begin : gen_folded
    bnn_folded #(
      .MW(MW), .MH(MH), .SIMD(SIMD), .PE(PE), .RAW(RAW), .WEIGHTS(WEIGHTS),
      .WEIGHTS_FILE(WEIGHTS_FILE), .THRESHOLDS(THRESHOLDS), .ROM_BLOCK(ROM_BLOCK), .PIPE(PIPE),
      .PRIM(PRIM)
    ) u_folded (.clk, .rst, .en, .x(x_q), .addr(addr_q), .sum_valid, .sum_last, .acc(acc_q), .y);
  end

  if (RAW != 0) begin : gen_raw_out
    assign m_axis_tdata  = acc_q;
    assign m_axis_tvalid = done_q;
    logic unused;
    assign unused = &{1'b0, y};
  end else begin : gen_bits_out
    logic y_valid_q, unused;
    assign unused        = &{1'b0, acc_q};
    assign m_axis_tdata  = y;
    assign m_axis_tvalid = y_valid_q;
    always_ff @(posedge clk) begin
      if (rst) y_valid_q <= 1'b0;
      else if (en) y_valid_q <= done_q;
    end
  end
endmodule
`default_nettype wire
