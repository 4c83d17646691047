// SPDX-License-Identifier: Apache-2.0
// start_reset - reset of a Zynq UltraScale+'s logic: after configuration, and by its processor.
//
// Function  rst for CLK clk from configuration on; later for as long as resetn (of any clock) is
//           low, CLK clk behind it.
// Why       resetn there is a bit of a GPIO (pl_resetn0) that is 0 until boot code sets it, and
//           some never does: it counts only once it was high.
// Limits    flip-flops start as `initial` says, which configuration of an FPGA does.
`default_nettype none
module start_reset #(
  parameter int CLK = 4
) (
  input  wire logic clk,
  input  wire logic resetn,
  output      logic rst
);
  logic [CLK-1:0] start_q;
  (* ASYNC_REG = "TRUE" *) logic [CLK-1:0] resetn_q;
  logic           raised_q;
  initial begin
    start_q  = '1;
    resetn_q = '0;
    raised_q = 1'b0;
  end
  always_ff @(posedge clk) begin
    start_q  <= {start_q[CLK-2:0], 1'b0};
    resetn_q <= {resetn_q[CLK-2:0], resetn};
    raised_q <= raised_q || resetn_q[CLK-1];
  end
  assign rst = start_q[CLK-1] || (raised_q && !resetn_q[CLK-1]);
endmodule
`default_nettype wire
