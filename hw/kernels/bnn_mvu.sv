// SPDX-License-Identifier: Apache-2.0
// bnn_mvu - binary matrix-vector unit: XNOR, popcount, accumulate, threshold.
//
// Function  matches[r] = number of columns c with w[r][c] == x[c], 0 <= matches[r] <= MW.
//           Bit 1 is +1, bit 0 is -1; a match count, not a dot product: dot = 2 * matches - MW.
//           RAW = 0: y[r] = (matches[r] >= thr[r]) ^ sense[r].  RAW = 1: y[r] = matches[r].
// Spec      match_count() and threshold_bits() in bnn_mvu_ref.py; equal for every input.
// Order     x: SIMD columns per beat, column 0 in bit 0. y: PE rows per beat, row 0 lowest.
//           WEIGHTS word fold_r * FOLD_C + fold_c holds w[pe][simd], simd fastest, PE 0 lowest.
//           THRESHOLDS word fold_r holds PE fields {sense, thr} of 1 + ACC_W bits, PE 0 lowest.
//           Both are $readmemh files, one word per line.
// Timing    FOLD = FOLD_C * FOLD_R clk per vector without stalls, no bubbles. The beat that completes
//           rows is on m_axis 3 + PIPE + (1 - RAW) clk after the replay buffer could send its last
//           word: the first output of a vector sent without gaps into an idle unit appears
//           FOLD_C + 2 + PIPE + (1 - RAW) clk after its first input beat was taken.
// Limits    SIMD divides MW and PE divides MH, else elaboration stops and says which.
`default_nettype none
module bnn_mvu #(
  parameter int MW         = 64,  // matrix width: input bits per vector
  parameter int MH         = 16,  // matrix height: outputs per vector
  parameter int SIMD       = 16,  // columns per clk
  parameter int PE         = 4,   // rows per clk
  parameter int RAW        = 0,   // 0: thresholded bits, 1: match counts
  parameter     WEIGHTS    = "",
  parameter     THRESHOLDS = "",  // not read when RAW = 1
  parameter int ROM_BLOCK  = 0,   // weights in 0: LUTs, 1: block RAM
  parameter int PIPE       = 1,   // registers inside the popcount
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
  localparam int SUM_W  = $clog2(SIMD + 1);

  if (MW % SIMD != 0 || MH % PE != 0 || PIPE < 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_mvu: SIMD=%0d must divide MW=%0d, PE=%0d must divide MH=%0d, PIPE=%0d >= 0",
             SIMD, MW, PE, MH, PIPE);
  end

  logic            en, fire, x_valid;
  logic [SIMD-1:0] x;
  assign en   = m_axis_tready || !m_axis_tvalid;  // one enable: everything below stands or moves
  assign fire = x_valid && en;

  bnn_replay #(.W(SIMD), .FOLD_C(FOLD_C), .FOLD_R(FOLD_R)) u_replay (
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

  // x and its weights, then PIPE clk of counting; valid_q and last_q go along
  logic [SIMD-1:0]    x_q;
  logic [PE*SIMD-1:0] w_q;
  logic [PIPE:0]      valid_q, last_q;
  logic               sum_valid, sum_last;
  assign sum_valid = valid_q[PIPE];
  assign sum_last  = last_q[PIPE];
  bnn_rom #(.W(PE * SIMD), .DEPTH(FOLD), .FILE(WEIGHTS), .BLOCK(ROM_BLOCK)) u_weights (
    .clk, .en, .addr(addr_q), .data(w_q)
  );
  always_ff @(posedge clk) begin
    if (en) begin
      x_q       <= x;
      last_q[0] <= last_col;
      for (int i = 1; i <= PIPE; i = i + 1) last_q[i] <= last_q[i-1];
    end
    if (rst) begin
      valid_q <= '0;
    end else if (en) begin
      valid_q[0] <= x_valid;
      for (int i = 1; i <= PIPE; i = i + 1) valid_q[i] <= valid_q[i-1];
    end
  end

  // matches so far, per row; done_q: complete
  logic [PE*ACC_W-1:0] acc_q;
  logic                done_q;
  always_ff @(posedge clk) begin
    if (rst) done_q <= 1'b0;
    else if (en) done_q <= sum_valid && sum_last;
  end
  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    logic [SUM_W-1:0] sum;
    logic [SIMD-1:0]  w;
    assign w = w_q[p*SIMD+:SIMD];
    bnn_popcount #(.N(SIMD), .PIPE(PIPE)) u_popcount (
      .clk, .en, .x(x_q), .w(w), .count(sum)
    );
    if (FOLD_C == 1) begin : gen_whole
      always_ff @(posedge clk) if (en) acc_q[p*ACC_W+:ACC_W] <= sum;
    end else begin : gen_part
      logic [ACC_W-1:0] so_far;
      logic             first_q;  // one per row: fan-out
      always_ff @(posedge clk) begin
        if (rst) first_q <= 1'b1;
        else if (en && sum_valid) first_q <= sum_last;
      end
      assign so_far = first_q ? '0 : acc_q[p*ACC_W+:ACC_W];
      always_ff @(posedge clk)
        if (en && sum_valid) acc_q[p*ACC_W+:ACC_W] <= so_far + ACC_W'(sum);
    end
  end

  if (RAW != 0) begin : gen_raw
    assign m_axis_tdata  = acc_q;
    assign m_axis_tvalid = done_q;
  end else begin : gen_threshold
    localparam int ROW_W = FOLD_R > 1 ? $clog2(FOLD_R) : 1;
    localparam int THR_W = 1 + ACC_W;
    logic [ROW_W-1:0]    row_q;
    logic [PE*THR_W-1:0] thr_q;
    logic [PE-1:0]       y_q, y_d;
    logic                y_valid_q;
    // the word for the rows that become complete at the next clk
    bnn_rom #(.W(PE * THR_W), .DEPTH(FOLD_R), .FILE(THRESHOLDS)) u_thresholds (
      .clk, .en, .addr(row_q), .data(thr_q)
    );
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_compare
      logic reached;
      assign reached = acc_q[p*ACC_W+:ACC_W] >= thr_q[p*THR_W+:ACC_W];
      assign y_d[p]  = reached ^ thr_q[p*THR_W+ACC_W];
    end
    always_ff @(posedge clk) begin
      if (en) y_q <= y_d;
      if (rst) begin
        row_q     <= '0;
        y_valid_q <= 1'b0;
      end else if (en) begin
        y_valid_q <= done_q;
        if (sum_valid && sum_last) row_q <= row_q == ROW_W'(FOLD_R - 1) ? '0 : row_q + 1'b1;
      end
    end
    assign m_axis_tdata  = y_q;
    assign m_axis_tvalid = y_valid_q;
  end
endmodule
`default_nettype wire
