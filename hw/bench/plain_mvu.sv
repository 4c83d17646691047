// SPDX-License-Identifier: Apache-2.0
// plain_mvu - binary matrix-vector unit, behavioural: what bnn_mvu is measured against.
//
// Function  y[r] = (matches[r] >= thr[r]) ^ sense[r], matches as in bnn_mvu.
// Order     ports, parameters and both memory files as in bnn_mvu with RAW = 0.
// Structure the first pass over the rows takes x from the input and keeps it, later ones read it
//           back; weights and thresholds are arrays that synthesis may put where it likes.
// Timing    FOLD_C * FOLD_R clk per vector without stalls; first y FOLD_C + 2 clk after first x.
`default_nettype none
module plain_mvu #(
  parameter int MW         = 64,  // matrix width: input bits per vector
  parameter int MH         = 16,  // matrix height: outputs per vector
  parameter int SIMD       = 16,  // columns per clk
  parameter int PE         = 4,   // rows per clk
  parameter     WEIGHTS    = "",
  parameter     THRESHOLDS = ""
) (
  input  wire logic            clk,
  input  wire logic            rst,            // synchronous, active high
  input  wire logic [SIMD-1:0] s_axis_tdata,   // x
  input  wire logic            s_axis_tvalid,
  output      logic            s_axis_tready,
  output      logic [PE-1:0]   m_axis_tdata,   // y
  output      logic            m_axis_tvalid,
  input  wire logic            m_axis_tready
);
  localparam int FOLD_C = MW / SIMD;
  localparam int FOLD_R = MH / PE;
  localparam int FOLD   = FOLD_C * FOLD_R;
  localparam int ACC_W  = $clog2(MW + 1);
  localparam int ADDR_W = FOLD > 1 ? $clog2(FOLD) : 1;
  localparam int COL_W  = FOLD_C > 1 ? $clog2(FOLD_C) : 1;
  localparam int ROW_W  = FOLD_R > 1 ? $clog2(FOLD_R) : 1;

  logic [PE*SIMD-1:0]      weights    [FOLD];
  logic [PE*(ACC_W+1)-1:0] thresholds [FOLD_R];
  initial $readmemh(WEIGHTS, weights);
  initial $readmemh(THRESHOLDS, thresholds);

  // which beat of which rows, and its x
  logic [ADDR_W-1:0] addr_q;
  logic [COL_W-1:0]  col_q;
  logic [ROW_W-1:0]  row_q;
  logic [SIMD-1:0]   kept [FOLD_C];
  logic              en, fire, fresh, last_col, last_row;
  assign en            = m_axis_tready || !m_axis_tvalid;
  assign fresh         = row_q == '0;
  assign s_axis_tready = en && fresh;
  assign fire          = en && (!fresh || s_axis_tvalid);
  assign last_col      = col_q == COL_W'(FOLD_C - 1);
  assign last_row      = row_q == ROW_W'(FOLD_R - 1);
  always_ff @(posedge clk) begin
    if (fire && fresh) kept[col_q] <= s_axis_tdata;
    if (rst) begin
      addr_q <= '0;
      col_q  <= '0;
      row_q  <= '0;
    end else if (fire) begin
      addr_q <= last_col && last_row ? '0 : addr_q + 1'b1;
      col_q  <= last_col ? '0 : col_q + 1'b1;
      if (last_col) row_q <= last_row ? '0 : row_q + 1'b1;
    end
  end

  // registers: operands; matches and thresholds; y
  logic [SIMD-1:0]         x_q;
  logic [PE*SIMD-1:0]      w_q;
  logic [PE*ACC_W-1:0]     total;
  logic [PE*(ACC_W+1)-1:0] thr_q;
  logic [ROW_W-1:0]        thr_row_q;
  logic                    valid_q, first_q, last_q, done_q;
  always_ff @(posedge clk) if (en) begin
    x_q       <= fresh ? s_axis_tdata : kept[col_q];
    w_q       <= weights[addr_q];
    thr_q     <= thresholds[thr_row_q];
    thr_row_q <= row_q;
    first_q   <= col_q == '0;
    last_q    <= last_col;
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      valid_q       <= 1'b0;
      done_q        <= 1'b0;
      m_axis_tvalid <= 1'b0;
    end else if (en) begin
      valid_q       <= fire;
      done_q        <= valid_q && last_q;
      m_axis_tvalid <= done_q;
    end
  end
  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    plain_count #(.SIMD(SIMD), .MW(MW)) u_count (
      .clk, .en(en && valid_q), .first(first_q), .x(x_q), .w(w_q[p*SIMD+:SIMD]),
      .total(total[p*ACC_W+:ACC_W])
    );
    logic [ACC_W-1:0] thr;
    logic             sense;
    assign {sense, thr} = thr_q[p*(ACC_W+1)+:ACC_W+1];
    always_ff @(posedge clk) if (en)
      m_axis_tdata[p] <= (total[p*ACC_W+:ACC_W] >= thr) ^ sense;
  end
endmodule
`default_nettype wire
