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
//           Word 0 is lowest. ROM_BLOCK = 1: the weights are WEIGHTS_FILE, for $readmemh, a word per
//           line, instead.
// Structure FOLD = 1: bnn_unrolled, the weights vanish. Up to 16 words: bnn_match_rom, in the LUTs that
//           compare. More: bnn_rom and bnn_match. Then one bnn_heap and one bnn_add3 per row.
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

  if (MW % SIMD != 0 || MH % PE != 0 || PIPE < 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_mvu: SIMD=%0d must divide MW=%0d, PE=%0d must divide MH=%0d, PIPE=%0d >= 0",
             SIMD, MW, PE, MH, PIPE);
  end

  // THRESHOLDS as bnn_mvu adds them: a word has {sense of all PE, minus thr of all PE}
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
    logic [PE*(N1+N2)-1:0] bits;  // per row, their sum is the matches of x_q
    logic [PE*A_W-1:0]     sum_q, init;
    if (IN_ROM != 0) begin : gen_match_rom
      logic [ADDR_W-1:0] at_q;
      always_ff @(posedge clk) if (en) at_q <= addr_q;
      bnn_match_rom #(
        .SIMD(SIMD), .PE(PE), .DEPTH(FOLD), .WEIGHTS(WEIGHTS), .PRIM(PRIM)
      ) u_match_rom (.addr(at_q), .x(x_q), .bits);
    end else begin : gen_match
      logic [PE*SIMD-1:0] w_q;
      bnn_rom #(
        .W(PE * SIMD), .DEPTH(FOLD), .DATA(WEIGHTS), .FILE(WEIGHTS_FILE), .BLOCK(ROM_BLOCK),
        .PRIM(PRIM)
      ) u_weights (.clk, .en, .addr(addr_q), .data(w_q));
      for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
        bnn_match #(.N(SIMD), .PRIM(PRIM)) u_match (
          .x(x_q), .w(w_q[p*SIMD+:SIMD]), .bits(bits[p*(N1+N2)+:N1+N2])
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
    assign acc_q = RAW != 0 ? (PE*ACC_W)'(sum_q) : '0;
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
