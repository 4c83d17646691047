// SPDX-License-Identifier: Apache-2.0
// bnn_imvu - matrix-vector unit for integers: multiply, accumulate, sums out.
//
// Function  W_W > 1: s[r] = sum over columns c of w[r][c] * x[c], w signed. W_W = 1: w is a bit and
//           s[r] = sum of (w[r][c] ? x[c] : -1 - x[c]): the dot product with +-1, less the number of
//           weights -1 of the row. OUT_W bits, signed, modulo 2 ** OUT_W: see sum_bits().
//           GROUPS > 1: a block diagonal matrix, as in bnn_mvu.
// Spec      integer_dot() in bnn_imvu_ref.py; equal for every input.
// Order     x: SIMD columns of IN_W bits per beat, column 0 lowest. s: PE rows per beat, row 0 lowest.
//           WEIGHTS word fold_r * FOLD_C + fold_c holds w[pe][simd] of W_W bits each, simd fastest.
//           Word 0 is lowest. ROM_BLOCK = 1: the weights are WEIGHTS_FILE, for $readmemh, a word per
//           line, instead.
// Input     REPLAY as in bnn_mvu: 0: every vector comes FOLD_R / GROUPS times.
// Structure bnn_imvu_signs or bnn_imvu_products, then a bnn_imvu_sum per row.
// Timing    FOLD_C * FOLD_R clk per frame of GROUPS vectors without stalls, no bubbles. The first sum of
//           a vector sent without gaps into an idle unit appears FOLD_C + 2 + PIPE clk after its
//           first input beat was taken. PIPE = 0 where a row adds one term per clk (below), else
//           1 + the number of times that N can be divided by three, rounding up, until at most two
//           are left. Terms: W_W = 1: columns, three in one where PE >= 8. N: W_W = 1: pairs of terms,
//           rounding up. W_W > 1: SIMD, times (W_W + 1) / 2 where products are in LUTs: DSP = 0, or
//           IN_W or W_W is 2 or less, or their sum 8 or less.
// Limits    SIMD divides MW and PE divides MH / GROUPS, else elaboration stops and says which.
`default_nettype none
module bnn_imvu #(
  parameter int MW        = 27,  // matrix width: columns
  parameter int MH        = 64,  // matrix height: outputs per frame
  parameter int SIMD      = 3,   // columns per clk
  parameter int PE        = 16,  // rows per clk
  parameter int GROUPS    = 1,   // vectors per frame, blocks of the matrix
  parameter int REPLAY    = 1,   // 0: vectors come as often as they are needed
  parameter int IN_W      = 8,   // bits of x
  parameter int IN_SIGNED = 0,   // x is two's complement
  parameter int W_W       = 1,   // bits of a weight: 1: +-1, else two's complement
  parameter int OUT_W     = 14,  // bits of s, signed
  parameter     WEIGHTS      = 1'b0,
  parameter     WEIGHTS_FILE = "",
  parameter int ROM_BLOCK = 0,   // weights in 0: LUTs, 1: block RAM
  parameter int DSP       = 1,   // 1: products in DSP48 unless they are small, 0: in LUTs
  parameter int PRIM      = 0    // see bnn_lut6_2
) (
  input  wire logic                 clk,
  input  wire logic                 rst,            // synchronous, active high
  input  wire logic [SIMD*IN_W-1:0] s_axis_tdata,   // x
  input  wire logic                 s_axis_tvalid,
  output      logic                 s_axis_tready,
  output      logic [PE*OUT_W-1:0]  m_axis_tdata,   // s
  output      logic                 m_axis_tvalid,
  input  wire logic                 m_axis_tready
);
  localparam int FOLD_C = MW / SIMD;
  localparam int FOLD_R = MH / PE;
  localparam int FOLD   = FOLD_C * FOLD_R;
  localparam int ADDR_W = FOLD > 1 ? $clog2(FOLD) : 1;
  localparam int COL_W  = FOLD_C > 1 ? $clog2(FOLD_C) : 1;
  localparam int SENDS  = REPLAY != 0 ? FOLD_R / GROUPS : 1;
  localparam int XW     = IN_W + (IN_SIGNED != 0 ? 0 : 1);  // bits of x as a signed number

  // numbers that a row adds up per clk, and their bits
  localparam int SHARED = W_W == 1 && SIMD >= 3 && PE >= 8 ? 1 : 0;
  localparam int N3     = SHARED != 0 ? SIMD / 3 : 0;
  localparam int T      = SIMD - 2 * N3;
  // yosys makes no DSP48 of a product of less than nine bits
  localparam int IN_DSP = DSP != 0 && IN_W > 2 && W_W > 2 && IN_W + W_W > 8 ? 1 : 0;
  localparam int N      = W_W == 1 ? (T + 1) / 2 : SIMD * (IN_DSP != 0 ? 1 : (W_W + 1) / 2);
  localparam int NW     = W_W > 1 ? IN_W + W_W : XW + (SHARED != 0 ? 2 : 0) + (T > 1 ? 1 : 0);
  localparam int FULL_W = $clog2(MW) + (W_W > 1 ? IN_W + W_W : XW);  // holds every sum
  localparam int ACC_W  = OUT_W < FULL_W ? OUT_W : FULL_W;
  localparam logic [ACC_W-1:0] START = -ACC_W'(N3 * FOLD_C);  // see bnn_imvu_signs

  function automatic int levels();
    int n, l;
    l = 0;
    for (n = N; n > 2; n = (n + 2) / 3) l = l + 1;
    return l;
  endfunction
  localparam int PIPE = W_W == 1 && T == 1 ? 0 : 1 + levels();

  if (MW % SIMD != 0 || MH % (PE * GROUPS) != 0 || W_W < 1) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_imvu: SIMD=%0d must divide MW=%0d, PE=%0d MH=%0d / GROUPS=%0d, W_W=%0d >= 1",
             SIMD, MW, PE, MH, GROUPS, W_W);
  end

  logic                 en, fire, x_valid;
  logic [SIMD*IN_W-1:0] x_given;
  logic [SIMD*XW-1:0]   x;
  assign en   = m_axis_tready || !m_axis_tvalid;  // one enable: everything below stands or moves
  assign fire = x_valid && en;

  bnn_replay #(.W(SIMD * IN_W), .FOLD_C(FOLD_C), .FOLD_R(SENDS), .PRIM(PRIM)) u_replay (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(x_given), .m_axis_tvalid(x_valid), .m_axis_tready(en)
  );
  for (genvar c = 0; c < SIMD; c = c + 1) begin : gen_signed
    if (IN_SIGNED != 0) begin : gen_as_is
      assign x[c*XW+:XW] = x_given[c*IN_W+:IN_W];
    end else begin : gen_extended
      assign x[c*XW+:XW] = {1'b0, x_given[c*IN_W+:IN_W]};
    end
  end

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

  // x, then PIPE clk until its last number is added; valid_q and last_q go along
  logic [PIPE:0] valid_q, last_q;
  logic          sum_valid, sum_last, done_q;
  assign sum_valid     = valid_q[PIPE];
  assign sum_last      = last_q[PIPE];
  assign m_axis_tvalid = done_q;
  always_ff @(posedge clk) begin
    if (en) begin
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

  // of every three weights w: {keep, choice} of bnn_imvu_signs, {^w, ^w ? w[1:0] : ~w[1:0]}
  function automatic logic [FOLD*PE*SIMD-1:0] choices();
    logic [FOLD*PE*SIMD-1:0] given, t;
    logic w0, w1, w2;
    int i, c, at;
    given = (FOLD*PE*SIMD)'(WEIGHTS);
    t     = given;
    for (i = 0; i < FOLD * PE; i = i + 1)
      for (c = 0; c < N3; c = c + 1) begin
        at      = i * SIMD + 3 * c;
        w0      = given[at];
        w1      = given[at+1];
        w2      = given[at+2];
        t[at]   = w1 == w2;
        t[at+1] = w0 == w2;
        t[at+2] = w0 ^ w1 ^ w2;
      end
    return t;
  endfunction

  localparam int WORD_W = PE * SIMD * W_W;
  logic [WORD_W-1:0]  w_q;
  logic [PE*N*NW-1:0] numbers;
  logic [PE-1:0]      keep;
  if (SHARED != 0 && ROM_BLOCK == 0) begin : gen_choices
    bnn_rom #(.W(WORD_W), .DEPTH(FOLD), .DATA(choices()), .PRIM(PRIM)) u_weights (
      .clk, .en, .addr(addr_q), .data(w_q)
    );
  end else begin : gen_weights
    bnn_rom #(
      .W(WORD_W), .DEPTH(FOLD), .DATA(WEIGHTS), .FILE(WEIGHTS_FILE), .BLOCK(ROM_BLOCK), .PRIM(PRIM)
    ) u_weights (.clk, .en, .addr(addr_q), .data(w_q));
  end
  if (W_W == 1) begin : gen_signs
    logic [WORD_W-1:0] w;
    if (SHARED != 0 && ROM_BLOCK != 0) begin : gen_choice
      always_comb begin
        w = w_q;
        for (int i = 0; i < PE; i = i + 1)
          for (int at = i * SIMD; at < i * SIMD + 3 * N3; at = at + 3) begin
            w[at]   = w_q[at+1] == w_q[at+2];
            w[at+1] = w_q[at] == w_q[at+2];
            w[at+2] = w_q[at] ^ w_q[at+1] ^ w_q[at+2];
          end
      end
    end else begin : gen_as_is
      assign w = w_q;
    end
    bnn_imvu_signs #(.SIMD(SIMD), .PE(PE), .XW(XW), .SHARED(SHARED), .PRIM(PRIM)) u_signs (
      .clk, .en, .x, .w, .numbers, .keep
    );
  end else begin : gen_products
    assign keep = '1;
    bnn_imvu_products #(
      .SIMD(SIMD), .PE(PE), .XW(XW), .W_W(W_W), .NW(NW), .DSP(IN_DSP), .PRIM(PRIM)
    ) u_products (.clk, .en, .x, .w(w_q), .numbers);
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    logic             first;  // one per row: fan-out
    logic [ACC_W-1:0] sum;
    if (FOLD_C == 1) begin : gen_whole
      assign first = 1'b1;
    end else begin : gen_part
      logic first_q;
      assign first = first_q;
      always_ff @(posedge clk) begin
        if (rst) first_q <= 1'b1;
        else if (en && sum_valid) first_q <= sum_last;
      end
    end
    bnn_imvu_sum #(.N(N), .NW(NW), .ACC_W(ACC_W), .START(START), .PRIM(PRIM)) u_sum (
      .clk, .en, .numbers(numbers[p*N*NW+:N*NW]), .keep(keep[p]), .valid(sum_valid), .first, .sum
    );
    assign m_axis_tdata[p*OUT_W+:OUT_W] = OUT_W'($signed(sum));
  end
endmodule
`default_nettype wire
