// SPDX-License-Identifier: Apache-2.0
// bnn_binarize - integers to bits, one threshold per element or one for all.
//
// Function  y[i] = (x[i] >= thr[cls][i]) ^ sense[cls][i]. Unsigned: thr in 0 .. 2^IN_W; IN_SIGNED = 1:
//           thr in -2^(IN_W-1) .. 2^(IN_W-1); with IN_W + 1 bits, the largest thr is reached by no x,
//           so both constants can be had. cls is the class of the pixel, see bnn_border.
// Spec      binarize() in bnn_binarize_ref.py; equal for every input.
// Order     PE elements per beat, element 0 lowest; N / PE beats per pixel, ROWS * COLS pixels per
//           frame (1 where there are no classes), counted from reset. THRESHOLDS, word 0 lowest: PE
//           fields {sense, thr} of IN_W + 2 bits, PE 0 lowest; word cls * N / PE + k belongs to beat
//           k of a pixel. UNIFORM = 1: parameters THR and SENSE for all.
// Timing    1 beat per clk; 1 clk from s_axis to m_axis.
// Limits    PE divides N, THR within its range, else elaboration stops and says which.
`default_nettype none
module bnn_binarize #(
  parameter int N          = 16,  // elements per pixel
  parameter int PE         = 4,   // elements per clk
  parameter int IN_W       = 8,   // bits per element
  parameter int IN_SIGNED  = 0,   // 1: x and thr are two's complement
  parameter int UNIFORM    = 0,   // 1: THR and SENSE for every element
  parameter int THR        = 0,
  parameter int SENSE      = 0,
  parameter     THRESHOLDS = 1'b0,
  parameter int ROWS       = 1,   // of the map, if borders are classes of their own
  parameter int COLS       = 1,
  parameter int CLASSES_R  = 1,
  parameter int CLASSES_C  = 1,
  parameter     ROW_CLASS  = 1'b0,
  parameter     COL_CLASS  = 1'b0,
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
  localparam int DEPTH = FOLD * CLASSES_R * CLASSES_C;
  localparam int THR_W = IN_W + 2;
  localparam int LEAST = IN_SIGNED != 0 ? -(1 << (IN_W - 1)) : 0;

  if (N % PE != 0 || THR < LEAST || THR > LEAST + (1 << IN_W)) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_binarize: PE=%0d must divide N=%0d; THR=%0d must be %0d .. %0d, IN_W=%0d",
             PE, N, THR, LEAST, LEAST + (1 << IN_W), IN_W);
  end

  logic [PE*THR_W-1:0] thr;
  logic [PE-1:0]       y;

  if (UNIFORM != 0) begin : gen_uniform
    assign thr = {PE{1'(SENSE), (IN_W + 1)'(THR)}};
  end else begin : gen_table
    localparam int ADDR_W = DEPTH > 1 ? $clog2(DEPTH) : 1;
    localparam int FOLD_W = FOLD > 1 ? $clog2(FOLD) : 1;
    logic [ADDR_W-1:0] addr;
    logic [FOLD_W-1:0] fold;
    logic              step, ahead_q;
    // the address is one beat ahead, so that the memory's register holds this beat's word; the clk
    // after reset, when s_axis_tready is still low, gets it there
    always_ff @(posedge clk) ahead_q <= !rst;
    assign step = !ahead_q || (s_axis_tvalid && s_axis_tready);
    bnn_border #(
      .FOLD(FOLD), .ROWS(ROWS), .COLS(COLS), .CLASSES_R(CLASSES_R), .CLASSES_C(CLASSES_C),
      .ROW_CLASS(ROW_CLASS), .COL_CLASS(COL_CLASS)
    ) u_border (.clk, .rst, .step, .addr, .fold);
    bnn_rom #(.W(PE * THR_W), .DEPTH(DEPTH), .DATA(THRESHOLDS), .PRIM(PRIM)) u_thresholds (
      .clk, .en(step), .addr, .data(thr)
    );
    logic unused;
    assign unused = &{1'b0, fold};
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_element
    logic [IN_W-1:0] x;
    logic [IN_W:0]   t, a, b;
    logic            reached;
    assign x = s_axis_tdata[p*IN_W+:IN_W];
    assign t = thr[p*THR_W+:IN_W+1];
    // numbers with swapped signs compare as unsigned ones
    assign a = {IN_SIGNED != 0 ? t[IN_W] : 1'b0, x};
    assign b = {IN_SIGNED != 0 ? x[IN_W-1] : t[IN_W], t[IN_W-1:0]};
    if (UNIFORM != 0) begin : gen_constant
      // bit by bit: a comparison would become a carry chain, this a few LUTs
      always_comb begin
        reached = 1'b1;
        for (int i = 0; i <= IN_W; i = i + 1) begin
          reached = b[i] ? reached && a[i] : reached || a[i];
        end
      end
    end else begin : gen_compare
      bnn_reached #(.W(IN_W + 1), .PRIM(PRIM)) u_reached (.a, .b, .reached);
    end
    assign y[p] = reached ^ thr[p*THR_W+IN_W+1];
  end

  // bits, not elements, wait for the reader
  bnn_replay #(.W(PE), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_output (
    .clk, .rst, .s_axis_tdata(y), .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata, .m_axis_tvalid, .m_axis_tready
  );
endmodule
`default_nettype wire
