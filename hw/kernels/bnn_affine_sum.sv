// SPDX-License-Identifier: Apache-2.0
// bnn_affine_sum - adds up the numbers of a lane of bnn_affine.
//
// Function  sum = (neg ? -n[0] : n[0]) + n[1] + ... + n[N-1], modulo 2 ** W, LEVELS clk later. neg needs
//           N >= 2 and an n[1] whose LOWS are 0. SIGN = 1: one number comes with its highest bit
//           inverted, and bit W - 1, the only one that counts, says whether the sum is >= 0.
// Order     numbers: n[i] in bits i * W and up, all W bits of it. LOWS: 8 bits each, so many low bits of
//           n[i] are 0. MAGS: 64 bits each, |n[i]| is at most that.
// Structure levels of adders of three, a register behind each; two that are left of a level wait, or,
//           if there are no others, make the last one. No adder and no register has bits that LOWS
//           and MAGS rule out. The sign of the last two takes half an adder, bnn_affine_sign.
// Timing    LEVELS clk: how often N can be made N / 3 + N % 3 (2: 1) until it is 1; moves while en is 1.
// PRIM      see bnn_lut6_2.
`default_nettype none
module bnn_affine_sum #(
  parameter int              N    = 4,
  parameter int              W    = 16,
  parameter logic [N*8-1:0]  LOWS = '0,
  parameter logic [N*64-1:0] MAGS = {N{64'd255}},
  parameter int              SIGN = 0,
  parameter int              PRIM = 0
) (
  input  wire logic           clk,
  input  wire logic           en,
  input  wire logic [N*W-1:0] numbers,
  input  wire logic           neg,
  output      logic [W-1:0]   sum
);
  function automatic int fewer(input int n);
    return n == 2 ? 1 : n / 3 + n % 3;
  endfunction
  function automatic int count(input int l);
    int n, i;
    n = N;
    for (i = 0; i < l; i = i + 1) n = fewer(n);
    return n;
  endfunction
  function automatic int levels();
    int n, l;
    l = 0;
    for (n = N; n > 1; n = fewer(n)) l = l + 1;
    return l;
  endfunction
  localparam int LEVELS = levels();
  // the first one of a level's numbers that is in number j of the next level
  function automatic int from(input int given, input int j);
    if (given == 2) return 2 * j;
    return j < given / 3 ? 3 * j : j + 2 * (given / 3);
  endfunction
  // of number j of level l: 256 times its bits of two's complement, plus its low bits that are 0
  function automatic int extent(input int l, input int j);
    int i, k, first, last, least, bits;
    logic [63:0] mag;
    first = j;  // of all the numbers, those from first to last - 1 are in it
    last  = j + 1;
    for (k = l - 1; k >= 0; k = k - 1) begin
      i     = count(k);
      first = from(i, first);
      last  = from(i, last);
    end
    least = W - 1;
    mag   = '0;
    for (i = first; i < last; i = i + 1) begin
      mag = mag + MAGS[64*i+:64];
      k   = 32'(LOWS[8*i+:8]);
      if (k < least) least = k;
    end
    bits = $clog2(mag + 1) + 1;
    return (bits < W ? bits : W) * 256 + least;
  endfunction
  // below this bit, only one of the numbers i .. i + n - 1 of level l has any that is not 0
  function automatic int second(input int l, input int i, input int n);
    int k, a, b, low;
    a = W;
    b = W;
    for (k = i; k < i + n; k = k + 1) begin
      low = extent(l, k) % 256;
      if (low < a) begin
        b = a;
        a = low;
      end else if (low < b) begin
        b = low;
      end
    end
    return b;
  endfunction

  for (genvar l = 0; l <= LEVELS; l = l + 1) begin : gen_level
    localparam int LN = count(l);
    logic [LN*W-1:0] all;
    if (l == 0) begin : gen_given
      assign all = numbers;
    end else begin : gen_next
      localparam int BN = count(l - 1);
      for (genvar j = 0; j < LN; j = j + 1) begin : gen_number
        localparam int I      = from(BN, j);
        localparam int K      = from(BN, j + 1) - I;  // 1 to 3 become one
        localparam int EXTENT = extent(l, j);
        localparam int LOW    = EXTENT % 256;
        localparam int TOP    = EXTENT / 256;
        logic [W-1:0] a;
        assign a = gen_level[l-1].all[I*W+:W];
        if (K == 2 && l == LEVELS && l > 1 && SIGN != 0) begin : gen_sign
          logic y, y_q;
          bnn_affine_sign #(.W(W), .PRIM(PRIM)) u_sign (
            .a, .b(gen_level[l-1].all[(I+1)*W+:W]), .y
          );
          always_ff @(posedge clk) if (en) y_q <= y;
          assign all[j*W+:W] = {y_q, {(W - 1) {1'b0}}};
        end else begin : gen_value
          logic [TOP-LOW-1:0] d, q;
          if (K == 1) begin : gen_wait
            assign d = a[TOP-1:LOW];
          end else begin : gen_add
            localparam int AT = second(l - 1, I, K);
            logic [W-1:0]    b, c;
            logic [TOP-AT-1:0] upper;
            assign b = gen_level[l-1].all[(I+1)*W+:W];
            assign c = K == 3 ? gen_level[l-1].all[(I+K-1)*W+:W] : '0;
            bnn_affine_add3 #(.W(TOP - AT), .PRIM(PRIM)) u_add3 (
              .a(a[TOP-1:AT]), .b(b[TOP-1:AT]), .d(c[TOP-1:AT]),
              .neg(l == 1 && j == 0 ? neg : 1'b0), .sum(upper)
            );
            if (AT > LOW) begin : gen_lower
              assign d = {upper, a[AT-1:LOW] | b[AT-1:LOW] | c[AT-1:LOW]};
            end else begin : gen_no_lower
              assign d = upper;
            end
            logic unused;
            assign unused = &{1'b0, b, c};
          end
          always_ff @(posedge clk) if (en) q <= d;
          assign all[j*W+:W] = W'($signed(q)) << LOW;
        end
        logic unused;
        assign unused = &{1'b0, a};
      end
    end
  end
  assign sum = gen_level[LEVELS].all;
  if (N == 1) begin : gen_unused
    logic unused;
    assign unused = &{1'b0, clk, en, neg};
  end
endmodule
`default_nettype wire
