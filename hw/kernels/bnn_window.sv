// SPDX-License-Identifier: Apache-2.0
// bnn_window - sliding window: sends, for every output of a convolution, the pixels that it sees.
//
// Function  for oy, ox, group, pass, kr, kc, c, the last one fastest: SIMD channels of the pixel in
//           row oy*STRIDE_R - PAD_T + kr*DIL_R and column ox*STRIDE_C - PAD_L + kc*DIL_C, or
//           PAD_VALUE in each of them where that is outside of the map. PASSES times the same, for
//           the matrix-vector unit behind needs its window once for every PE of its rows.
// Spec      window() in bnn_window_ref.py; equal for every input. When: needs() and frees() there.
// Order     a pixel is C / SIMD beats, channel 0 lowest; pixels row by row; frames counted from reset.
// Buffer    circular, DEPTH words rounded up to a power of two, all of them used. A word can be read in
//           the clk after it was taken. While a window is sent, what is older than its corner is free
//           (rows and columns counted through the padding: above the map, a part of the frame
//           before is kept): s_axis_tready knows 1 clk after m_axis has the last beat of the
//           window before.
// Structure every distance from one read to the next is a constant of the loop that ends, so that
//           the address and the number of words in front of it are one adder each; the sign of
//           the latter says whether the word is there. At a corner it also says what is occupied.
// Timing    max(beats in, beats out) clk per frame where DEPTH does not limit; 2 clk from a word to the
//           beat that needs it. A first beat that is padding waits for a number of words, at least
//           one and not more than its window needs.
// Limits    SIMD divides C / GROUPS, every window sees a pixel of the map, PAD_T and PAD_L at most
//           (K-1)*DIL, DEPTH at least min_depth(), else elaboration stops and says which.
`default_nettype none
module bnn_window #(
  parameter int ROWS = 8, parameter int COLS = 8,
  parameter int C         = 4,   // channels
  parameter int SIMD      = 4,   // channels per clk
  parameter int IN_W      = 1,   // bits per channel
  parameter int KR = 3, parameter int KC = 3,
  parameter int STRIDE_R = 1, parameter int STRIDE_C = 1,
  parameter int DIL_R = 1, parameter int DIL_C = 1,
  parameter int PAD_T = 0, parameter int PAD_L = 0, parameter int PAD_B = 0, parameter int PAD_R = 0,
  parameter int PAD_VALUE = 0,   // code of a padded channel
  parameter int GROUPS    = 1,
  parameter int PASSES    = 1,
  parameter int DEPTH     = 32,  // words of the line buffer
  parameter int RAM_BLOCK = 0    // it is 0: LUT RAM, 1: block RAM
) (
  input  wire logic                 clk,
  input  wire logic                 rst,
  input  wire logic [SIMD*IN_W-1:0] s_axis_tdata,
  input  wire logic                 s_axis_tvalid,
  output      logic                 s_axis_tready,
  output      logic [SIMD*IN_W-1:0] m_axis_tdata,
  output      logic                 m_axis_tvalid,
  input  wire logic                 m_axis_tready
);
  localparam int FOLD_C  = C / SIMD;
  localparam int FOLD_G  = FOLD_C / GROUPS;
  localparam int REACH_R = (KR - 1) * DIL_R;
  localparam int REACH_C = (KC - 1) * DIL_C;
  localparam int OH      = (ROWS + PAD_T + PAD_B - REACH_R - 1) / STRIDE_R + 1;
  localparam int OW      = (COLS + PAD_L + PAD_R - REACH_C - 1) / STRIDE_C + 1;

  function automatic int most(input int a, input int b);
    most = a > b ? a : b;
  endfunction

  // From a window's corner to its last pixel inside the map, the largest of all n windows; no depth is
  // enough where a window sees none.
  function automatic int span(
    input int n, input int size, input int k, input int stride, input int dil, input int pad
  );
    int i, j, at, seen;
    begin
      span = 0;
      for (i = 0; i < n; i = i + 1) begin
        seen = 1 << 20;
        for (j = 0; j < k; j = j + 1) begin
          at = i * stride - pad + j * dil;
          if (at >= 0 && at < size) seen = j * dil;
        end
        span = most(span, seen);
      end
    end
  endfunction
  // The multiple of the largest power of two in low .. high.
  function automatic int rounded(input int low, input int high);
    int z;
    begin
      rounded = low;
      for (z = 1; z < 24; z = z + 1) if (((high >> z) << z) >= low) rounded = (high >> z) << z;
    end
  endfunction

  localparam int SPAN_R    = span(OH, ROWS, KR, STRIDE_R, DIL_R, PAD_T);
  localparam int SPAN_C    = span(OW, COLS, KC, STRIDE_C, DIL_C, PAD_L);
  localparam int MIN_DEPTH = (SPAN_R * COLS + SPAN_C + 1) * FOLD_C;

  if (C % GROUPS != 0 || (C / GROUPS) % SIMD != 0 || OH < 1 || OW < 1 ||
      PAD_T > REACH_R || PAD_L > REACH_C || DEPTH < MIN_DEPTH) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_window: SIMD=%0d must divide C/GROUPS=%0d/%0d, PAD_T=%0d and PAD_L=%0d be at most %0d and %0d, DEPTH=%0d at least %0d, and OH=%0d, OW=%0d at least 1",
             SIMD, C, GROUPS, PAD_T, PAD_L, REACH_R, REACH_C, DEPTH, MIN_DEPTH, OH, OW);
  end

  // Words from one read to the next when loops up to the i-th end: c, kc, kr, pass, group, ox, oy.
  localparam int BACK   = (REACH_R * COLS + REACH_C) * FOLD_C + FOLD_G - 1;
  localparam int BACK_G = BACK + FOLD_C - FOLD_G;
  localparam int OFFSET = (PAD_T * COLS + PAD_L) * FOLD_C;  // from a frame's first corner to its word 0
  localparam int TO_KC  = DIL_C * FOLD_C - (FOLD_G - 1);
  localparam int TO_KR  = (DIL_R * COLS - REACH_C) * FOLD_C - (FOLD_G - 1);
  localparam int TO_P   = -BACK;
  localparam int TO_G   = FOLD_G - BACK;
  localparam int TO_X   = STRIDE_C * FOLD_C - BACK_G;
  localparam int TO_Y   = (STRIDE_R * COLS - (OW - 1) * STRIDE_C) * FOLD_C - BACK_G;
  localparam int TO_F   = ((ROWS - (OH - 1) * STRIDE_R) * COLS - (OW - 1) * STRIDE_C) * FOLD_C - BACK_G;

  // How far reads are ahead of writes, corners behind the one before, and what that takes in bits.
  localparam int ADDR_W = DEPTH > 2 ? $clog2(DEPTH) : 1;
  localparam int WORDS  = 1 << ADDR_W;
  localparam int TAIL   = most(0, ROWS - ((OH - 1) * STRIDE_R - PAD_T + REACH_R + 1));  // rows unread
  localparam int AHEAD  = most(STRIDE_R, TAIL + 2 * DIL_R - 1) * COLS * FOLD_C;
  localparam int SKIPS  = STRIDE_R * STRIDE_C * DIL_R * DIL_C > 1 ? AHEAD : 0;
  localparam int BEHIND = most(0, most((OW - 1) * STRIDE_C - STRIDE_R * COLS,
    ((OH - 1) * STRIDE_R - ROWS) * COLS + (OW - 1) * STRIDE_C)) * FOLD_C;
  localparam int FILL_W = $clog2(most(AHEAD, WORDS + BEHIND)) + 1;
  localparam int USED_W = $clog2(most(WORDS + SKIPS, BEHIND + 1)) + 1;

  logic              en, write, step, there, pad, start_q, begin_q, valid_q;
  logic [FILL_W-1:0] fill_q;  // words written beyond the one to be read: it is there unless negative
  logic [USED_W-1:0] used_q;  // words occupied, less WORDS: there is room while negative
  logic [ADDR_W-1:0] rd_q, wr_q;
  assign en            = m_axis_tready || !valid_q;
  assign write         = s_axis_tvalid && s_axis_tready;
  assign step          = en && there;
  assign s_axis_tready = used_q[USED_W-1];
  assign m_axis_tvalid = valid_q;

  // Loops. Of ox and oy one must know when windows reach beyond the map, LOW at the one end and
  // HIGH at the other.
  localparam int LOW_R  = (PAD_T + STRIDE_R - 1) / STRIDE_R;
  localparam int LOW_C  = (PAD_L + STRIDE_C - 1) / STRIDE_C;
  localparam int OVER_R = (OH - 1) * STRIDE_R - PAD_T + REACH_R - (ROWS - 1);
  localparam int OVER_C = (OW - 1) * STRIDE_C - PAD_L + REACH_C - (COLS - 1);
  localparam int HIGH_R = OVER_R > 0 ? (OVER_R + STRIDE_R - 1) / STRIDE_R : 0;
  localparam int HIGH_C = OVER_C > 0 ? (OVER_C + STRIDE_C - 1) / STRIDE_C : 0;
  localparam int LOW_RW = most(LOW_R, 1), LOW_CW = most(LOW_C, 1);
  localparam int HIGH_RW = most(HIGH_R, 1), HIGH_CW = most(HIGH_C, 1);
  logic [6:0]         last;
  logic [7:0]         to;  // thermometer: to[i] is a step that ends loops 0 .. i-1
  logic [KC-1:0]      kc;
  logic [KR-1:0]      kr;
  logic [LOW_CW-1:0]  low_c;
  logic [LOW_RW-1:0]  low_r;
  logic [HIGH_CW-1:0] high_c;
  logic [HIGH_RW-1:0] high_r;
  logic [9:0]         unused;
  assign to[0] = step;
  for (genvar i = 1; i < 8; i = i + 1) begin : gen_to
    assign to[i] = step && &last[i-1:0];
  end
  bnn_window_loop #(.N(FOLD_G)) u_c (
    .clk, .rst, .step(to[0]), .last(last[0]), .low(unused[0]), .high(unused[1])
  );
  bnn_window_loop #(.N(KC), .LOW(KC)) u_kc (
    .clk, .rst, .step(to[1]), .last(last[1]), .low(kc), .high(unused[2])
  );
  bnn_window_loop #(.N(KR), .LOW(KR)) u_kr (
    .clk, .rst, .step(to[2]), .last(last[2]), .low(kr), .high(unused[3])
  );
  bnn_window_loop #(.N(PASSES)) u_pass (
    .clk, .rst, .step(to[3]), .last(last[3]), .low(unused[4]), .high(unused[5])
  );
  bnn_window_loop #(.N(GROUPS)) u_group (
    .clk, .rst, .step(to[4]), .last(last[4]), .low(unused[6]), .high(unused[7])
  );
  bnn_window_loop #(.N(OW), .LOW(LOW_C), .HIGH(HIGH_C)) u_x (
    .clk, .rst, .step(to[5]), .last(last[5]), .low(low_c), .high(high_c)
  );
  bnn_window_loop #(.N(OH), .LOW(LOW_R), .HIGH(HIGH_R)) u_y (
    .clk, .rst, .step(to[6]), .last(last[6]), .low(low_r), .high(high_r)
  );

  always_comb begin  // each combination of a position in the kernel and one of the window at a border
    pad = 1'b0;
    for (int k = 0; k < KC; k = k + 1) begin
      for (int i = 0; i < LOW_C; i = i + 1)
        if (i * STRIDE_C - PAD_L + k * DIL_C < 0) pad = pad || (kc[k] && low_c[i]);
      for (int i = 0; i < HIGH_C; i = i + 1)
        if (OVER_C - i * STRIDE_C > REACH_C - k * DIL_C) pad = pad || (kc[k] && high_c[i]);
    end
    for (int k = 0; k < KR; k = k + 1) begin
      for (int i = 0; i < LOW_R; i = i + 1)
        if (i * STRIDE_R - PAD_T + k * DIL_R < 0) pad = pad || (kr[k] && low_r[i]);
      for (int i = 0; i < HIGH_R; i = i + 1)
        if (OVER_R - i * STRIDE_R > REACH_R - k * DIL_R) pad = pad || (kr[k] && high_r[i]);
    end
  end

  // Padding is always there, but a frame's first beat waits for the frame: for as many words as make
  // the comparison smallest.
  localparam int FIRST_R = REACH_R - PAD_T < ROWS ? REACH_R - PAD_T : 0;
  localparam int BEGIN_AT = rounded(OFFSET, OFFSET + FIRST_R * COLS * FOLD_C);
  logic begun;
  assign begun = OFFSET == 0 || $signed(fill_q) >= $signed(FILL_W'(BEGIN_AT));
  assign there = pad ? !begin_q || begun : !fill_q[FILL_W-1];

  // What is added to rd_q and to fill_q: constants, one for each loop that may end, and for the latter
  // one for each of these and a word that is written.
  logic [FILL_W-1:0] forth, back;
  always_comb begin
    forth = '0;
    if (to[0]) forth = FILL_W'(1);
    if (to[1]) forth = FILL_W'(TO_KC);
    if (to[2]) forth = FILL_W'(TO_KR);
    if (to[3]) forth = FILL_W'(TO_P);
    if (to[4]) forth = FILL_W'(TO_G);
    if (to[5]) forth = FILL_W'(TO_X);
    if (to[6]) forth = FILL_W'(TO_Y);
    if (to[7]) forth = FILL_W'(TO_F);
    back = FILL_W'(write) - forth;
  end

  axis_fifo_ram #(
    .W(SIMD * IN_W), .ADDR_W(ADDR_W), .FILL({SIMD{IN_W'(PAD_VALUE)}}), .BLOCK(RAM_BLOCK)
  ) u_ram (
    .clk, .write, .wr(wr_q), .word(s_axis_tdata), .en, .fill(pad), .rd(rd_q), .data(m_axis_tdata)
  );

  // A corner has fill_q + 1 words from it on.
  logic [USED_W-1:0] corner;
  assign corner = USED_W'($signed(fill_q)) - USED_W'(WORDS);
  always_ff @(posedge clk) begin
    if (rst) begin
      valid_q         <= 1'b0;
      start_q         <= 1'b1;
      begin_q         <= 1'b1;
      rd_q            <= ADDR_W'(-OFFSET);
      wr_q            <= '0;
      fill_q          <= FILL_W'(OFFSET - 1);
      used_q  <= '0;
    end else begin
      if (en) valid_q <= there;
      if (step) begin
        start_q <= to[5];
        begin_q <= to[7];
      end
      rd_q   <= rd_q + forth[ADDR_W-1:0];
      wr_q   <= wr_q + ADDR_W'(write);
      fill_q <= fill_q + back;
      used_q <= (start_q ? corner : used_q) + USED_W'({start_q && write, start_q != write});
    end
  end
endmodule
`default_nettype wire
