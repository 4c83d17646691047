// SPDX-License-Identifier: Apache-2.0
// bnn_heap - adds many bits of weight one and two until few numbers are left.
//
// Function  the sum of the ROWS numbers in rows equals the number of ones in bits[N1-1:0] plus twice
//           that in bits[N1+N2-1:N1], which must be below 2 ** OUT_W.
// Structure a heap of bits, a column per power of two. Level by level every column puts seven bits into
//           a bnn_count7 (five or six bits and a zero, too) and a column of three or four bits that is
//           still too high into a bnn_count3; the others wait. It ends when no column is higher than
//           ROWS. Bits of a level lie packed in one vector, column 0 lowest. All heights are worked
//           out once, at elaboration; heap_levels() in bnn_heap_ref.py does the same in Python.
// Timing    PIPE clk, PIPE >= 0; a register behind each of the first PIPE levels (behind the last one
//           if there are fewer), moving while en is 1.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_heap #(
  parameter int N1    = 8,   // bits of weight one
  parameter int N2    = 0,   // bits of weight two
  parameter int OUT_W = 4,
  parameter int ROWS  = 2,   // 1, 2 or 3
  parameter int PIPE  = 0,
  parameter int PRIM  = 0
) (
  input  wire logic                  clk,
  input  wire logic                  en,
  input  wire logic [N1+N2-1:0]      bits,
  output      logic [ROWS*OUT_W-1:0] rows
);
  localparam int MAX_LEVELS = 24;
  localparam int F          = 16;         // bits of a number in a table
  localparam int COLS       = OUT_W + 2;  // two to spare: bits that fall off are always 0
  localparam int TABLE      = (MAX_LEVELS + 1) * COLS * F;

  // what a column of n bits becomes: counters of seven, counters of three, bits that wait
  function automatic int sevens(input int n);
    return n / 7 + (n % 7 >= 5 ? 1 : 0);
  endfunction
  function automatic int threes(input int n);
    return (n < 5 && n > ROWS) ? 1 : 0;  // two bits and a zero, too
  endfunction
  function automatic int waits(input int n);
    return n % 7 >= 5 ? 0 : n % 7 - (n == 2 ? 2 : 3) * threes(n);
  endfunction

  // heights of all columns after every level
  function automatic logic [TABLE-1:0] heights();
    logic [TABLE-1:0] t;
    int n, c, l;
    t = '0;
    t[0+:F] = F'(N1);
    t[F+:F] = F'(N2);
    for (l = 0; l < MAX_LEVELS; l = l + 1) begin
      for (c = 0; c < OUT_W; c = c + 1) begin
        n = int'(t[(l*COLS+c)*F+:F]);
        t[((l+1)*COLS+c)*F+:F]   = t[((l+1)*COLS+c)*F+:F] + F'(sevens(n) + threes(n) + waits(n));
        t[((l+1)*COLS+c+1)*F+:F] = t[((l+1)*COLS+c+1)*F+:F] + F'(sevens(n) + threes(n));
        t[((l+1)*COLS+c+2)*F+:F] = t[((l+1)*COLS+c+2)*F+:F] + F'(sevens(n));
      end
      t[((l+1)*COLS+OUT_W)*F+:2*F] = '0;
    end
    return t;
  endfunction
  localparam logic [TABLE-1:0] HEIGHTS = heights();

  // index of the first bit of every column
  function automatic logic [TABLE-1:0] offsets();
    logic [TABLE-1:0] t;
    int l, c;
    t = '0;
    for (l = 0; l <= MAX_LEVELS; l = l + 1)
      for (c = 1; c < COLS; c = c + 1)
        t[(l*COLS+c)*F+:F] = t[(l*COLS+c-1)*F+:F] + HEIGHTS[(l*COLS+c-1)*F+:F];
    return t;
  endfunction
  localparam logic [TABLE-1:0] OFFSETS = offsets();

  function automatic int height(input int l, input int c);
    return (c < 0 || c >= OUT_W) ? 0 : int'(HEIGHTS[(l*COLS+c)*F+:F]);
  endfunction
  function automatic int offset(input int l, input int c);
    return int'(OFFSETS[(l*COLS+c)*F+:F]);
  endfunction

  function automatic int levels();
    int n, l, c;
    n = 0;
    for (l = 0; l < MAX_LEVELS; l = l + 1)
      for (c = 0; c < OUT_W; c = c + 1) if (height(l, c) > ROWS && n <= l) n = l + 1;
    return n;
  endfunction
  localparam int LEVELS = levels();

  function automatic int registers(input int l);
    int n;
    n = (l >= 1 && l <= PIPE) ? 1 : 0;
    if (l == LEVELS && PIPE > LEVELS) n = n + PIPE - LEVELS;
    return n;
  endfunction

  if (PIPE == 0) begin : gen_no_clk
    logic unused;
    assign unused = &{1'b0, clk, en};
  end

  for (genvar l = 0; l <= LEVELS; l = l + 1) begin : gen_level
    localparam int N_BITS = offset(l, OUT_W);
    localparam int REGS   = registers(l);
    logic [N_BITS-1:0] d, q;  // before and behind this level's registers

    if (l == 0) begin : gen_first
      assign d = bits;
    end else begin : gen_next
      for (genvar c = 0; c < OUT_W; c = c + 1) begin : gen_col
        // order in a column: bits that waited, sums, carries from c - 1, from c - 2
        localparam int SRC = offset(l - 1, c);
        localparam int N   = height(l - 1, c);
        localparam int N_1 = height(l - 1, c + 1);  // of the columns the carries go to
        localparam int N_2 = height(l - 1, c + 2);
        localparam int K   = sevens(N);
        localparam int T   = threes(N);
        localparam int WT  = waits(N);
        localparam int DST = offset(l, c);
        localparam int AT1 = offset(l, c + 1) + waits(N_1) + sevens(N_1) + threes(N_1);
        localparam int AT2 = offset(l, c + 2) + waits(N_2) + sevens(N_2) + threes(N_2) + sevens(N_1)
                           + threes(N_1);
        for (genvar i = 0; i < WT; i = i + 1) begin : gen_wait
          assign d[DST+i] = gen_level[l-1].q[SRC+N-WT+i];
        end
        for (genvar i = 0; i < K; i = i + 1) begin : gen_seven
          localparam int GIVEN = 7 * i + 7 <= N ? 7 : N - 7 * i;
          logic [6:0] a;
          logic [2:0] s;
          logic       unused;
          assign unused = &{1'b0, s};  // the last columns hand nothing on
          if (GIVEN < 7) begin : gen_fewer
            assign a = {{(7 - GIVEN) {1'b0}}, gen_level[l-1].q[SRC+7*i+:GIVEN]};
          end else begin : gen_all
            assign a = gen_level[l-1].q[SRC+7*i+:7];
          end
          bnn_count7 #(.EXIT(REGS == 0 ? 1 : 0), .PRIM(PRIM)) u_count7 (.a, .c(s));
          assign d[DST+WT+i] = s[0];
          if (c + 1 < OUT_W) begin : gen_c1
            assign d[AT1+i] = s[1];
          end
          if (c + 2 < OUT_W) begin : gen_c2
            assign d[AT2+i] = s[2];
          end
        end
        if (T != 0) begin : gen_three
          localparam int GIVEN = N == 2 ? 2 : 3;
          logic [2:0] a;
          logic [1:0] s;
          logic       unused;
          assign unused = s[1];  // the last column hands nothing on
          assign a      = 3'(gen_level[l-1].q[SRC+:GIVEN]);
          bnn_count3 #(.PRIM(PRIM)) u_count3 (.a, .c(s));
          assign d[DST+WT] = s[0];
          if (c + 1 < OUT_W) begin : gen_c1
            assign d[AT1] = s[1];
          end
        end
      end
    end

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

  // row i holds the i-th bit of every column that has one
  for (genvar i = 0; i < ROWS; i = i + 1) begin : gen_row
    for (genvar c = 0; c < OUT_W; c = c + 1) begin : gen_col
      if (i < height(LEVELS, c)) begin : gen_bit
        localparam int AT = offset(LEVELS, c) + i;
        assign rows[i*OUT_W+c] = gen_level[LEVELS].q[AT];
      end else begin : gen_none
        assign rows[i*OUT_W+c] = 1'b0;
      end
    end
  end
endmodule
`default_nettype wire
