// SPDX-License-Identifier: Apache-2.0
// bnn_affine - integers to codes: two multiply-adds per channel, one factor shared by all channels.
//
// Function  y = min(max((A[c] * x + B[c] * q + C[cls][c]) >>> SHIFT, LO), HI); >>> rounds down. x comes
//           per channel, q once per pixel: AdaBin's match counts and its sum of activation bits. cls is
//           the class of the pixel, see bnn_border.
// Spec      affine() in bnn_affine_ref.py; equal for every input.
// Order     s0_axis: x, PE channels per beat, channel 0 lowest, N / PE beats per pixel, ROWS * COLS
//           pixels per frame, counted from reset. s1_axis: q, one beat per pixel. m_axis: y, as x.
//           PARAMS, word 0 lowest: word cls * N / PE + fold has PE fields {C, B, A} of OFFS_W + SHARE_W
//           + COEF_W bits, PE 0 lowest; the words of a channel all have the same A and B. UNIT = 1: A
//           is +-2 ** UNIT_SHIFT, its field one bit, 1 for negative. y is unsigned, or signed if
//           LO < 0. CLAMP = 0: no limits (LO and HI are not read); every result must fit OUT_W bits.
// Input     two q wait here; a beat of x is not taken before the q of its pixel has been, which leaves
//           with the pixel's last beat. So what brings both from one source has to hold the x that
//           comes before its q.
// Timing    1 beat per clk; latency_clk() of bnn_affine_ref.py from s0_axis to m_axis, 1 clk more from
//           s1_axis: with DSP = 1 UNIT ? 4 : 5. With DSP = 0: 3 + L, L the adder levels of bnn_affine_sum.
// Structure DSP = 1: products by `*` between registers without reset, as a DSP48 has them. DSP = 0:
//           digits of A and B in adders. y of one bit, 0 or 1, is x's sum at least 2 ** SHIFT: that is
//           taken off C, and y is a sign. Two words of y wait for the reader behind all that.
// Memory    LUTs; A and B only once, not per class. ROM_BLOCK = 1: block RAM, from PARAMS_FILE.
// Limits    PE divides N; LO <= HI, both fit OUT_W < 31 (with CLAMP = 0 no limit); 0 <= SHIFT <= 40;
//           products and C of at most 60 bits, else elaboration stops and says which.
`default_nettype none
module bnn_affine #(
  parameter int N           = 16,  // channels per pixel
  parameter int PE          = 4,   // channels per clk
  parameter int IN_W        = 8,
  parameter int IN_SIGNED   = 0,   // 1: x is two's complement
  parameter int Q_W         = 8,
  parameter int Q_SIGNED    = 0,
  parameter int COEF_W      = 8,   // A, signed; not read with UNIT = 1
  parameter int SHARE_W     = 8,   // B, signed
  parameter int OFFS_W      = 16,  // C, signed
  parameter int SHIFT       = 0,
  parameter int OUT_W       = 4,
  parameter int LO          = 0,
  parameter int HI          = 15,
  parameter int CLAMP       = 1,   // 0: no limits
  parameter int UNIT        = 0,   // 1: A is +-2 ** UNIT_SHIFT
  parameter int UNIT_SHIFT  = 0,
  parameter     PARAMS      = 1'b0,
  parameter     PARAMS_FILE = "",
  parameter int ROM_BLOCK   = 0,
  parameter int ROWS        = 1,   // of the map, if borders are classes of their own
  parameter int COLS        = 1,
  parameter int CLASSES_R   = 1,
  parameter int CLASSES_C   = 1,
  parameter     ROW_CLASS   = 1'b0,
  parameter     COL_CLASS   = 1'b0,
  parameter int DSP         = 1,   // 1: products in DSP48, 0: in LUTs
  parameter int PRIM        = 0    // see bnn_lut6_2
) (
  input  wire logic                clk,
  input  wire logic                rst,
  input  wire logic [PE*IN_W-1:0]  s0_axis_tdata,
  input  wire logic                s0_axis_tvalid,
  output      logic                s0_axis_tready,
  input  wire logic [Q_W-1:0]      s1_axis_tdata,
  input  wire logic                s1_axis_tvalid,
  output      logic                s1_axis_tready,
  output      logic [PE*OUT_W-1:0] m_axis_tdata,
  output      logic                m_axis_tvalid,
  input  wire logic                m_axis_tready
);
  localparam int FOLD   = N / PE;
  localparam int DEPTH  = FOLD * CLASSES_R * CLASSES_C;
  localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int FOLD_W = FOLD > 1 ? $clog2(FOLD) : 1;
  localparam int A_W    = UNIT != 0 ? 1 : COEF_W;
  localparam int SIGN   = CLAMP != 0 && OUT_W == 1 && LO == 0 && HI == 1 && ROM_BLOCK == 0 ? 1 : 0;
  localparam int LEAST  = LO < 0 ? -(1 << (OUT_W - 1)) : 0;
  localparam int MOST   = LEAST + (1 << OUT_W) - 1;

  if (N % PE != 0 || SHIFT < 0 || SHIFT > 40 || IN_W + (UNIT != 0 ? UNIT_SHIFT : COEF_W) > 60 ||
      Q_W + SHARE_W > 60 || OFFS_W > 60 ||
      (CLAMP != 0 && (OUT_W > 30 || LO > HI || LO < LEAST || HI > MOST))) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_affine: PE=%0d must divide N=%0d; LO=%0d .. HI=%0d must fit OUT_W=%0d; SHIFT=%0d",
             PE, N, LO, HI, OUT_W, SHIFT);
  end

  // A and B per channel, C per class and channel
  localparam int PAR_W = OFFS_W + SHARE_W + A_W;
  localparam int AB_W  = SHARE_W + A_W;
  localparam logic [DEPTH*PE*PAR_W-1:0] PAR = (DEPTH*PE*PAR_W)'(PARAMS);
  function automatic logic [FOLD*PE*AB_W-1:0] factors();
    int i;
    logic [FOLD*PE*AB_W-1:0] t;
    for (i = 0; i < FOLD * PE; i = i + 1) t[i*AB_W+:AB_W] = PAR[i*PAR_W+:AB_W];
    return t;
  endfunction
  // field i of C, less the threshold where the sign of the sum is the result
  function automatic logic signed [63:0] offset(input int i);
    logic signed [63:0] c;
    c = {{(64 - OFFS_W) {PAR[i*PAR_W+PAR_W-1]}}, PAR[i*PAR_W+AB_W+:OFFS_W]};
    return SIGN != 0 ? c - (64'sd1 <<< SHIFT) : c;
  endfunction
  function automatic int offset_bits();  // of two's complement, for all fields
    int i, bits;
    logic signed [63:0] c;
    bits = 1;
    for (i = 0; i < DEPTH * PE; i = i + 1) begin
      c = offset(i) >>> (bits - 1);
      for (int k = 0; k < 64 && c != 0 && c != -1; k = k + 1) begin
        bits = bits + 1;
        c    = c >>> 1;
      end
    end
    return bits;
  endfunction

  // bits of the sum, from the largest magnitudes of its three parts
  localparam logic [63:0] X_MAG = IN_SIGNED != 0 ? 64'd1 << (IN_W - 1) : (64'd1 << IN_W) - 1;
  localparam logic [63:0] Q_MAG = Q_SIGNED != 0 ? 64'd1 << (Q_W - 1) : (64'd1 << Q_W) - 1;
  localparam logic [63:0] C_MAG = 64'd1 << ((ROM_BLOCK != 0 ? OFFS_W : offset_bits()) - 1);
  localparam logic [63:0] MAG = (X_MAG << (UNIT != 0 ? UNIT_SHIFT : COEF_W - 1)) +
                                (Q_MAG << (SHARE_W - 1)) + C_MAG;
  localparam int SUM_W = $clog2(MAG + 1) + 1;
  localparam int Y_W   = SUM_W > SHIFT ? SUM_W - SHIFT : 1;
  // a sign is wanted inverted: so is the highest bit of C, modulo 2 ** SUM_W
  localparam int C_W = ROM_BLOCK != 0 ? OFFS_W : SIGN != 0 ? SUM_W : offset_bits();
  function automatic logic [DEPTH*PE*C_W-1:0] offsets();
    int i;
    logic [DEPTH*PE*C_W-1:0] t;
    for (i = 0; i < DEPTH * PE; i = i + 1)
      t[i*C_W+:C_W] = C_W'(offset(i)) ^ (SIGN != 0 ? C_W'(1) << (C_W - 1) : '0);
    return t;
  endfunction

  logic [Q_W-1:0]      q;
  logic                q_valid, q_read, fire, last, en, ready_q;
  logic [ADDR_W-1:0]   addr;
  logic [FOLD_W-1:0]   fold;
  logic [PE*SUM_W-1:0] sum;
  logic [PE*OUT_W-1:0] y;
  logic                sum_valid;

  bnn_replay #(.W(Q_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_share (
    .clk, .rst, .s_axis_tdata(s1_axis_tdata), .s_axis_tvalid(s1_axis_tvalid),
    .s_axis_tready(s1_axis_tready), .m_axis_tdata(q), .m_axis_tvalid(q_valid), .m_axis_tready(q_read)
  );
  assign fire   = s0_axis_tvalid && ready_q;
  assign last   = FOLD == 1 || fold == FOLD_W'(FOLD - 1);
  assign q_read = fire && last;

  // ready is what the next clk will have: a q, and en. Both buffers are ready exactly while their
  // second word is empty (the clk behind a reset aside, where the first one is empty, too).
  logic q_stays, room;
  assign q_stays = q_valid && (!q_read || !s1_axis_tready);
  assign room    = !m_axis_tvalid || m_axis_tready || (en && !sum_valid);
  always_ff @(posedge clk) begin
    if (rst) ready_q <= 1'b0;
    else ready_q <= room && (q_stays || (s1_axis_tvalid && s1_axis_tready));
  end
  assign s0_axis_tready = ready_q;

  bnn_border #(
    .FOLD(FOLD), .ROWS(ROWS), .COLS(COLS), .CLASSES_R(CLASSES_R), .CLASSES_C(CLASSES_C),
    .ROW_CLASS(ROW_CLASS), .COL_CLASS(COL_CLASS)
  ) u_border (.clk, .rst, .step(fire), .addr, .fold);

  bnn_affine_products #(
    .FOLD(FOLD), .PE(PE), .CLASSES(CLASSES_R * CLASSES_C), .X_W(IN_W), .X_SIGNED(IN_SIGNED),
    .Q_W(Q_W), .Q_SIGNED(Q_SIGNED), .COEF_W(A_W), .SHARE_W(SHARE_W), .C_W(C_W), .UNIT(UNIT),
    .UNIT_SHIFT(UNIT_SHIFT),
    .FACTORS(factors()), .OFFSETS(offsets()), .FILE(PARAMS_FILE), .BLOCK(ROM_BLOCK),
    .SUM_W(SUM_W), .SIGN(SIGN), .DSP(DSP), .PRIM(PRIM)
  ) u_sum (.clk, .rst, .en, .valid(fire), .addr, .fold, .x(s0_axis_tdata), .q, .sum, .sum_valid);

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_out
    logic signed [SUM_W-1:0] all, shifted;
    assign all     = sum[p*SUM_W+:SUM_W];
    assign shifted = all >>> SHIFT;
    if (SIGN != 0) begin : gen_sign
      assign y[p] = all[SUM_W-1];
    end else if (CLAMP != 0) begin : gen_clamp
      bnn_clamp #(.IN_W(Y_W), .OUT_W(OUT_W), .LO(LO), .HI(HI), .PRIM(PRIM)) u_clamp (
        .x(shifted[Y_W-1:0]), .y(y[p*OUT_W+:OUT_W])
      );
    end else begin : gen_fits
      assign y[p*OUT_W+:OUT_W] = OUT_W'(shifted);
    end
    logic unused;
    assign unused = &{1'b0, shifted};
  end

  // its ready, a register, is the enable of all that is in front of it
  bnn_replay #(.W(PE * OUT_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_output (
    .clk, .rst, .s_axis_tdata(y), .s_axis_tvalid(sum_valid), .s_axis_tready(en),
    .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
  );
endmodule
`default_nettype wire
