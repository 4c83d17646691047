// SPDX-License-Identifier: Apache-2.0
// frame_counter - counts the beats of a batch of frames.
//
// Function  after start: active until frames * BEATS beats have been counted; last is high with the
//           last of them. done_frames: frames counted whole since start.
// Limits    start with frames = 0 leaves it inactive; a beat while inactive is not counted.
`default_nettype none
module frame_counter #(
  parameter int BEATS = 8  // beats of a frame
) (
  input  wire logic        clk,
  input  wire logic        rst,
  input  wire logic        start,
  input  wire logic        stop,
  input  wire logic [31:0] frames,
  input  wire logic        beat,
  output      logic        active,
  output      logic        last,
  output      logic [31:0] done_frames
);
  if (BEATS < 1) begin : gen_bad_parameters
`ifdef __ICARUS__
    initial
`endif
      $fatal(1, "frame_counter: BEATS=%0d must be at least 1", BEATS);
  end

  localparam int BEAT_W = BEATS > 1 ? $clog2(BEATS) : 1;
  logic [BEAT_W-1:0] beat_q;
  logic [31:0]       left_q;
  logic              frame_ends;
  assign active     = left_q != '0;
  assign frame_ends = beat_q == BEAT_W'(BEATS - 1);
  assign last       = frame_ends && left_q == 32'd1;

  always_ff @(posedge clk) begin
    if (rst) begin
      beat_q      <= '0;
      left_q      <= '0;
      done_frames <= '0;
    end else if (start) begin
      beat_q      <= '0;
      left_q      <= frames;
      done_frames <= '0;
    end else if (stop) begin
      left_q <= '0;
    end else if (beat && active) begin
      beat_q <= frame_ends ? '0 : beat_q + 1'b1;
      if (frame_ends) begin
        left_q      <= left_q - 1'b1;
        done_frames <= done_frames + 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
