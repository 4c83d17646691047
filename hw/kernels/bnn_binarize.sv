// SPDX-License-Identifier: Apache-2.0
// bnn_binarize - unsigned integers to bits, one threshold per element or one for all.
//
// Function  y[i] = (x[i] >= thr[i]) ^ sense[i], thr in 0 .. 2^IN_W: with IN_W + 1 bits, thr = 2^IN_W
//           is reached by no x, so both constants can be had.
// Spec      binarize() in bnn_binarize_ref.py; equal for every input.
// Order     PE elements per beat, element 0 lowest; N / PE beats per frame, counted from reset.
//           THRESHOLDS, N / PE words, word 0 lowest: PE fields {sense, thr} of IN_W + 2 bits, PE 0
//           lowest; word k belongs to beat k. UNIFORM = 1: parameters THR and SENSE for all.
// Timing    1 beat per clk; 1 clk from s_axis to m_axis.
// Limits    PE divides N, 0 <= THR <= 2^IN_W, else elaboration stops and says which.
`default_nettype none
module bnn_binarize #(
  parameter int N          = 16,  // elements per frame
  parameter int PE         = 4,   // elements per clk
  parameter int IN_W       = 8,   // bits per element, unsigned
  parameter int UNIFORM    = 0,   // 1: THR and SENSE for every element
  parameter int THR        = 0,
  parameter int SENSE      = 0,
  parameter     THRESHOLDS = 1'b0,
  parameter int PRIM       = 0    // see bnn_lut6_2
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

  logic [PE*THR_W-1:0] thr;
  logic [PE-1:0]       y;

  if (UNIFORM != 0) begin : gen_uniform
    assign thr = {PE{1'(SENSE), (IN_W + 1)'(THR)}};
  end else begin : gen_table
    localparam int ADDR_W = FOLD > 1 ? $clog2(FOLD) : 1;
    logic [ADDR_W-1:0] addr_d, addr_q;
    // the memory is read with the next address, so that its register holds this beat's word
    always_comb begin
      addr_d = addr_q;
      if (rst) addr_d = '0;
      else if (s_axis_tvalid && s_axis_tready) begin
        addr_d = addr_q == ADDR_W'(FOLD - 1) ? '0 : addr_q + 1'b1;
      end
    end
    always_ff @(posedge clk) addr_q <= addr_d;
    bnn_rom #(.W(PE * THR_W), .DEPTH(FOLD), .DATA(THRESHOLDS), .PRIM(PRIM)) u_thresholds (
      .clk, .en(1'b1), .addr(addr_d), .data(thr)
    );
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_element
    logic reached;
    if (UNIFORM != 0) begin : gen_constant
      assign reached = {1'b0, s_axis_tdata[p*IN_W+:IN_W]} >= thr[p*THR_W+:IN_W+1];
    end else begin : gen_compare
      bnn_reached #(.W(IN_W + 1), .PRIM(PRIM)) u_reached (
        .a({1'b0, s_axis_tdata[p*IN_W+:IN_W]}), .b(thr[p*THR_W+:IN_W+1]), .reached
      );
    end
    assign y[p]    = reached ^ thr[p*THR_W+IN_W+1];
  end

  // bits, not elements, wait for the reader
  bnn_replay #(.W(PE), .FOLD_C(1), .FOLD_R(1)) u_output (
    .clk, .rst, .s_axis_tdata(y), .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
  );
endmodule
`default_nettype wire
