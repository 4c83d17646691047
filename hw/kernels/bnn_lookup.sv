// SPDX-License-Identifier: Apache-2.0
// bnn_lookup - an integer map of any shape per channel: y = TABLE[channel][x].
//
// Function  y[c] = table of channel c at x[c], for x[c] < DEPTH. Used where no affine map keeps the
//           order of the floating-point scores exactly.
// Spec      lookup() in bnn_lookup_ref.py; equal for every input.
// Order     PE channels per beat, channel 0 lowest; N / PE beats per frame, counted from reset.
//           TABLE, N / PE * DEPTH words, word 0 lowest: word fold * DEPTH + x holds for each PE the
//           value at x, PE fields of OUT_W bits, PE 0 lowest. Every PE has an x, hence an address,
//           of its own: each reads the file into a ROM and synthesis keeps its field only.
// Timing    1 beat per clk; 3 clk from s_axis to m_axis. ROM_BLOCK = 1 asks for block RAM.
// Limits    PE divides N, DEPTH <= 2^IN_W, else elaboration stops and says which.
`default_nettype none
module bnn_lookup #(
  parameter int N         = 10,  // channels per frame
  parameter int PE        = 1,   // channels per clk
  parameter int IN_W      = 7,   // x, unsigned
  parameter int DEPTH     = 65,  // entries per channel: x in 0 .. DEPTH-1
  parameter int OUT_W     = 16,  // y, bits as they stand in the file
  parameter     TABLE      = 1'b0,
  parameter     TABLE_FILE = "",  // ROM_BLOCK = 1: for $readmemh, instead
  parameter int ROM_BLOCK  = 0,   // the table in 0: LUTs, 1: block RAM
  parameter int PRIM       = 0    // see bnn_lut6_2
) (
  input  wire logic                clk,
  input  wire logic                rst,
  input  wire logic [PE*IN_W-1:0]  s_axis_tdata,
  input  wire logic                s_axis_tvalid,
  output      logic                s_axis_tready,
  output      logic [PE*OUT_W-1:0] m_axis_tdata,
  output      logic                m_axis_tvalid,
  input  wire logic                m_axis_tready
);
  localparam int FOLD    = N / PE;
  localparam int N_WORDS = FOLD * DEPTH;
  localparam int ADDR_W  = N_WORDS > 1 ? $clog2(N_WORDS) : 1;

  if (N % PE != 0 || DEPTH > (1 << IN_W)) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "bnn_lookup: PE=%0d must divide N=%0d; DEPTH=%0d must be at most 2^IN_W, IN_W=%0d",
             PE, N, DEPTH, IN_W);
  end

  logic               en, in_valid;
  logic [PE*IN_W-1:0] in_data, x_q;
  logic [ADDR_W-1:0]  base_q;  // where the tables of the beat on in_data start
  logic [ADDR_W-1:0]  base_x_q;
  logic [1:0]         valid_q;

  bnn_replay #(.W(PE * IN_W), .FOLD_C(1), .FOLD_R(1), .PRIM(PRIM)) u_input (
    .clk, .rst, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(in_data), .m_axis_tvalid(in_valid), .m_axis_tready(en)
  );
  assign en            = m_axis_tready || !m_axis_tvalid;
  assign m_axis_tvalid = valid_q[1];

  always_ff @(posedge clk) begin
    if (en) begin
      x_q      <= in_data;
      base_x_q <= base_q;
    end
    if (rst) begin
      base_q  <= '0;
      valid_q <= '0;
    end else if (en) begin
      valid_q <= {valid_q[0], in_valid};
      if (in_valid)
        base_q <= base_q == ADDR_W'((FOLD - 1) * DEPTH) ? '0 : base_q + ADDR_W'(DEPTH);
    end
  end

  for (genvar p = 0; p < PE; p = p + 1) begin : gen_pe
    logic [ADDR_W-1:0] addr;
    assign addr = base_x_q + ADDR_W'(x_q[p*IN_W+:IN_W]);
    logic [PE*OUT_W-1:0] word;
    bnn_rom #(
      .W(PE * OUT_W), .DEPTH(N_WORDS), .DATA(TABLE), .FILE(TABLE_FILE), .BLOCK(ROM_BLOCK), .PRIM(PRIM)
    ) u_table (
      .clk, .en, .addr, .data(word)
    );
    assign m_axis_tdata[p*OUT_W+:OUT_W] = word[p*OUT_W+:OUT_W];
    logic unused;
    assign unused = &{1'b0, word};  // the fields of the other PEs
  end
endmodule
`default_nettype wire
