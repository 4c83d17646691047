// SPDX-License-Identifier: Apache-2.0
// bnn_unrolled - the rows of a matrix of constants times one bit vector, every clk.
//
// Function  RAW = 0: y[r] = (matches >= thr) ^ sense, matches = number of c with w[r][c] == x[c].
//           RAW = 1: y[r] = matches, ACC_W bits each.
// Order     WEIGHTS: row 0 lowest, in a row column 0 lowest. THRESHOLDS: fields {sense, thr} of
//           1 + ACC_W bits, row 0 lowest. Not read when RAW = 1.
// Structure with A ones in x, P of them where a row's weights are 1 and Z of them where they are 0, and
//           nz weights of 0: matches = 2P - A + nz = A - 2Z + nz. A is counted once for all rows; a
//           row counts P or Z, whichever has fewer bits, about MW / 2. Its last adder adds what the
//           threshold needs, so that the comparison is with half of A, the same for all rows.
//           RAW = 1: every row counts its matches, with no A to subtract.
// Timing    x(t) gives y(t + PIPE + 2 - RAW), in clk with en = 1.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_unrolled #(
  parameter int MW         = 64,
  parameter int MH         = 16,
  parameter int RAW        = 0,
  parameter int PIPE       = 2,
  parameter     WEIGHTS    = 1'b0,
  parameter     THRESHOLDS = 1'b0,
  parameter int PRIM       = 0,
  localparam int ACC_W     = $clog2(MW + 1),
  localparam int OUT_W     = RAW != 0 ? ACC_W : 1
) (
  input  wire logic                clk,
  input  wire logic                en,
  input  wire logic [MW-1:0]       x,
  output      logic [MH*OUT_W-1:0] y
);
  localparam logic [MH*MW-1:0] ROM = WEIGHTS;
  localparam logic [MH*(1+ACC_W)-1:0] THR = (MH*(1+ACC_W))'(THRESHOLDS);  // none if RAW = 1
  localparam int Q_W  = ACC_W + 1;
  localparam int BIAS = 1 << (ACC_W - 1);  // keeps compared numbers positive

  function automatic int ones(input logic [MW-1:0] w);
    int c;
    int n;
    n = 0;
    for (c = 0; c < MW; c = c + 1) if (w[c]) n = n + 1;
    return n;
  endfunction
  // for every column the number of columns below it whose weight is `of`, ACC_W bits each
  function automatic logic [MW*ACC_W-1:0] places(input logic [MW-1:0] w, input logic of);
    int c;
    logic [MW*ACC_W-1:0] t;
    int n;
    n = 0;
    for (c = 0; c < MW; c = c + 1) begin
      t[c*ACC_W+:ACC_W] = ACC_W'(n);
      if (w[c] == of) n = n + 1;
    end
    return t;
  endfunction

  if (RAW != 0) begin : gen_raw
    for (genvar r = 0; r < MH; r = r + 1) begin : gen_row
      logic [3*ACC_W-1:0] rows;
      logic [ACC_W-1:0]   sum;
      logic [MW-1:0]      same;
      assign same = ~(x ^ ROM[r*MW+:MW]);
      bnn_heap #(.N1(MW), .OUT_W(ACC_W), .ROWS(3), .PIPE(PIPE), .PRIM(PRIM)) u_heap (
        .clk, .en, .bits(same), .rows
      );
      bnn_add3 #(.W(ACC_W), .PRIM(PRIM)) u_add3 (
        .a(rows[0+:ACC_W]), .b(rows[ACC_W+:ACC_W]), .d(rows[2*ACC_W+:ACC_W]), .skip(1'b0), .sum
      );
      always_ff @(posedge clk) if (en) y[r*ACC_W+:ACC_W] <= sum;
    end
  end else begin : gen_threshold
    logic [3*ACC_W-1:0] all_rows;
    logic [ACC_W-1:0]   all, all_q;
    logic [Q_W-1:0]     half_up, half_down;  // of A, rounded, + BIAS
    bnn_heap #(.N1(MW), .OUT_W(ACC_W), .ROWS(3), .PIPE(PIPE), .PRIM(PRIM)) u_all (
      .clk, .en, .bits(x), .rows(all_rows)
    );
    bnn_add3 #(.W(ACC_W), .PRIM(PRIM)) u_all_add3 (
      .a(all_rows[0+:ACC_W]), .b(all_rows[ACC_W+:ACC_W]), .d(all_rows[2*ACC_W+:ACC_W]),
      .skip(1'b0), .sum(all)
    );
    always_ff @(posedge clk) if (en) all_q <= all;
    assign half_down = Q_W'(all_q >> 1) | Q_W'(BIAS);
    assign half_up   = half_down + Q_W'(all_q[0]);

    for (genvar r = 0; r < MH; r = r + 1) begin : gen_row
      localparam logic [MW-1:0] ROW = ROM[r*MW+:MW];
      localparam int N_ONES = ones(ROW);
      localparam int FLIP   = 2 * N_ONES > MW ? 1 : 0;  // count Z instead of P
      localparam int N      = FLIP != 0 ? MW - N_ONES : N_ONES;
      localparam int LEVEL  = int'(THR[r*(1+ACC_W)+:ACC_W]);
      // P: 2P >= A + T; Z: not (2Z >= A + T)
      localparam int T      = FLIP != 0 ? MW - N_ONES - LEVEL + 1 : LEVEL - (MW - N_ONES);
      // 2P >= A + T is P + OFFSET >= half of A, rounded up for even T and down for odd T
      localparam int ODD    = (T % 2) != 0 ? 1 : 0;
      localparam int OFFSET = BIAS - (T + ODD) / 2;
      logic [Q_W-1:0] q, q_q;
      logic           reached;
      if (N == 0) begin : gen_none
        assign q = Q_W'(OFFSET);
      end else begin : gen_some
        localparam int P_W = $clog2(N + 1);
        logic [N-1:0]     bits;
        logic [2*P_W-1:0] rows;
        localparam logic [MW*ACC_W-1:0] PLACES = places(ROW, FLIP == 0);
        for (genvar c = 0; c < MW; c = c + 1) begin : gen_column
          if (ROW[c] != (FLIP != 0)) begin : gen_bit
            localparam int AT = int'(PLACES[c*ACC_W+:ACC_W]);
            assign bits[AT] = x[c];
          end
        end
        bnn_heap #(.N1(N), .OUT_W(P_W), .ROWS(2), .PIPE(PIPE), .PRIM(PRIM)) u_heap (
          .clk, .en, .bits, .rows
        );
        bnn_add3 #(.W(Q_W), .PRIM(PRIM)) u_add3 (
          .a(Q_W'(rows[0+:P_W])), .b(Q_W'(rows[P_W+:P_W])), .d(Q_W'(OFFSET)), .skip(1'b0), .sum(q)
        );
      end
      always_ff @(posedge clk) if (en) q_q <= q;
      bnn_reached #(.W(Q_W), .PRIM(PRIM)) u_reached (
        .a(q_q), .b(ODD != 0 ? half_down : half_up), .reached
      );
      always_ff @(posedge clk)
        if (en) y[r] <= reached ^ (FLIP != 0) ^ THR[r*(1+ACC_W)+ACC_W];
    end
  end
endmodule
`default_nettype wire
