// SPDX-License-Identifier: Apache-2.0
// bnn_popcount - XNOR of two vectors and the number of ones in it: the matches.
//
// Function  count = number of i with x[i] == w[i], 0 <= count <= N.
// Structure level 0: one bnn_count3 per three pairs leaves a heap of bits, columns 0 and 1.
//           Levels 1..N_LEVELS: in each column every six bits go through one bnn_count6, the others
//           wait. When no column holds six bits any more, its rows (five or fewer) are added.
//           Bits of a level lie packed in one vector, column 0 lowest; height() and offset() say
//           where, and both are elaboration-time arithmetic only.
// Why       yosys 0.70 turns a loop of `+` into 6.4 LUT per pair; hw/README.md says what this takes.
// Timing    PIPE clk, PIPE >= 0; registers are spread over the levels and the adder and move while
//           en is 1. shallow_pipe() in bnn_mvu_ref.py says how many keep the logic shallow.
`default_nettype none
module bnn_popcount #(
  parameter int N      = 16,  // pairs
  parameter int PIPE   = 0,   // registers between input and output
  localparam int OUT_W = $clog2(N + 1)
) (
  input  wire logic             clk,
  input  wire logic             en,
  input  wire logic [N-1:0]     x,
  input  wire logic [N-1:0]     w,
  output      logic [OUT_W-1:0] count
);
  localparam int N_TRIPLES = (N + 1) / 3;      // a last pair of two becomes a triple with one unequal
  localparam int N_SINGLES = (N % 3) % 2;      // a last single pair is a bit of column 0 by itself
  localparam int N_PAD     = 3 * N_TRIPLES + N_SINGLES - N;
  localparam int COL_W     = 16;               // bits that hold one column height
  localparam int N_COLS    = OUT_W + 2;        // two to spare: bits that fall off are always 0

  // Heights of all columns after `level` levels of compression.
  function automatic logic [N_COLS*COL_W-1:0] heights(input int level);
    logic [N_COLS*COL_W-1:0] h;
    logic [N_COLS*COL_W-1:0] g;
    int k;
    h = '0;
    h[0+:COL_W]     = COL_W'(N_TRIPLES + N_SINGLES);
    h[COL_W+:COL_W] = COL_W'(N_TRIPLES);
    for (int l = 0; l < level; l = l + 1) begin
      g = '0;
      for (int c = 0; c < OUT_W; c = c + 1) begin
        k = int'(h[c*COL_W+:COL_W]) / 6;
        g[c*COL_W+:COL_W]     = g[c*COL_W+:COL_W] + h[c*COL_W+:COL_W] - COL_W'(5 * k);
        g[(c+1)*COL_W+:COL_W] = g[(c+1)*COL_W+:COL_W] + COL_W'(k);
        g[(c+2)*COL_W+:COL_W] = g[(c+2)*COL_W+:COL_W] + COL_W'(k);
      end
      h = g;
    end
    return h;
  endfunction

  function automatic int height(input int level, input int c);
    logic [N_COLS*COL_W-1:0] h;
    h = heights(level);
    return (c < 0 || c >= OUT_W) ? 0 : int'(h[c*COL_W+:COL_W]);
  endfunction

  // Index of the first bit of column c; offset(level, OUT_W) is the number of bits in all.
  function automatic int offset(input int level, input int c);
    int total, i;
    total = 0;
    for (i = 0; i < c; i = i + 1) total = total + height(level, i);
    return total;
  endfunction

  // Levels until no column holds six bits; `from` is where to start looking.
  function automatic int levels(input int from);
    int n, l, c;  // declared here: Icarus 11 does not see functions from within a loop's own scope
    n = from;
    for (l = 0; l < 32; l = l + 1)
      for (c = 0; c < OUT_W; c = c + 1)
        if (height(l, c) >= 6 && n <= l) n = l + 1;
    return n;
  endfunction

  localparam int N_LEVELS = levels(0);

  // Registers behind level l, or behind the adder for l = N_LEVELS + 1. In LUTs the adder is about
  // four levels deep and what follows, an accumulator, two.
  function automatic int registers(input int l);
    int n, at;
    n = 0;
    for (int j = 1; j <= PIPE; j = j + 1) begin
      at = (j * (N_LEVELS + 7)) / (PIPE + 1) - 1;
      if (at < 0) at = 0;
      if (at > N_LEVELS) at = at > N_LEVELS + 1 ? N_LEVELS + 1 : N_LEVELS;
      if (at == l) n = n + 1;
    end
    return n;
  endfunction

  if (PIPE == 0) begin : gen_no_clk
    logic unused;
    assign unused = &{1'b0, clk, en};
  end

  for (genvar l = 0; l <= N_LEVELS; l = l + 1) begin : gen_level
    localparam int N_BITS = offset(l, OUT_W);
    logic [N_BITS-1:0] d, q;  // before and behind this level's registers

    if (l == 0) begin : gen_first
      logic [3*N_TRIPLES+N_SINGLES-1:0] xp, wp;
      if (N_PAD > 0) begin : gen_pad
        assign xp = {{N_PAD{1'b0}}, x};
        assign wp = {{N_PAD{1'b1}}, w};
      end else begin : gen_no_pad
        assign xp = x;
        assign wp = w;
      end
      for (genvar i = 0; i < N_TRIPLES; i = i + 1) begin : gen_triple
        logic [1:0] c;
        bnn_count3 u_count3 (.x(xp[3*i+:3]), .w(wp[3*i+:3]), .c(c));
        assign d[i] = c[0];
        assign d[N_TRIPLES+N_SINGLES+i] = c[1];
      end
      if (N_SINGLES > 0) begin : gen_single
        assign d[N_TRIPLES] = xp[N-1] ~^ wp[N-1];
      end
    end else begin : gen_next
      for (genvar c = 0; c < OUT_W; c = c + 1) begin : gen_col
        // order in a column: bits that waited, own sums, carries from c-1, carries from c-2
        localparam int SRC   = offset(l - 1, c);
        localparam int DST   = offset(l, c);
        localparam int K     = height(l - 1, c) / 6;
        localparam int LEFT  = height(l - 1, c) - 6 * K;
        localparam int K_P1  = height(l - 1, c + 1) / 6;
        localparam int LEFT1 = height(l - 1, c + 1) - 6 * K_P1;
        localparam int LEFT2 = height(l - 1, c + 2) % 6;
        localparam int K_P2  = height(l - 1, c + 2) / 6;
        for (genvar i = 0; i < LEFT; i = i + 1) begin : gen_wait
          assign d[DST+i] = gen_level[l-1].q[SRC+6*K+i];
        end
        for (genvar i = 0; i < K; i = i + 1) begin : gen_six
          logic [2:0] s;
          bnn_count6 u_count6 (.a(gen_level[l-1].q[SRC+6*i+:6]), .c(s));
          assign d[DST+LEFT+i] = s[0];
          if (c + 1 < OUT_W) begin : gen_c1
            // a localparam: Verilator would expand the call as run-time code
            localparam int AT = offset(l, c + 1) + LEFT1 + K_P1 + i;
            assign d[AT] = s[1];
          end
          if (c + 2 < OUT_W) begin : gen_c2
            localparam int AT = offset(l, c + 2) + LEFT2 + K_P2 + K_P1 + i;
            assign d[AT] = s[2];
          end
        end
      end
    end

    localparam int REGS = registers(l);
    if (REGS == 0) begin : gen_wire
      assign q = d;
    end else begin : gen_regs
      logic [REGS*N_BITS-1:0] r;  // packed: Icarus 11 does not follow a word of an array
      always_ff @(posedge clk) begin
        if (en) begin
          r[0+:N_BITS] <= d;
          for (int i = 1; i < REGS; i = i + 1) r[i*N_BITS+:N_BITS] <= r[(i-1)*N_BITS+:N_BITS];
        end
      end
      assign q = r[(REGS-1)*N_BITS+:N_BITS];
    end
  end

  logic [5*OUT_W-1:0] rows;  // row i holds the i-th bit of every column that has one
  for (genvar i = 0; i < 5; i = i + 1) begin : gen_row
    for (genvar c = 0; c < OUT_W; c = c + 1) begin : gen_col
      if (i < height(N_LEVELS, c)) begin : gen_bit
        localparam int AT = offset(N_LEVELS, c) + i;
        assign rows[i*OUT_W+c] = gen_level[N_LEVELS].q[AT];
      end else begin : gen_none
        assign rows[i*OUT_W+c] = 1'b0;
      end
    end
  end
  logic [OUT_W-1:0] total;
  assign total = rows[0+:OUT_W] + rows[OUT_W+:OUT_W] + rows[2*OUT_W+:OUT_W]
               + rows[3*OUT_W+:OUT_W] + rows[4*OUT_W+:OUT_W];
  localparam int REGS = registers(N_LEVELS + 1);
  if (REGS == 0) begin : gen_wire
    assign count = total;
  end else begin : gen_regs
    logic [REGS*OUT_W-1:0] r;
    always_ff @(posedge clk) begin
      if (en) begin
        r[0+:OUT_W] <= total;
        for (int i = 1; i < REGS; i = i + 1) r[i*OUT_W+:OUT_W] <= r[(i-1)*OUT_W+:OUT_W];
      end
    end
    assign count = r[(REGS-1)*OUT_W+:OUT_W];
  end
endmodule
`default_nettype wire
