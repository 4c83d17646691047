// SPDX-License-Identifier: Apache-2.0
// bnn_argmax - index of the largest of N scores; the lowest index wins a tie.
//
// Function  label = smallest i with score[i] = max over all of score.
// Spec      argmax() in bnn_argmax_ref.py; equal for every input.
// Order     PE scores per beat, score 0 lowest; N / PE beats per frame, counted from reset; one
//           label per frame.
// Structure a tournament of PE scores with a register behind every round, then one comparison with
//           the best of the frame so far. A later score must be larger to win.
// Timing    N / PE clk per frame, 1 beat per clk, no bubbles; the label is on m_axis
//           2 + clog2(PE) clk after the frame's last beat was taken.
// Limits    PE divides N, else elaboration stops and says which.
`default_nettype none
module bnn_argmax #(
  parameter int N        = 10,  // scores per frame
  parameter int PE       = 1,   // scores per clk
  parameter int IN_W     = 16,
  parameter int SIGNED   = 1,   // 1: two's complement, 0: unsigned
  parameter int PRIM     = 0,   // see bnn_lut6_2
  localparam int LABEL_W = N > 1 ? $clog2(N) : 1
) (
  input  wire logic               clk,
  input  wire logic               rst,
  input  wire logic [PE*IN_W-1:0] s_axis_tdata,
  input  wire logic               s_axis_tvalid,
  output      logic               s_axis_tready,
  output      logic [LABEL_W-1:0] m_axis_tdata,
  output      logic               m_axis_tvalid,
  input  wire logic               m_axis_tready
);
  localparam int FOLD   = N / PE;
  localparam int ROUNDS = $clog2(PE);
  localparam int WIDTH  = 1 << ROUNDS;  // PE filled up to a power of two

  if (N % PE != 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_argmax: PE=%0d must divide N=%0d", PE, N);
  end

  logic               en, in_valid;
  logic [PE*IN_W-1:0] in_data;
  bnn_replay #(.W(PE * IN_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(in_data), .m_axis_tvalid(in_valid), .m_axis_tready(en)
  );
  assign en = m_axis_tready || !m_axis_tvalid;

  // Round r holds WIDTH >> r candidates. Scores are compared as unsigned numbers, signed ones with
  // their sign bit inverted. Candidates beyond PE score 0: larger than nothing, so they never win.
  localparam logic [IN_W-1:0] FLIP = SIGNED != 0 ? IN_W'(1) << (IN_W - 1) : IN_W'(0);
  for (genvar r = 0; r <= ROUNDS; r = r + 1) begin : gen_round
    localparam int COUNT = WIDTH >> r;
    logic                     valid;
    logic [COUNT*IN_W-1:0]    score;
    logic [COUNT*LABEL_W-1:0] index;
    if (r == 0) begin : gen_in
      assign valid = in_valid;
      for (genvar i = 0; i < COUNT; i = i + 1) begin : gen_score
        assign index[i*LABEL_W+:LABEL_W] = LABEL_W'(i);
        if (i < PE) begin : gen_real
          assign score[i*IN_W+:IN_W] = in_data[i*IN_W+:IN_W] ^ FLIP;
        end else begin : gen_fill
          assign score[i*IN_W+:IN_W] = '0;
        end
      end
    end else begin : gen_play
      always_ff @(posedge clk) begin
        if (rst) valid <= 1'b0;
        else if (en) valid <= gen_round[r-1].valid;
      end
      for (genvar i = 0; i < COUNT; i = i + 1) begin : gen_pair
        logic second;
        assign second = gen_round[r-1].score[(2*i+1)*IN_W+:IN_W] >
                        gen_round[r-1].score[2*i*IN_W+:IN_W];
        always_ff @(posedge clk) begin
          if (en) begin
            score[i*IN_W+:IN_W] <= second ? gen_round[r-1].score[(2*i+1)*IN_W+:IN_W]
                                          : gen_round[r-1].score[2*i*IN_W+:IN_W];
            index[i*LABEL_W+:LABEL_W] <= second ? gen_round[r-1].index[(2*i+1)*LABEL_W+:LABEL_W]
                                                : gen_round[r-1].index[2*i*LABEL_W+:LABEL_W];
          end
        end
      end
    end
  end

  logic               valid, valid_q, better;
  logic [IN_W-1:0]    score;
  logic [LABEL_W-1:0] index, best_index_q;
  assign valid = gen_round[ROUNDS].valid;
  assign score = gen_round[ROUNDS].score;

  if (FOLD == 1) begin : gen_one_beat
    assign better = 1'b1;
    assign index  = gen_round[ROUNDS].index;
    logic unused;
    assign unused = &{1'b0, score};
    always_ff @(posedge clk) begin
      if (rst) valid_q <= 1'b0;
      else if (en) valid_q <= valid;
    end
  end else begin : gen_beats
    localparam int BEAT_W = $clog2(FOLD);
    logic [BEAT_W-1:0]  beat_q;
    logic [LABEL_W-1:0] first_index_q;  // beat_q * PE
    logic [IN_W-1:0]    best_score_q;
    logic               last_beat;
    assign last_beat = beat_q == BEAT_W'(FOLD - 1);
    assign better    = beat_q == '0 || score > best_score_q;
    assign index     = first_index_q + gen_round[ROUNDS].index;
    always_ff @(posedge clk) begin
      if (en && valid && better) best_score_q <= score;
      if (rst) begin
        valid_q       <= 1'b0;
        beat_q        <= '0;
        first_index_q <= '0;
      end else if (en) begin
        valid_q <= valid && last_beat;
        if (valid) begin
          beat_q        <= last_beat ? '0 : beat_q + 1'b1;
          first_index_q <= last_beat ? '0 : first_index_q + LABEL_W'(PE);
        end
      end
    end
  end
  always_ff @(posedge clk) begin
    if (en && valid && better) best_index_q <= index;
  end
  assign m_axis_tdata  = best_index_q;
  assign m_axis_tvalid = valid_q;
endmodule
`default_nettype wire
