// SPDX-License-Identifier: Apache-2.0
// Streams a file of frames through the Verilated top and writes what comes out, beat by beat.
//
// Usage     bench INPUT OUTDIR FRAMES GAP STALL SEED WATCHDOG DRAIN RESET_AT   (by sim.bench.drive)
// Writes    OUTDIR/<stream>.bin (TDATA bytes of each beat), done.bin (uint64 cycle of the last beat
//           of every frame on the first output), outcome.json (what happened, state per stream).
// Cycle     inputs change with the falling edge, handshakes are read before the rising one. Cycle 0
//           is the first after reset.
// Exit      0: outcome.json tells, good or bad. 1: bad arguments. 4: a file failed, errno on stdout.
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "Vtop.h"
#include "parts.h"
#include "streams.h"  // generated from top.json: bench_input(), bench_outputs(), bench_taps()

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

struct Options {
  std::string input, out;
  uint64_t frames;
  double gap, stall;
  uint64_t seed, watchdog, drain;
  int64_t reset_at;
};

class Bench {
 public:
  explicit Bench(const Options& o)
      : opt_(o), in_(bench_input(top_)), outs_(bench_outputs(top_)), taps_(bench_taps(top_)),
        gap_(o.gap, o.seed), total_(o.frames * in_.frame_beats) {
    for (size_t i = 0; i < outs_.size(); ++i) stall_.emplace_back(o.stall, o.seed + 0x5bd1e995u * (i + 1));
    for (auto& s : outs_) sinks_.emplace_back(o.out + "/" + s.name + ".bin");
    for (size_t i = 0; i < taps_.size(); ++i) sinks_.emplace_back(o.out + "/tap" + std::to_string(i) + ".bin");
    for (auto& s : outs_) stable_.emplace_back(s);
    for (auto& s : taps_) stable_.emplace_back(s);
    read_input();
  }

  void run() {
    started_ = Clock::now();
    reset();
    if (opt_.reset_at >= 0) {
      while (in_.beats < uint64_t(opt_.reset_at) && step(false)) {}
      if (outcome_) return finish();
      reset();
    }
    while (!complete() && step(true)) {}
    if (!outcome_) drain();
    if (!outcome_) outcome_ = context().gotFinish() ? "finish" : "done";
    finish();
  }

 private:
  void read_input() {
    std::FILE* f = std::fopen(opt_.input.c_str(), "rb");
    if (!f) io_fail(opt_.input);
    input_.resize(total_ * in_.bytes);
    if (std::fread(input_.data(), 1, input_.size(), f) != input_.size()) io_fail(opt_.input);
    std::fclose(f);
  }

  void edge() {
    top_.ap_clk = 1;
    top_.eval();
    context().timeInc(1);
  }

  VerilatedContext& context() { return *top_.contextp(); }

  void reset() {
    top_.ap_rst_n = 0;
    *in_.valid = 0;
    for (auto& s : outs_) *s.ready = 0;
    for (int i = 0; i < 16; ++i) {
      top_.ap_clk = 0;
      top_.eval();
      edge();
    }
    top_.ap_rst_n = 1;
    in_.beats = 0;
    for (auto* list : {&outs_, &taps_})
      for (auto& s : *list) s.beats = s.last_cycle = s.unstable = 0;
    for (auto& s : stable_) s.clear();
    cycle_ = quiet_ = 0;
    offering_ = false;
  }

  // One clock cycle. False when the run is over (outcome_ says why).
  bool step(bool record) {
    if (!offering_ && in_.beats < total_ && !gap_()) {
      std::memcpy(in_.data, &input_[in_.beats * in_.bytes], in_.bytes);
      offering_ = true;
    }
    *in_.valid = offering_;
    for (size_t i = 0; i < outs_.size(); ++i) *outs_[i].ready = !stall_[i]();
    top_.ap_clk = 0;
    top_.eval();

    bool moved = false;
    if (in_.fires()) {
      if (in_.beats == 0) first_in_ = cycle_;
      count(in_);
      offering_ = false;
      moved = true;
    }
    for (size_t i = 0; i < outs_.size(); ++i) moved |= sample(outs_[i], i, record, true);
    for (size_t i = 0; i < taps_.size(); ++i) sample(taps_[i], outs_.size() + i, record, false);
    if (outcome_) return false;

    quiet_ = moved ? 0 : quiet_ + 1;
    if (quiet_ > opt_.watchdog) return stop("stuck", "");
    edge();
    ++cycle_;
    if ((cycle_ & 0xfff) == 0) return housekeeping();
    return true;
  }

  bool sample(Stream& s, size_t index, bool record, bool top_level) {
    if (stable_[index].broken(s)) {
      ++s.unstable;
      if (top_level) stop("unstable", s.name);
    }
    stable_[index].sample(s);
    if (!s.fires()) return false;
    count(s);
    if (!record) return true;
    if (top_level && s.beats > opt_.frames * s.frame_beats) return !stop("extra", s.name);
    sinks_[index].put(s.data, s.bytes);
    if (top_level && s.beats % s.frame_beats == 0) frame_out(s, index);
    return true;
  }

