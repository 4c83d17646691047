// SPDX-License-Identifier: Apache-2.0
// bnn_window_wide - sliding window: several taps, a whole window or several windows per clk.
//
// Function  for oy, group of M adjacent ox, pass, beat: SIMD values of each of the M windows, which are
//           those of bnn_window (kr, kc, c, the last one fastest). PASSES times the same.
// Spec      wide() in bnn_window_wide_ref.py; equal for every input. When: scan() there.
// Order     s_axis: PIX adjacent pixels of a row, the leftmost lowest, channel 0 lowest; words row by
//           row; frames counted from reset. m_axis: window m at bit m*SIMD*IN_W.
// Structure a position is where M windows begin, or what stride and the map's ends leave over: as many
//           per frame as words. Position p lags LAG words: with word p + LAG (through all frames) the last
//           pixel of its windows has come. Then one step, the joint one, takes that word, forms
//           the column of pixels that ends in it, and shifts the column into hist.
// Liveness  the last LAG positions of a frame need no word of the next one, so they wait for none: a step
//           without a word shifts hist, but not the lines. `ahead` positions were prepared in
//           that manner (after reset LAG, as behind a frame), and as many words are taken without a
//           position later: they go into the lines, and the last LAG_C also into their place in hist,
//           where only the next frame sees a difference. Lines that are late are read higher up.
// Timing    a position that sends nothing takes 1 clk, any other one its beats. A word without a position
//           takes the lines for a clk and goes first, so that nothing is later than if every
//           position waited for word p + LAG. LAG + 2 clk from the first word to the first beat.
// Limits    SIMD a multiple of C, SIMD / C divides KR*KC; PIX = M*STRIDE_C, or PIX = M = 1; PIX divides COLS,
//           M divides OW; every window begins inside the map or in front of it; PAD_T and PAD_L at
//           most (K-1)*DIL; LAG less than a frame. Else elaboration stops and says which.
`default_nettype none
module bnn_window_wide #(
  parameter int ROWS = 8, parameter int COLS = 8,
  parameter int C        = 4,   // channels
  parameter int SIMD     = 12,  // values of a window per clk
  parameter int M        = 1,   // windows per clk
  parameter int PIX      = 1,   // pixels per word of s_axis
  parameter int IN_W     = 1,   // bits per channel
  parameter int KR = 3, parameter int KC = 3,
  parameter int STRIDE_R = 1, parameter int STRIDE_C = 1,
  parameter int DIL_R = 1, parameter int DIL_C = 1,
  parameter int PAD_T = 0, parameter int PAD_L = 0, parameter int PAD_B = 0, parameter int PAD_R = 0,
  parameter int PAD_VALUE = 0,  // code of a padded channel
  parameter int PASSES    = 1
) (
  input  wire logic                   clk,
  input  wire logic                   rst,
  input  wire logic [PIX*C*IN_W-1:0]  s_axis_tdata,
  input  wire logic                   s_axis_tvalid,
  output      logic                   s_axis_tready,
  output      logic [M*SIMD*IN_W-1:0] m_axis_tdata,
  output      logic                   m_axis_tvalid,
  input  wire logic                   m_axis_tready
);
  function automatic int most(input int a, input int b);
    most = a > b ? a : b;
  endfunction

  localparam int REACH_R = (KR - 1) * DIL_R;
  localparam int REACH_C = (KC - 1) * DIL_C;
  localparam int OH      = (ROWS + PAD_T + PAD_B - REACH_R - 1) / STRIDE_R + 1;
  localparam int OW      = (COLS + PAD_L + PAD_R - REACH_C - 1) / STRIDE_C + 1;
  localparam int T       = most(SIMD / C, 1);  // taps per beat
  localparam int BEATS   = most(KR * KC / T, 1);
  localparam int ROW     = most(COLS / PIX, 1);  // words
  localparam int LAG_R   = REACH_R - PAD_T;
  localparam int LAG_C   = most((M - 1) * STRIDE_C + REACH_C - PAD_L, 0) / PIX;
  localparam int LAG     = LAG_R * ROW + LAG_C;

  if (SIMD != T * C || KR * KC != BEATS * T || (PIX != M * STRIDE_C && (PIX != 1 || M != 1)) ||
      COLS != ROW * PIX || OH < 1 || OW < 1 || OW % M != 0 || (OH - 1) * STRIDE_R >= ROWS ||
      (OW - 1) * STRIDE_C >= COLS || PAD_T > REACH_R || PAD_L > REACH_C || LAG >= ROWS * ROW) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_window_wide: SIMD=%0d must be a multiple of C=%0d with taps that divide KR*KC=%0d, PIX=%0d divide COLS=%0d and be M*STRIDE_C=%0d*%0d or 1 with M=1, M divide OW=%0d, OH=%0d and OW at least 1, (OH-1)*STRIDE_R below ROWS=%0d and (OW-1)*STRIDE_C below COLS, PAD_T=%0d and PAD_L=%0d at most %0d and %0d, LAG=%0d words below a frame",
             SIMD, C, KR * KC, PIX, COLS, M, STRIDE_C, OW, OH, ROWS, PAD_T, PAD_L, REACH_R, REACH_C, LAG);
  end

  localparam int WORD   = PIX * C * IN_W;
  localparam int ADDR_W = ROW > 1 ? $clog2(ROW) : 1;
  localparam int Y_W    = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int LAG_W  = LAG > 0 ? $clog2(LAG + 1) : 1;

  logic [WORD-1:0]   word;
  logic              word_valid, word_ready, take, free, step, valid_q, last_beat, last_pass;
  logic [ADDR_W-1:0] wr_q, rd;  // in the lines: of the next word, of the next step's word
  bnn_replay #(.W(WORD), .FOLD_C(1), .FOLD_R(1)) u_skid (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(word), .m_axis_tvalid(word_valid), .m_axis_tready(word_ready)
  );

  // Steps.
  logic              behind_q;  // ahead_q is not 0
  logic [LAG_W-1:0]  ahead_q;   // positions that were prepared before their word was taken
  logic              tail_q;    // the next position needs no more words
  logic              late_word, early;
  assign free       = !valid_q || (m_axis_tready && last_beat && last_pass);
  assign step       = free && (word_valid ? !behind_q : tail_q);
  assign early      = free && !word_valid && tail_q;
  assign word_ready = free || behind_q;
  assign take       = word_valid && word_ready;
  assign late_word  = word_valid && behind_q;
  always_ff @(posedge clk) begin
    if (rst) wr_q <= '0;
    else if (take) wr_q <= wr_q == ADDR_W'(ROW - 1) ? '0 : wr_q + 1'b1;
  end

  // Positions.
  logic [Y_W-1:0]  y;
  logic            end_x, end_y, emit_x, emit_y;
  logic [M*KC-1:0] mask_x;
  logic [KR-1:0]   mask_y;
  bnn_window_wide_axis #(
    .N(ROW), .SIZE(COLS), .PIX(PIX), .M(M), .COUNT(OW), .K(KC), .STRIDE(STRIDE_C), .DIL(DIL_C),
    .PAD(PAD_L), .START(LAG_C % ROW)
  ) u_x (
    .clk, .rst, .step, .take(step), .at(rd), .finish(end_x), .emit(emit_x), .mask(mask_x)
  );
  bnn_window_wide_axis #(
    .N(ROWS), .SIZE(ROWS), .COUNT(OH), .K(KR), .STRIDE(STRIDE_R), .DIL(DIL_R), .PAD(PAD_T)
  ) u_y (
    .clk, .rst, .step(step && end_x), .take(step), .at(y), .finish(end_y), .emit(emit_y),
    .mask(mask_y)
  );

  // The step with the last word of a frame begins the tail.
  localparam int Y_TAIL = (ROWS * ROW - LAG - 1) / ROW;
  if (LAG > 0) begin : gen_lag
    always_ff @(posedge clk) begin
      if (rst) begin
        tail_q   <= 1'b0;
        behind_q <= 1'b1;
        ahead_q  <= LAG_W'(LAG);
      end else begin
        if (step && rd == ADDR_W'(ROW - 1) && y == Y_W'(Y_TAIL)) tail_q <= 1'b1;
        else if (step && end_x && end_y) tail_q <= 1'b0;
        if (early) behind_q <= 1'b1;
        else if (late_word && ahead_q == LAG_W'(1)) behind_q <= 1'b0;
        if (early || late_word) ahead_q <= ahead_q + (LAG_W'(1) | {LAG_W{late_word}});  // or -1
      end
    end
  end else begin : gen_no_lag
    assign tail_q   = 1'b0;
    assign behind_q = 1'b0;
    assign ahead_q  = '0;
    logic unused;
    assign unused = &{1'b0, early, late_word, y, end_y};
  end

  // The column that ends in a word. Rows that a position in the tail sees below the map are masked; LATE
  // of those above them may be missing.
  localparam int LATE   = most((OH - 1) * STRIDE_R + LAG_R - ROWS, 0);
  localparam int LATE_W = most(LATE, 1);
  logic [LATE_W-1:0]  late;
  logic [KR*WORD-1:0] column;
  for (genvar i = 0; i < LATE_W; i = i + 1) begin : gen_late
    assign late[i] = LATE > 0 && !word_valid && ahead_q >= LAG_W'((i + 1) * ROW);
  end
  bnn_window_wide_lines #(.W(WORD), .DEPTH(ROW), .KR(KR), .DIL(DIL_R), .LATE(LATE)) u_lines (
    .clk, .word, .write(take), .wr(wr_q), .rd(late_word ? wr_q : rd), .late, .column
  );

  // What the windows span, a row of taps after the other, the oldest word lowest.
  localparam int LEFT = (PAD_L + PIX - 1) / PIX;  // words in front of the one with the first window
  localparam int HIST = LEFT + 1 + LAG_C;
  logic [KR*HIST*WORD-1:0] hist;
  for (genvar i = 0; i < HIST; i = i + 1) begin : gen_hist
    localparam int AGE = HIST - 1 - i;
    logic place, shift;  // where the word that is taken late belongs
    assign place = AGE < LAG_C && late_word && ahead_q == LAG_W'(AGE + 1);
    assign shift = step || place;
    for (genvar k = 0; k < KR; k = k + 1) begin : gen_row
      logic [WORD-1:0] pixels_q, pixels_d;
      assign hist[(k*HIST+i)*WORD+:WORD] = pixels_q;
      if (AGE == 0) begin : gen_newest
        assign pixels_d = column[k*WORD+:WORD];
      end else if (AGE < LAG_C) begin : gen_either
        assign pixels_d = late_word ? column[k*WORD+:WORD] : hist[(k*HIST+i+1)*WORD+:WORD];
      end else begin : gen_older
        assign pixels_d = hist[(k*HIST+i+1)*WORD+:WORD];
      end
      always_ff @(posedge clk) begin
        if (shift) pixels_q <= pixels_d;
      end
    end
  end

  // Beats.
  localparam int BEAT_W = BEATS > 1 ? $clog2(BEATS) : 1;
  logic [BEAT_W-1:0] beat_q;
  logic              sent;
  assign sent          = valid_q && m_axis_tready;
  assign m_axis_tvalid = valid_q;
  assign last_beat     = beat_q == BEAT_W'(BEATS - 1);
  always_ff @(posedge clk) begin
    if (rst) begin
      valid_q <= 1'b0;
      beat_q  <= '0;
    end else begin
      if (free) valid_q <= step && emit_x && emit_y;
      if (sent) beat_q <= last_beat ? '0 : beat_q + 1'b1;
    end
  end
  logic [1:0] unused_pass;
  bnn_window_loop #(.N(PASSES)) u_pass (
    .clk, .rst, .step(sent && last_beat), .last(last_pass), .low(unused_pass[0]),
    .high(unused_pass[1])
  );

  localparam int LANE = C * IN_W;
  localparam logic [LANE-1:0] PAD = {C{IN_W'(PAD_VALUE)}};
  for (genvar i = 0; i < M * T; i = i + 1) begin : gen_tap  // of a beat: tap i % T of window i / T
    logic [BEATS*LANE-1:0] pixels;  // in each beat
    logic [BEATS-1:0]      mask;
    for (genvar b = 0; b < BEATS; b = b + 1) begin : gen_beat
      localparam int R  = (b * T + i % T) / KC;
      localparam int X  = (b * T + i % T) % KC;
      localparam int AT = i / T * STRIDE_C - PAD_L + X * DIL_C + LEFT * PIX;  // pixel in hist
      assign pixels[b*LANE+:LANE] = hist[R*HIST*WORD+AT*LANE+:LANE];
      assign mask[b] = mask_y[R] || mask_x[i/T*KC+X];
    end
    for (genvar z = 0; z < LANE; z = z + 1) begin : gen_bit
      logic [BEATS-1:0] bits;
      for (genvar b = 0; b < BEATS; b = b + 1) begin : gen_beat
        assign bits[b] = pixels[b*LANE+z];
      end
      assign m_axis_tdata[i*LANE+z] = mask[beat_q] ? PAD[z] : bits[beat_q];
    end
  end
  logic unused;
  assign unused = &{1'b0, hist, unused_pass};
endmodule
`default_nettype wire
