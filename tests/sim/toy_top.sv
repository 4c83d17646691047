// SPDX-License-Identifier: Apache-2.0
// A small top with the ports of a generated one, for testing the bench: three stages, 5 byte beats.
//
// Function  frame = 7 beats; add = low byte + OFFSET (from offset.mem); sum = all of them, 16 bits.
//           label = low byte of sum; score = the two bytes of sum, low first.
// Faults    macros FAULT_HANG, FAULT_DROP, FAULT_EXTRA, FAULT_UNSTABLE, FAULT_FINISH
`default_nettype none
module bnn_top (
  input  wire logic        ap_clk,
  input  wire logic        ap_rst_n,
  input  wire logic [39:0] s_axis_tdata,
  input  wire logic        s_axis_tvalid,
  output      logic        s_axis_tready,
`ifdef BNN_TAPS
  output      logic [39:0] tap0_tdata,
  output      logic        tap0_tvalid,
  output      logic        tap0_tready,
  output      logic [15:0] tap1_tdata,
  output      logic        tap1_tvalid,
  output      logic        tap1_tready,
`endif
  output      logic [7:0]  m_axis_label_tdata,
  output      logic        m_axis_label_tvalid,
  input  wire logic        m_axis_label_tready,
  output      logic [7:0]  m_axis_score_tdata,
  output      logic        m_axis_score_tvalid,
  input  wire logic        m_axis_score_tready
);
  logic [7:0] offset[1];
  initial $readmemh("offset.mem", offset);

  // stage 0: one register, counts beats for the faults
  logic [39:0] a_data_q;
  logic        a_valid_q, a_ready;
  logic [15:0] a_count_q;
  assign s_axis_tready = !a_valid_q || a_ready;
  always_ff @(posedge ap_clk) begin
    if (s_axis_tready) begin
      a_data_q  <= {s_axis_tdata[39:8], s_axis_tdata[7:0] + offset[0]};
      a_valid_q <= s_axis_tvalid;
      if (s_axis_tvalid) a_count_q <= a_count_q + 1;
`ifdef FAULT_DROP
      if (s_axis_tvalid && a_count_q == 13) a_valid_q <= 1'b0;
`endif
    end
    if (!ap_rst_n) begin
      a_valid_q <= 1'b0;
      a_count_q <= '0;
    end
  end

  // stage 1: seven beats into one
  logic [15:0] sum_q, b_data_q;
  logic [2:0]  beat_q;
  logic        b_valid_q, b_ready;
  logic [15:0] sum;
  assign sum = sum_q + 16'(a_data_q[7:0]);
`ifdef FAULT_HANG
  assign a_ready = (!b_valid_q || b_ready) && a_count_q < 30;
`else
  assign a_ready = !b_valid_q || b_ready;
`endif
  always_ff @(posedge ap_clk) begin
    if (a_ready) begin
      b_valid_q <= 1'b0;
      if (a_valid_q) begin
        sum_q  <= beat_q == 6 ? '0 : sum;
        beat_q <= beat_q == 6 ? '0 : beat_q + 1;
        if (beat_q == 6) begin
          b_valid_q <= 1'b1;
          b_data_q  <= sum;
        end
      end
    end
    if (!ap_rst_n) begin
      b_valid_q <= 1'b0;
      beat_q    <= '0;
      sum_q     <= '0;
    end
  end

  // stage 2: fork into one label beat and two score beats
  logic        label_q;
  logic [1:0]  left_q;
  logic [15:0] out_q;
  assign b_ready             = !label_q && left_q == 0;
  assign m_axis_label_tvalid = label_q;
  assign m_axis_score_tvalid = left_q != 0;
  assign m_axis_score_tdata  = left_q == 2 ? out_q[7:0] : out_q[15:8];
`ifdef FAULT_UNSTABLE
  assign m_axis_label_tdata = out_q[7:0] ^ {7'b0, m_axis_label_tready};
`else
  assign m_axis_label_tdata = out_q[7:0];
`endif
`ifdef FAULT_EXTRA
  logic [7:0] frame_q;
`endif
  always_ff @(posedge ap_clk) begin
    if (m_axis_label_tvalid && m_axis_label_tready) begin
      label_q <= 1'b0;
`ifdef FAULT_EXTRA
      frame_q <= frame_q + 1;
      if (frame_q == 2) label_q <= 1'b1;
`endif
    end
    if (m_axis_score_tvalid && m_axis_score_tready) left_q <= left_q - 1;
    if (b_ready && b_valid_q) begin
      label_q <= 1'b1;
      left_q  <= 2'd2;
      out_q   <= b_data_q;
    end
`ifdef FAULT_FINISH
    if (ap_rst_n && a_count_q == 20) $finish;
`endif
    if (!ap_rst_n) begin
      label_q <= 1'b0;
      left_q  <= '0;
`ifdef FAULT_EXTRA
      frame_q <= '0;
`endif
    end
  end

`ifdef BNN_TAPS
  assign {tap0_tdata, tap0_tvalid, tap0_tready} = {a_data_q, a_valid_q, a_ready};
  assign {tap1_tdata, tap1_tvalid, tap1_tready} = {b_data_q, b_valid_q, b_ready};
`endif
endmodule
`default_nettype wire
