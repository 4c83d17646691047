// SPDX-License-Identifier: Apache-2.0
// What bench.cpp is put together from: chance, files, and the check of AXI-Stream's one rule.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "stream.h"

[[noreturn]] inline void io_fail(const std::string& path) {
  std::printf("bench-io %d %s\n", errno ? errno : EIO, path.c_str());
  std::fflush(stdout);
  std::exit(4);
}

// Decides with probability p, the same way for the same seed on every machine (splitmix64).
class Chance {
 public:
  Chance(double p, uint64_t seed) : limit_(uint64_t(p * 18446744073709551616.0)), state_(seed) {}
  bool operator()() {
    if (limit_ == 0) return false;
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) < limit_;
  }

 private:
  uint64_t limit_, state_;
};

// A file that is either complete or reported.
class Sink {
 public:
  explicit Sink(std::string path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wb")) {
    if (!file_) io_fail(path_);
    std::setvbuf(file_, nullptr, _IOFBF, 1 << 18);
  }
  void put(const void* data, size_t n) {
    if (std::fwrite(data, 1, n, file_) != n) io_fail(path_);
  }
  void close() {
    if (std::fclose(file_)) io_fail(path_);
  }

 private:
  std::string path_;
  std::FILE* file_;
};

// Notices a sender that withdraws or changes a beat it has offered (AXI-Stream forbids both).
class Stability {
 public:
  explicit Stability(const Stream& s) : held_(s.bytes) {}
  bool broken(const Stream& s) const {
    return waiting_ && (!*s.valid || std::memcmp(held_.data(), s.data, s.bytes) != 0);
  }
  void sample(const Stream& s) {
    waiting_ = *s.valid && !*s.ready;
    if (waiting_) std::memcpy(held_.data(), s.data, s.bytes);
  }
  void clear() { waiting_ = false; }

 private:
  std::vector<uint8_t> held_;
  bool waiting_ = false;
};
