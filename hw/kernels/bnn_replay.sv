// SPDX-License-Identifier: Apache-2.0
// bnn_replay - stores vectors of FOLD_C words and sends each of them FOLD_R times.
//
// Function  FOLD_R > 1: words 0..FOLD_C-1 of a vector, then the same again, FOLD_R times in all.
//           FOLD_R = 1: a FIFO of two words; a LUT site chooses two bits of its output register.
// Buffer    2 * FOLD_C words: one vector is sent while the next one arrives. A word can be read as
//           soon as it is written and its place is free again as soon as it is read the last time.
//           Asynchronous read: yosys and Vivado make LUT RAM of it, or flip-flops when it is tiny.
// Timing    1 clk from s_axis to m_axis; no bubbles; s_axis_tready is a register.
`default_nettype none
module bnn_replay #(
  parameter int W      = 16,  // bits per word
  parameter int FOLD_C = 4,   // words per vector
  parameter int FOLD_R = 4,   // times each vector is sent
  parameter int PRIM   = 0    // see bnn_lut6_2
) (
  input  wire logic         clk,
  input  wire logic         rst,
  input  wire logic [W-1:0] s_axis_tdata,
  input  wire logic         s_axis_tvalid,
  output      logic         s_axis_tready,
  output      logic [W-1:0] m_axis_tdata,
  output      logic         m_axis_tvalid,
  input  wire logic         m_axis_tready
);
  logic ready_q, write, read;
  assign s_axis_tready = ready_q;
  assign write         = s_axis_tvalid && ready_q;
  assign read          = m_axis_tvalid && m_axis_tready;

  if (FOLD_R == 1) begin : gen_fifo
    localparam int PAIRS = PRIM != 0 ? W / 2 : 0;
    logic [W-1:0] head_q, skid_q, head_d;
    logic         head_valid_q, skid_valid_q;
    assign m_axis_tdata  = head_q;
    assign m_axis_tvalid = head_valid_q;
    for (genvar i = 0; i < PAIRS; i = i + 1) begin : gen_pair
      bnn_lut6_2 #(.INIT(64'hff00cccc_f0f0aaaa), .PRIM(PRIM)) u_lut (
        .i({1'b1, skid_valid_q, skid_q[2*i+:2], s_axis_tdata[2*i+:2]}),
        .o5(head_d[2*i]), .o6(head_d[2*i+1])
      );
    end
    for (genvar i = 2 * PAIRS; i < W; i = i + 1) begin : gen_bit
      assign head_d[i] = skid_valid_q ? skid_q[i] : s_axis_tdata[i];
    end
    always_ff @(posedge clk) begin
      if (read || !head_valid_q) head_q <= head_d;
      if (write) skid_q <= s_axis_tdata;
    end
    always_ff @(posedge clk) begin
      if (rst) begin
        ready_q      <= 1'b0;
        head_valid_q <= 1'b0;
        skid_valid_q <= 1'b0;
      end else begin
        if (read || !head_valid_q) begin
          head_valid_q <= skid_valid_q || write;
          skid_valid_q <= 1'b0;
          ready_q      <= 1'b1;
        end else if (write) begin
          skid_valid_q <= 1'b1;
          ready_q      <= 1'b0;
        end else begin
          ready_q <= !skid_valid_q;
        end
      end
    end
  end else begin : gen_buffer
    localparam int DEPTH  = 2 * FOLD_C;
    localparam int ADDR_W = $clog2(DEPTH);
    localparam int COL_W  = FOLD_C > 1 ? $clog2(FOLD_C) : 1;
    localparam int PASS_W = $clog2(FOLD_R);
    localparam int CNT_W  = $clog2(DEPTH + 1);
    logic [W-1:0]      mem [0:DEPTH-1];
    logic [ADDR_W-1:0] wr_q, rd_q, base_q;
    logic [COL_W-1:0]  col_q;
    logic [PASS_W-1:0] pass_q;
    logic [CNT_W-1:0]  used_q, used_d;   // words written and not yet read for the last time
    logic [CNT_W-1:0]  fresh_q;          // words written and not yet read for the first time
    logic              first_pass_q, last_pass, last_col, free, consume;

    assign last_col      = col_q == COL_W'(FOLD_C - 1);
    assign last_pass     = pass_q == PASS_W'(FOLD_R - 1);
    assign free          = read && last_pass;
    assign consume       = read && first_pass_q;
    assign used_d        = used_q + CNT_W'(write) - CNT_W'(free);
    assign m_axis_tdata  = mem[rd_q];
    assign m_axis_tvalid = !first_pass_q || fresh_q != '0;

    always_ff @(posedge clk) begin
      if (write) mem[wr_q] <= s_axis_tdata;
    end
    always_ff @(posedge clk) begin
      if (rst) begin
        ready_q      <= 1'b0;
        wr_q         <= '0;
        rd_q         <= '0;
        base_q       <= '0;
        col_q        <= '0;
        pass_q       <= '0;
        used_q       <= '0;
        fresh_q      <= '0;
        first_pass_q <= 1'b1;
      end else begin
        ready_q <= used_d != CNT_W'(DEPTH);
        used_q  <= used_d;
        fresh_q <= fresh_q + CNT_W'(write) - CNT_W'(consume);
        if (write) wr_q <= wr_q == ADDR_W'(DEPTH - 1) ? '0 : wr_q + 1'b1;
        if (read) begin
          col_q <= last_col ? '0 : col_q + 1'b1;
          if (!last_col) begin
            rd_q <= rd_q + 1'b1;
          end else if (!last_pass) begin
            rd_q         <= base_q;
            pass_q       <= pass_q + 1'b1;
            first_pass_q <= 1'b0;
          end else begin
            rd_q         <= base_q == '0 ? ADDR_W'(FOLD_C) : '0;
            base_q       <= base_q == '0 ? ADDR_W'(FOLD_C) : '0;
            pass_q       <= '0;
            first_pass_q <= 1'b1;
          end
        end
      end
    end
  end
endmodule
`default_nettype wire