  void count(Stream& s) {
    ++s.beats;
    s.last_cycle = cycle_;
  }

  // Output frame f cannot be complete before input frame f is: else a beat was made up.
  void frame_out(const Stream& s, size_t index) {
    const uint64_t frame = s.beats / s.frame_beats;
    if (frame > in_.beats / in_.frame_beats) stop("early", s.name);
    if (index == 0) done_.push_back(cycle_);
    if (frame == 1) first_out_ = cycle_;
  }

  bool complete() const {
    for (auto& s : outs_)
      if (s.beats < opt_.frames * s.frame_beats) return false;
    return in_.beats == total_;
  }

  void drain() {
    cycles_ = cycle_;
    const uint64_t end = cycle_ + opt_.drain;
    opt_.watchdog = ~uint64_t(0);
    while (cycle_ < end && step(true)) {}
    for (auto& s : taps_)
      if (!outcome_ && s.beats != opt_.frames * s.frame_beats) stop("tap-count", s.name);
  }

  bool stop(const char* outcome, const char* name) {
    if (!outcome_) outcome_ = outcome, culprit_ = name;
    return false;
  }

  bool housekeeping() {
    if (context().gotFinish()) return stop("finish", "");
    static const bool tty = isatty(2);
    const double now = seconds_since(started_);
    if (now < next_progress_) return true;
    next_progress_ = now + (tty ? 0.25 : 5.0);
    const double share = double(done_.size()) / double(opt_.frames);
    const double eta = share > 0 ? now / share - now : 0;
    if (now >= 1.0)
      std::fprintf(stderr, "%ssimulated %zu of %" PRIu64 " frames, %.0f kcycles/s, %.0f s to go%s",
                   tty ? "\r" : "", done_.size(), opt_.frames, double(cycle_) / now / 1e3, eta,
                   tty ? "   " : "\n");
    shown_ |= tty && now >= 1.0;
    return true;
  }

  void finish() {
    const double wall = seconds_since(started_);
    if (shown_) std::fprintf(stderr, "\n");
    for (auto& s : sinks_) s.close();
    Sink done(opt_.out + "/done.bin");
    if (!done_.empty()) done.put(done_.data(), done_.size() * sizeof(done_[0]));
    done.close();
    top_.final();
    write_outcome(wall);
  }

  void write_outcome(double wall) {
    char line[512];
    std::string json = "{\n";
    std::snprintf(line, sizeof line,
                  " \"outcome\": \"%s\", \"stream\": \"%s\", \"cycle\": %" PRIu64 ",\n"
                  " \"cycles\": %" PRIu64 ", \"wall_s\": %.6f,\n"
                  " \"first_in\": %" PRIu64 ", \"first_out\": %" PRIu64 ",\n \"streams\": [\n",
                  outcome_, culprit_, cycle_, cycles_, wall, first_in_, first_out_);
    json += line;
    std::vector<std::pair<const char*, const Stream*>> all{{"input", &in_}};
    for (auto& s : outs_) all.emplace_back("output", &s);
    for (auto& s : taps_) all.emplace_back("tap", &s);
    for (auto& [kind, s] : all) {
      json += std::string("  {\"kind\": \"") + kind + "\", \"name\": \"" + s->name + "\", ";
      std::snprintf(line, sizeof line,
                    "\"beats\": %" PRIu64 ", \"frame_beats\": %" PRIu64
                    ", \"valid\": %d, \"ready\": %d, \"last_cycle\": %" PRIu64
                    ", \"unstable\": %" PRIu64 "}%s\n",
                    s->beats, s->frame_beats, *s->valid ? 1 : 0, *s->ready ? 1 : 0, s->last_cycle,
                    s->unstable, s == all.back().second ? "" : ",");
      json += line;
    }
    json += " ]\n}\n";
    Sink file(opt_.out + "/outcome.json");
    file.put(json.data(), json.size());
    file.close();
  }

  Options opt_;
  Vtop top_;
  Stream in_;
  std::vector<Stream> outs_, taps_;
  std::vector<Sink> sinks_;         // outputs, then taps
  std::vector<Stability> stable_;   // outputs, then taps
  Chance gap_;
  std::vector<Chance> stall_;
  std::vector<uint8_t> input_;
  std::vector<uint64_t> done_;
  uint64_t total_, cycle_ = 0, cycles_ = 0, quiet_ = 0, first_in_ = 0, first_out_ = 0;
  bool offering_ = false, shown_ = false;
  const char* outcome_ = nullptr;
  const char* culprit_ = "";
  Clock::time_point started_;
  double next_progress_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 10) {
    std::fprintf(stderr, "usage: run me through `python -m sim.network_bench run`\n");
    return 1;
  }
  auto u64 = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
  Options o{argv[1], argv[2], u64(3), std::atof(argv[4]), std::atof(argv[5]),
            u64(6),  u64(7),  u64(8), std::strtoll(argv[9], nullptr, 10)};
  std::make_unique<Bench>(o)->run();
  return 0;
}
