// SPDX-License-Identifier: Apache-2.0
// bnn_affine_products - bnn_affine's sums with A, B and C from memories, products in DSP48 or LUTs.
//
// Function  sum = A * x + B * q + C per lane, modulo 2 ** SUM_W. SIGN = 1: C comes with its highest
//           bit inverted, and that of sum, the only one that counts, says whether the sum is >= 0.
// Structure bnn_imvu_products multiplies. DSP = 1, UNIT = 1: C + x or C - x in LUTs waits for B * q;
//           one DSP48 multiplies and adds. UNIT = 0: A * x is a clk later than B * q + C, as a cascade
//           of two DSP48 needs it. DSP = 0: digits of products, C and x, added up by bnn_affine_sum.
// Order     FACTORS: word fold, PE fields {B, A}; OFFSETS: word addr, PE fields C; PE 0 lowest.
//           BLOCK = 1: FILE instead, a line per word addr, PE fields {C, B, A}.
// Timing    valid to sum_valid: DSP = 1: 3 clk, 4 with UNIT = 0. DSP = 0: 2 + LEVELS (see bnn_affine_sum).
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_affine_products #(
  parameter int FOLD       = 16,
  parameter int PE         = 4,
  parameter int CLASSES    = 1,
  parameter int X_W        = 8,
  parameter int X_SIGNED   = 0,
  parameter int Q_W        = 8,
  parameter int Q_SIGNED   = 0,
  parameter int COEF_W     = 1,   // bits of the field A
  parameter int SHARE_W    = 8,
  parameter int C_W        = 16,
  parameter int UNIT       = 1,
  parameter int UNIT_SHIFT = 0,
  parameter logic [FOLD*PE*(SHARE_W+COEF_W)-1:0] FACTORS = '0,
  parameter logic [FOLD*CLASSES*PE*C_W-1:0]      OFFSETS = '0,
  parameter     FILE       = "",
  parameter int BLOCK      = 0,
  parameter int SUM_W      = 20,
  parameter int SIGN       = 0,
  parameter int DSP        = 1,
  parameter int PRIM       = 0,
  localparam int ADDR_W = FOLD * CLASSES > 1 ? $clog2(FOLD * CLASSES) : 1,
  localparam int FOLD_W = FOLD > 1 ? $clog2(FOLD) : 1
) (
  input  wire logic                clk,
  input  wire logic                rst,
  input  wire logic                en,
  input  wire logic                valid,
  input  wire logic [ADDR_W-1:0]   addr,
  input  wire logic [FOLD_W-1:0]   fold,
  input  wire logic [PE*X_W-1:0]   x,
  input  wire logic [Q_W-1:0]      q,
  output      logic [PE*SUM_W-1:0] sum,
  output      logic                sum_valid
);
  localparam int AB_W = SHARE_W + COEF_W;
  localparam int XS_W = X_W + 1 - X_SIGNED;  // as signed numbers
  localparam int QS_W = Q_W + 1 - Q_SIGNED;
  localparam int P_W  = Q_W + SHARE_W;       // bits of B * q, and of A * x
  localparam int R_W  = X_W + COEF_W;
  localparam int N_P  = DSP != 0 ? 1 : (SHARE_W + 1) / 2;  // numbers that make them
  localparam int N_R  = UNIT != 0 || DSP != 0 ? 1 : (COEF_W + 1) / 2;
  localparam int N    = N_R + 1 + N_P;

  // 1 clk: operands
  logic [PE*SHARE_W-1:0] b;
  logic [PE*COEF_W-1:0]  a;
  logic [PE*C_W-1:0]     c, c_q;
  if (BLOCK != 0) begin : gen_block
    localparam int PAR_W = C_W + AB_W;
    logic [PE*PAR_W-1:0] par;
    bnn_rom #(.W(PE * PAR_W), .DEPTH(FOLD * CLASSES), .FILE(FILE), .BLOCK(1)) u_params (
      .clk, .en, .addr, .data(par)
    );
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_fields
      assign {c[p*C_W+:C_W], b[p*SHARE_W+:SHARE_W], a[p*COEF_W+:COEF_W]} = par[p*PAR_W+:PAR_W];
    end
    logic unused;
    assign unused = &{1'b0, fold};
  end else begin : gen_luts
    logic [PE*AB_W-1:0] ab;
    bnn_rom #(.W(PE * AB_W), .DEPTH(FOLD), .DATA(FACTORS), .PRIM(PRIM)) u_factors (
      .clk, .en, .addr(fold), .data(ab)
    );
    bnn_rom #(.W(PE * C_W), .DEPTH(FOLD * CLASSES), .DATA(OFFSETS), .PRIM(PRIM)) u_offsets (
      .clk, .en, .addr, .data(c)
    );
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_fields
      assign {b[p*SHARE_W+:SHARE_W], a[p*COEF_W+:COEF_W]} = ab[p*AB_W+:AB_W];
    end
  end

  logic [PE*XS_W-1:0] xs, xs_q;
  logic [QS_W-1:0]    qs;
  assign qs = Q_SIGNED != 0 ? QS_W'($signed(q)) : QS_W'(q);
  for (genvar p = 0; p < PE; p = p + 1) begin : gen_x
    assign xs[p*XS_W+:XS_W] = X_SIGNED != 0 ? XS_W'($signed(x[p*X_W+:X_W])) : XS_W'(x[p*X_W+:X_W]);
  end
  always_ff @(posedge clk) begin
    if (en) begin
      xs_q <= xs;
      c_q  <= c;
    end
  end

  // 2 clk: B * q
  logic [PE*N_P*P_W-1:0] shares;
  bnn_imvu_products #(
    .SIMD(1), .PE(PE), .XW(QS_W), .W_W(SHARE_W), .NW(P_W), .DSP(DSP), .PRIM(PRIM)
  ) u_shares (.clk, .en, .x(qs), .w(b), .numbers(shares));

  function automatic int latency();
    int n, l;
    if (DSP != 0) return UNIT != 0 ? 3 : 4;
    l = 2;
    for (n = N; n > 1; n = n == 2 ? 1 : n / 3 + n % 3) l = l + 1;
    return l;
  endfunction
  localparam int LATENCY = latency();
  logic [LATENCY-1:0] valid_q;
  assign sum_valid = valid_q[LATENCY-1];
  always_ff @(posedge clk) begin
    if (rst) valid_q <= '0;
    else if (en) valid_q <= {valid_q[LATENCY-2:0], valid};
  end
  // a product's digit is at most three times the other factor; the lowest two bits first
  function automatic logic [N*64-1:0] mags();
    logic [N*64-1:0] t;
    t = '0;
    for (int i = 0; i < N_R; i = i + 1) t[64*i+:64] = 64'd3 << (XS_W - 1 + 2 * i);
    if (UNIT != 0) t[63:0] = 64'd1 << (XS_W - 1 + UNIT_SHIFT);
    t[64*N_R+:64] = 64'd1 << (C_W - 1);
    for (int i = 0; i < N_P; i = i + 1) t[64*(N_R+1+i)+:64] = 64'd3 << (QS_W - 1 + 2 * i);
    return t;
  endfunction
  function automatic logic [N*8-1:0] lows();
    logic [N*8-1:0] t;
    t = '0;
    for (int i = 0; i < N_R; i = i + 1) t[8*i+:8] = UNIT != 0 ? 8'(UNIT_SHIFT) : 8'(2 * i);
    for (int i = 0; i < N_P; i = i + 1) t[8*(N_R+1+i)+:8] = 8'(2 * i);
    return t;
  endfunction
  localparam logic [N*64-1:0] MAGS = mags();  // once, not per lane
  localparam logic [N*8-1:0]  LOWS = lows();

  if (DSP != 0 && UNIT != 0) begin : gen_add_x
    localparam int BOTH = (C_W > XS_W + UNIT_SHIFT ? C_W : XS_W + UNIT_SHIFT) + 1;
    localparam int T_W  = BOTH < SUM_W ? BOTH : SUM_W;
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      logic [T_W-1:0] t, t_q;
      logic [SUM_W-1:0] sum_q;
      bnn_affine_add3 #(.W(T_W), .PRIM(PRIM)) u_add (
        .a(T_W'($signed(xs_q[p*XS_W+:XS_W])) << UNIT_SHIFT), .b(T_W'($signed(c[p*C_W+:C_W]))),
        .d(T_W'(0)), .neg(a[p]), .sum(t)
      );
      always_ff @(posedge clk) begin
        if (en) begin
          t_q   <= t;
          sum_q <= SUM_W'($signed(shares[p*P_W+:P_W])) + SUM_W'($signed(t_q));
        end
      end
      assign sum[p*SUM_W+:SUM_W] = sum_q;
    end
    logic unused;
    assign unused = &{1'b0, c_q, a};
  end else if (DSP != 0) begin : gen_cascade
    logic [PE*COEF_W-1:0] a_q;
    always_ff @(posedge clk) if (en) a_q <= a;
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      logic [R_W-1:0]   r;
      logic [SUM_W-1:0] first_q, sum_q;
      bnn_imvu_products #(.SIMD(1), .PE(1), .XW(XS_W), .W_W(COEF_W), .NW(R_W), .DSP(1), .PRIM(PRIM))
      u_product (
        .clk, .en, .x(xs_q[p*XS_W+:XS_W]), .w(a_q[p*COEF_W+:COEF_W]), .numbers(r)
      );
      always_ff @(posedge clk) begin
        if (en) begin
          first_q <= SUM_W'($signed(shares[p*P_W+:P_W])) + SUM_W'($signed(c_q[p*C_W+:C_W]));
          sum_q   <= SUM_W'($signed(r)) + first_q;
        end
      end
      assign sum[p*SUM_W+:SUM_W] = sum_q;
    end
  end else begin : gen_digits
    logic [PE-1:0] neg;
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      logic [N*SUM_W-1:0] numbers;
      if (UNIT != 0) begin : gen_unit
        logic [XS_W-1:0] x2_q;
        logic            neg_q;
        always_ff @(posedge clk) begin
          if (en) begin
            x2_q  <= xs_q[p*XS_W+:XS_W];
            neg_q <= a[p];
          end
        end
        assign neg[p] = neg_q;
        assign numbers[0+:SUM_W] = SUM_W'($signed(x2_q)) << UNIT_SHIFT;
      end else begin : gen_coef
        logic [N_R*R_W-1:0] r;
        bnn_imvu_products #(.SIMD(1), .PE(1), .XW(XS_W), .W_W(COEF_W), .NW(R_W), .DSP(0), .PRIM(PRIM))
        u_product (
          .clk, .en, .x(xs[p*XS_W+:XS_W]), .w(a[p*COEF_W+:COEF_W]), .numbers(r)
        );
        for (genvar i = 0; i < N_R; i = i + 1) begin : gen_number
          assign numbers[i*SUM_W+:SUM_W] = SUM_W'($signed(r[i*R_W+:R_W]));
        end
        assign neg[p] = 1'b0;
      end
      assign numbers[N_R*SUM_W+:SUM_W] = SUM_W'($signed(c_q[p*C_W+:C_W]));
      for (genvar i = 0; i < N_P; i = i + 1) begin : gen_number
        assign numbers[(N_R+1+i)*SUM_W+:SUM_W] = SUM_W'($signed(shares[(p*N_P+i)*P_W+:P_W]));
      end
      bnn_affine_sum #(
        .N(N), .W(SUM_W), .LOWS(LOWS), .MAGS(MAGS), .SIGN(SIGN), .PRIM(PRIM)
      ) u_sum (.clk, .en, .numbers, .neg(neg[p]), .sum(sum[p*SUM_W+:SUM_W]));
    end
    logic unused;
    assign unused = &{1'b0, xs_q};
  end
endmodule
`default_nettype wire
