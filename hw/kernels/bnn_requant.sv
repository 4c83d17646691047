// SPDX-License-Identifier: Apache-2.0
// bnn_requant - integers to codes: one multiply-add per channel, a shift, limits.
//
// Function  y = min(max((A[c] * x + B[cls][c]) >>> SHIFT, LO), HI); >>> rounds down. cls is the class of
//           the pixel, see bnn_border: what a border adds to a convolution is taken off by B.
// Spec      requant() in bnn_requant_ref.py; equal for every input.
// Order     PE channels per beat, channel 0 lowest; N / PE beats per pixel, ROWS * COLS pixels per
//           frame, counted from reset. PARAMS, word 0 lowest: word cls * N / PE + fold has PE fields
//           {B, A} of OFFS_W + COEF_W bits, PE 0 lowest; the words of a channel all have the same A.
//           UNIFORM = 1: parameters A0 and B0 for all, no memory. y is unsigned, or signed if LO < 0.
//           CLAMP = 0: no limits (LO and HI are not read); the caller sees to it that every result
//           fits OUT_W bits.
// Timing    1 beat per clk; 4 clk from s_axis to m_axis: operands, product and sum are registers
//           without reset, so that synthesis can put them into a DSP48. 1 clk where A0 is 1 or another
//           power of two, or its negative, for all: there is no product. Two words wait for the
//           reader in front of the product or behind it, where they are narrower.
// Memory    LUTs; A only once, not per class. ROM_BLOCK = 1: block RAM, from PARAMS_FILE ($readmemh).
// Limits    PE divides N; LO <= HI, both fit OUT_W < 31 (with CLAMP = 0 no limit); SHIFT >= 0, else
//           elaboration stops and says which.
`default_nettype none
module bnn_requant #(
  parameter int N           = 16,  // channels per pixel
  parameter int PE          = 4,   // channels per clk
  parameter int IN_W        = 8,
  parameter int IN_SIGNED   = 0,   // 1: x is two's complement
  parameter int COEF_W      = 8,   // A, signed
  parameter int OFFS_W      = 16,  // B, signed
  parameter int SHIFT       = 0,
  parameter int OUT_W       = 4,
  parameter int LO          = 0,
  parameter int HI          = 15,
  parameter int CLAMP       = 1,   // 0: no limits
  parameter int UNIFORM     = 0,   // 1: A0 and B0 for every channel
  parameter int A0          = 1,
  parameter int B0          = 0,
  parameter     PARAMS      = 1'b0,
  parameter     PARAMS_FILE = "",
  parameter int ROM_BLOCK   = 0,
  parameter int ROWS        = 1,   // of the map, if borders are classes of their own
  parameter int COLS        = 1,
  parameter int CLASSES_R   = 1,
  parameter int CLASSES_C   = 1,
  parameter     ROW_CLASS   = 1'b0,
  parameter     COL_CLASS   = 1'b0,
  parameter int PRIM        = 0    // see bnn_lut6_2
) (
  input  wire logic                clk,
  input  wire logic                rst,
  input  wire logic [PE*IN_W-1:0]  s_axis_tdata,
  input  wire logic                s_axis_tvalid,
  output      logic                s_axis_tready,
  output      logic [PE*OUT_W-1:0] m_axis_tdata,
  output      logic                m_axis_tvalid,
  input  wire logic                m_axis_tready
);
  localparam int FOLD    = N / PE;
  localparam int DEPTH   = FOLD * CLASSES_R * CLASSES_C;
  localparam int FACTOR  = A0 < 0 ? -A0 : A0 == 0 ? 1 : A0;
  localparam int PRODUCT = UNIFORM == 0 || (FACTOR & (FACTOR - 1)) != 0 ? 1 : 0;
  // x, A and B as signed numbers; A0 and B0 are as wide as they need to be
  localparam int X_W    = IN_W + (IN_SIGNED != 0 ? 0 : 1);
  localparam int A_W    = UNIFORM != 0 ? $clog2(FACTOR + 1) + 1 : COEF_W;
  localparam int B_W    = UNIFORM != 0 ? $clog2((B0 < 0 ? -B0 : B0) + 1) + 1 : OFFS_W;
  localparam int PROD_W = X_W + (UNIFORM != 0 ? $clog2(FACTOR) + 1 : COEF_W);
  localparam int SUM_W  = (PROD_W > B_W ? PROD_W : B_W) + 1;
  localparam int Y_W    = SUM_W > SHIFT ? SUM_W - SHIFT : 1;
  localparam int EARLY  = CLAMP == 0 && PRODUCT != 0 && IN_W < OUT_W ? 1 : 0;  // words wait in front
  localparam int LEAST  = LO < 0 ? -(1 << (OUT_W - 1)) : 0;
  localparam int MOST   = LEAST + (1 << OUT_W) - 1;

  if (N % PE != 0 || SHIFT < 0 ||
      (CLAMP != 0 && (OUT_W > 30 || LO > HI || LO < LEAST || HI > MOST))) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_requant: PE=%0d must divide N=%0d; LO=%0d .. HI=%0d must fit OUT_W=%0d; SHIFT=%0d",
             PE, N, LO, HI, OUT_W, SHIFT);
  end

  localparam int PAR_W  = OFFS_W + COEF_W;
  localparam logic [DEPTH*PE*PAR_W-1:0] PAR = (DEPTH*PE*PAR_W)'(PARAMS);
  function automatic logic [FOLD*PE*COEF_W-1:0] factors();
    int i;
    logic [FOLD*PE*COEF_W-1:0] t;
    for (i = 0; i < FOLD * PE; i = i + 1) t[i*COEF_W+:COEF_W] = PAR[i*PAR_W+:COEF_W];
    return t;
  endfunction
  function automatic logic [DEPTH*PE*OFFS_W-1:0] offsets();
    int i;
    logic [DEPTH*PE*OFFS_W-1:0] t;
    for (i = 0; i < DEPTH * PE; i = i + 1) t[i*OFFS_W+:OFFS_W] = PAR[i*PAR_W+COEF_W+:OFFS_W];
    return t;
  endfunction

  logic [PE*IN_W-1:0]  in_data;
  logic [PE*SUM_W-1:0] sum;
  logic [PE*OUT_W-1:0] y;
  logic                in_valid, sum_valid, en;

  if (PRODUCT == 0) begin : gen_shifted
    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      logic signed [X_W-1:0] x;
      if (IN_SIGNED != 0) begin : gen_signed
        assign x = in_data[p*IN_W+:IN_W];
      end else begin : gen_unsigned
        assign x = {1'b0, in_data[p*IN_W+:IN_W]};
      end
      assign sum[p*SUM_W+:SUM_W] = SUM_W'(x) * SUM_W'($signed(A0)) + SUM_W'($signed(B0));
    end
    assign sum_valid = in_valid;
    logic unused;
    assign unused = en;
  end else begin : gen_product
    logic [PE*IN_W-1:0]   x_q;
    logic [PE*A_W-1:0]    a_q;
    logic [PE*B_W-1:0]    b_q;
    logic [2:0]           valid_q;
    assign sum_valid = valid_q[2];
    always_ff @(posedge clk) begin
      if (en) x_q <= in_data;
      if (rst) valid_q <= '0;
      else if (en) valid_q <= {valid_q[1:0], in_valid};
    end

    if (UNIFORM != 0) begin : gen_uniform
      assign a_q = {PE{A_W'($signed(A0))}};
      assign b_q = {PE{B_W'($signed(B0))}};
    end else begin : gen_memory
      localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1;
      localparam int FOLD_W = FOLD > 1 ? $clog2(FOLD) : 1;
      logic [ADDR_W-1:0] addr;
      logic [FOLD_W-1:0] fold;
      bnn_border #(
        .FOLD(FOLD), .ROWS(ROWS), .COLS(COLS), .CLASSES_R(CLASSES_R), .CLASSES_C(CLASSES_C),
        .ROW_CLASS(ROW_CLASS), .COL_CLASS(COL_CLASS)
      ) u_border (.clk, .rst, .step(in_valid && en), .addr, .fold);
      if (ROM_BLOCK != 0 || DEPTH == FOLD) begin : gen_together
        logic [PE*PAR_W-1:0] par_q;
        bnn_rom #(
          .W(PE * PAR_W), .DEPTH(DEPTH), .DATA(PARAMS), .FILE(PARAMS_FILE), .BLOCK(ROM_BLOCK), .PRIM(PRIM)
        ) u_params (.clk, .en, .addr, .data(par_q));
        for (genvar p = 0; p < PE; p = p + 1) begin : gen_fields
          assign {b_q[p*B_W+:B_W], a_q[p*A_W+:A_W]} = par_q[p*PAR_W+:PAR_W];
        end
        logic unused;
        assign unused = &{1'b0, fold};
      end else begin : gen_apart
        bnn_rom #(.W(PE * COEF_W), .DEPTH(FOLD), .DATA(factors()), .PRIM(PRIM)) u_factors (
          .clk, .en, .addr(fold), .data(a_q)
        );
        bnn_rom #(.W(PE * OFFS_W), .DEPTH(DEPTH), .DATA(offsets()), .PRIM(PRIM)) u_offsets (
          .clk, .en, .addr, .data(b_q)
        );
      end
    end

    for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
      logic signed [X_W-1:0]    x;
      logic signed [A_W-1:0]    a;
      logic signed [B_W-1:0]    b2_q;
      logic signed [PROD_W-1:0] prod_q;
      logic signed [SUM_W-1:0]  sum_q;
      if (IN_SIGNED != 0) begin : gen_signed
        assign x = x_q[p*IN_W+:IN_W];
      end else begin : gen_unsigned
        assign x = {1'b0, x_q[p*IN_W+:IN_W]};
      end
      assign a = a_q[p*A_W+:A_W];
      always_ff @(posedge clk) begin
        if (en) begin
          prod_q <= PROD_W'(x) * PROD_W'(a);
          b2_q   <= b_q[p*B_W+:B_W];
          sum_q  <= SUM_W'(prod_q) + SUM_W'(b2_q);
        end
      end
      assign sum[p*SUM_W+:SUM_W] = sum_q;
    end
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_out
    logic signed [SUM_W-1:0] all, shifted;
    assign all     = sum[p*SUM_W+:SUM_W];
    assign shifted = all >>> SHIFT;
    if (CLAMP != 0) begin : gen_clamp
      bnn_clamp #(.IN_W(Y_W), .OUT_W(OUT_W), .LO(LO), .HI(HI), .PRIM(PRIM)) u_clamp (
        .x(shifted[Y_W-1:0]), .y(y[p*OUT_W+:OUT_W])
      );
    end else begin : gen_fits
      assign y[p*OUT_W+:OUT_W] = OUT_W'(shifted);
    end
    if (SUM_W > OUT_W || SUM_W > Y_W) begin : gen_unused
      logic unused;
      assign unused = &{1'b0, shifted};
    end
  end

  if (EARLY != 0) begin : gen_input
    bnn_replay #(.W(PE * IN_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input (
      .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
      .m_axis_tdata(in_data), .m_axis_tvalid(in_valid), .m_axis_tready(en)
    );
    assign en            = m_axis_tready || !m_axis_tvalid;
    assign m_axis_tdata  = y;
    assign m_axis_tvalid = sum_valid;
  end else begin : gen_output
    // its ready, a register, is the enable of all that is in front of it
    assign in_data  = s_axis_tdata;
    assign in_valid = s_axis_tvalid;
    assign en       = s_axis_tready;
    bnn_replay #(.W(PE * OUT_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_output (
      .clk, .rst, .s_axis_tdata(y), .s_axis_tvalid(sum_valid), .s_axis_tready,
      .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
    );
  end
endmodule
`default_nettype wire
