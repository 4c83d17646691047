// SPDX-License-Identifier: Apache-2.0
// bnn_affine - one integer multiply-add per channel: y = A * x + B.
//
// Function  y[c] = A[c] * x[c] + B[c] in OUT_W bits, two's complement; the caller sees to it that
//           the result fits (bnn_affine_ref.py raises where it does not). x unsigned, A and B signed.
// Spec      affine() in bnn_affine_ref.py; equal for every input whose result fits.
// Order     PE channels per beat, channel 0 lowest; N / PE beats per frame, counted from reset.
//           PARAMS, N / PE words, word 0 lowest: PE fields {B, A} of OFFS_W + COEF_W bits, PE 0 lowest.
// Timing    1 beat per clk; 4 clk from s_axis to m_axis: operands, product and sum are registers
//           without reset, so that synthesis can put them into a DSP48.
// Limits    PE divides N, else elaboration stops and says which.
`default_nettype none
module bnn_affine #(
  parameter int N      = 10,  // channels per frame
  parameter int PE     = 1,   // channels per clk
  parameter int IN_W   = 8,   // x, unsigned
  parameter int COEF_W = 8,   // A, signed
  parameter int OFFS_W = 16,  // B, signed
  parameter int OUT_W  = 18,  // y, signed
  parameter     PARAMS = 1'b0,
  parameter int PRIM   = 0    // see bnn_lut6_2
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
  localparam int FOLD   = N / PE;
  localparam int ADDR_W = FOLD > 1 ? $clog2(FOLD) : 1;
  localparam int PAR_W  = OFFS_W + COEF_W;
  localparam int PROD_W = IN_W + 1 + COEF_W;
  localparam int SUM_W  = (PROD_W > OFFS_W ? PROD_W : OFFS_W) + 1;
  localparam int EXT_W  = SUM_W > OUT_W ? SUM_W : OUT_W;

  if (N % PE != 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_affine: PE=%0d must divide N=%0d", PE, N);
  end

  logic                en, in_valid;
  logic [PE*IN_W-1:0]  in_data, x_q;
  logic [ADDR_W-1:0]   addr_q;
  logic [PE*PAR_W-1:0] par_q;
  logic [2:0]          valid_q;

  bnn_replay #(.W(PE * IN_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(in_data), .m_axis_tvalid(in_valid), .m_axis_tready(en)
  );
  bnn_rom #(.W(PE * PAR_W), .DEPTH(FOLD), .DATA(PARAMS), .PRIM(PRIM)) u_params (
    .clk, .en, .addr(addr_q), .data(par_q)
  );
  assign en            = m_axis_tready || !m_axis_tvalid;
  assign m_axis_tvalid = valid_q[2];

  always_ff @(posedge clk) begin
    if (en) x_q <= in_data;
    if (rst) begin
      addr_q  <= '0;
      valid_q <= '0;
    end else if (en) begin
      valid_q <= {valid_q[1:0], in_valid};
      if (in_valid) addr_q <= addr_q == ADDR_W'(FOLD - 1) ? '0 : addr_q + 1'b1;
    end
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    logic signed [IN_W:0]     x;
    logic signed [COEF_W-1:0] a;
    logic signed [OFFS_W-1:0] b, b_q;
    logic signed [PROD_W-1:0] prod_q;
    logic signed [EXT_W-1:0]  sum;
    logic        [OUT_W-1:0]  y_q;
    assign x   = $signed({1'b0, x_q[p*IN_W+:IN_W]});
    assign a   = $signed(par_q[p*PAR_W+:COEF_W]);
    assign b   = $signed(par_q[p*PAR_W+COEF_W+:OFFS_W]);
    assign sum = EXT_W'(prod_q) + EXT_W'(b_q);
    always_ff @(posedge clk) begin
      if (en) begin
        prod_q <= PROD_W'(x) * PROD_W'(a);
        b_q    <= b;
        y_q    <= sum[OUT_W-1:0];
      end
    end
    assign m_axis_tdata[p*OUT_W+:OUT_W] = y_q;
    if (EXT_W > OUT_W) begin : gen_unused
      logic unused;
      assign unused = &{1'b0, sum[EXT_W-1:OUT_W]};
    end
  end
endmodule
`default_nettype wire
