// SPDX-License-Identifier: Apache-2.0
// bnn_binarize - unsigned integers to bits, one threshold per element or one for all.
//
// Function  y[i] = (x[i] >= thr[i]) ^ sense[i], thr in 0 .. 2^IN_W: with IN_W + 1 bits, thr = 2^IN_W
//           is reached by no x, so both constants can be had.
// Spec      binarize() in bnn_binarize_ref.py; equal for every input.
// Order     PE elements per beat, element 0 lowest; N / PE beats per frame, counted from reset.
//           THRESHOLDS ($readmemh, N / PE words): PE fields {sense, thr} of IN_W + 2 bits, PE 0
//           lowest; word k belongs to beat k. UNIFORM = 1: parameters THR and SENSE for all.
// Timing    1 beat per clk; 3 clk from s_axis to m_axis.
// Limits    PE divides N, 0 <= THR <= 2^IN_W, else elaboration stops and says which.
`default_nettype none
module bnn_binarize #(
  parameter int N          = 16,  // elements per frame
  parameter int PE         = 4,   // elements per clk
  parameter int IN_W       = 8,   // bits per element, unsigned
  parameter int UNIFORM    = 0,   // 1: THR and SENSE for every element, no file
  parameter int THR        = 0,
  parameter int SENSE      = 0,
  parameter     THRESHOLDS = ""
) (
  input  wire logic               clk,
  input  wire logic               rst,
  input  wire logic [PE*IN_W-1:0] s_axis_tdata,
  input  wire logic               s_axis_tvalid,
  output      logic               s_axis_tready,
  output      logic [PE-1:0]      m_axis_tdata,
  output      logic               m_axis_tvalid,
  input  wire logic               m_axis_tready
);
  localparam int FOLD  = N / PE;
  localparam int THR_W = IN_W + 2;

  if (N % PE != 0 || THR < 0 || THR > (1 << IN_W)) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_binarize: PE=%0d must divide N=%0d; THR=%0d must be 0 .. 2^IN_W, IN_W=%0d",
             PE, N, THR, IN_W);
  end

  logic                en, in_valid, in_ready;
  logic [PE*IN_W-1:0]  in_data, x_q;
  logic [PE*THR_W-1:0] thr_q;
  logic [PE-1:0]       y_d, y_q;
  logic                x_valid_q, y_valid_q;

  bnn_replay #(.W(PE * IN_W), .FOLD_C(1), .FOLD_R(1)) u_input (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(in_data), .m_axis_tvalid(in_valid), .m_axis_tready(in_ready)
  );
  assign en       = m_axis_tready || !y_valid_q;
  assign in_ready = en;

  if (UNIFORM != 0) begin : gen_uniform
    assign thr_q = {PE{1'(SENSE), (IN_W + 1)'(THR)}};
  end else begin : gen_table
    localparam int ADDR_W = FOLD > 1 ? $clog2(FOLD) : 1;
    logic [ADDR_W-1:0] addr_q;
    always_ff @(posedge clk) begin
      if (rst) addr_q <= '0;
      else if (in_valid && en) addr_q <= addr_q == ADDR_W'(FOLD - 1) ? '0 : addr_q + 1'b1;
    end
    bnn_rom #(.W(PE * THR_W), .DEPTH(FOLD), .FILE(THRESHOLDS)) u_thresholds (
      .clk, .en, .addr(addr_q), .data(thr_q)
    );
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_compare
    logic reached;
    assign reached = {1'b0, x_q[p*IN_W+:IN_W]} >= thr_q[p*THR_W+:IN_W+1];
    assign y_d[p]  = reached ^ thr_q[p*THR_W+IN_W+1];
  end

  always_ff @(posedge clk) begin
    if (en) begin
      x_q <= in_data;
      y_q <= y_d;
    end
    if (rst) begin
      x_valid_q <= 1'b0;
      y_valid_q <= 1'b0;
    end else if (en) begin
      x_valid_q <= in_valid;
      y_valid_q <= x_valid_q;
    end
  end
  assign m_axis_tdata  = y_q;
  assign m_axis_tvalid = y_valid_q;
endmodule
`default_nettype wire
