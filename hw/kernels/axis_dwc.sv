// SPDX-License-Identifier: Apache-2.0
// axis_dwc - data width converter: beats of IN_LANES values to beats of OUT_LANES values.
//
// Function  the same values in the same order, lane 0 of a beat first.
// Spec      convert() in axis_dwc_ref.py; equal for every input.
// Structure to wider beats: a shift register and a register for whole beats, no LUT on the way. To
//           narrower ones: a register that lanes are picked from; lane 0 goes past it where the
//           output is free. Picking takes a LUT for four lanes, moving them along one each.
//           Equal: wires.
// Timing    1 beat per clk on the narrow side, no bubbles. RATIO beats make a wide one: the first output
//           comes RATIO clk after the first input to wider beats, 1 clk to narrower ones.
// Limits    one of IN_LANES and OUT_LANES divides the other, else elaboration stops and says which.
`default_nettype none
module axis_dwc #(
  parameter int IN_LANES  = 8,
  parameter int OUT_LANES = 2,
  parameter int W         = 1  // bits per lane
) (
  input  wire logic                   clk,
  input  wire logic                   rst,
  input  wire logic [IN_LANES*W-1:0]  s_axis_tdata,
  input  wire logic                   s_axis_tvalid,
  output      logic                   s_axis_tready,
  output      logic [OUT_LANES*W-1:0] m_axis_tdata,
  output      logic                   m_axis_tvalid,
  input  wire logic                   m_axis_tready
);
  localparam int IN_W  = IN_LANES * W;
  localparam int OUT_W = OUT_LANES * W;

  if (IN_LANES % OUT_LANES != 0 && OUT_LANES % IN_LANES != 0) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "axis_dwc: one of IN_LANES=%0d and OUT_LANES=%0d must divide the other",
             IN_LANES, OUT_LANES);
  end

  if (IN_LANES == OUT_LANES) begin : gen_same
    assign m_axis_tdata  = s_axis_tdata;
    assign m_axis_tvalid = s_axis_tvalid;
    assign s_axis_tready = m_axis_tready;
    logic unused;
    assign unused = &{1'b0, clk, rst};
  end else if (IN_LANES < OUT_LANES) begin : gen_wider
    localparam int RATIO = OUT_LANES / IN_LANES;
    localparam int LEFT  = OUT_W - IN_W;
    logic [LEFT-1:0]  shift_q;
    logic [OUT_W-1:0] data_q;
    logic             ready_q, valid_q, write, last, keeps, unused_low;
    logic [1:0]       near;  // step RATIO - 1 - i
    assign s_axis_tready = ready_q;
    assign m_axis_tvalid = valid_q;
    assign m_axis_tdata  = data_q;
    assign write         = s_axis_tvalid && ready_q;
    assign keeps         = valid_q && !m_axis_tready;
    bnn_window_loop #(.N(RATIO), .LOW(1), .HIGH(2)) u_lane (
      .clk, .rst, .step(write), .last, .low(unused_low), .high(near)
    );
    always_ff @(posedge clk) begin
      if (write) shift_q <= LEFT'({s_axis_tdata, shift_q} >> IN_W);
      if (write && last) data_q <= {s_axis_tdata, shift_q};
    end
    always_ff @(posedge clk) begin
      if (rst) begin
        ready_q <= 1'b0;
        valid_q <= 1'b0;
      end else begin
        valid_q <= keeps || (write && last);
        ready_q <= !keeps || !(write ? near[1] : near[0]);  // the last lane needs data_q
      end
    end
  end else begin : gen_narrower
    localparam int RATIO = IN_LANES / OUT_LANES;
    localparam int SEL_W = RATIO > 1 ? $clog2(RATIO) : 1;  // 1: refused above
    logic [IN_W-1:0]  data_q;  // a beat whose lanes from sel_q on are still to go
    logic [OUT_W-1:0] out_q;
    logic [SEL_W-1:0] sel_q, sel_next;
    logic             ready_q, valid_q, full_q, en, write, done;
    assign s_axis_tready = ready_q;
    assign m_axis_tvalid = valid_q;
    assign m_axis_tdata  = out_q;
    assign en            = m_axis_tready || !valid_q;
    assign write         = s_axis_tvalid && ready_q;
    assign done          = en && sel_q == SEL_W'(RATIO - 1);
    // data_q[sel_q*OUT_W+:OUT_W] in stages of four to one, a LUT a bit, each written out: an index times
    // OUT_W that is no power of two becomes a product and a shift of the whole beat. The last stage is
    // free to share its LUT with what goes past.
    localparam int STAGES = (SEL_W + 1) / 2;
    for (genvar s = 0; s < STAGES; s = s + 1) begin : gen_pick
      localparam int COUNT = 1 << (2 * (STAGES - s));
      (* keep *) logic [COUNT*OUT_W-1:0] at;
      if (s == 0) begin : gen_in
        assign at = (COUNT * OUT_W)'(data_q);
      end else begin : gen_stage
        logic [1:0] by;
        assign by = 2'(sel_q >> (2 * s - 2));
        for (genvar i = 0; i < COUNT; i = i + 1) begin : gen_four
          localparam int AT = 4 * i * OUT_W;
          assign at[i*OUT_W+:OUT_W] = by[1]
            ? (by[0] ? gen_pick[s-1].at[AT+3*OUT_W+:OUT_W] : gen_pick[s-1].at[AT+2*OUT_W+:OUT_W])
            : (by[0] ? gen_pick[s-1].at[AT+OUT_W+:OUT_W] : gen_pick[s-1].at[AT+:OUT_W]);
        end
      end
    end
    logic [1:0]       by;
    logic [OUT_W-1:0] lane;
    assign by   = 2'(sel_q >> (2 * STAGES - 2));
    assign lane = by[1]
      ? (by[0] ? gen_pick[STAGES-1].at[3*OUT_W+:OUT_W] : gen_pick[STAGES-1].at[2*OUT_W+:OUT_W])
      : (by[0] ? gen_pick[STAGES-1].at[OUT_W+:OUT_W] : gen_pick[STAGES-1].at[0+:OUT_W]);
    for (genvar i = 0; i < SEL_W; i = i + 1) begin : gen_sel  // sel_q + 1 without a carry chain
      localparam int BELOW = (1 << i) - 1;
      assign sel_next[i] = sel_q[i] ^ ((sel_q & SEL_W'(BELOW)) == SEL_W'(BELOW));
    end
    always_ff @(posedge clk) begin
      if (ready_q) data_q <= s_axis_tdata;
      if (en) out_q <= full_q ? lane : s_axis_tdata[OUT_W-1:0];
    end
    always_ff @(posedge clk) begin
      if (rst) begin
        ready_q <= 1'b0;
        full_q  <= 1'b0;
        valid_q <= 1'b0;
        sel_q   <= '0;
      end else begin
        if (en) valid_q <= write || full_q;
        full_q  <= write || (full_q && !done);
        ready_q <= !write && (!full_q || done);
        if (done) sel_q <= '0;
        else if (en && (write || full_q)) sel_q <= sel_next;
      end
    end
  end
endmodule
`default_nettype wire
