// SPDX-License-Identifier: Apache-2.0
// One AXI-Stream of the Verilated top, seen as bytes whatever C++ type its TDATA port has.
#pragma once

#include <verilated.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "TDATA ports are copied as bytes: this bench needs a little-endian host"
#endif

struct Stream {
  const char* name;      // as the user knows it: "m_axis_label", "BnnMvu_0.out0"
  size_t bytes;          // TDATA bytes of one beat
  uint64_t frame_beats;  // beats of one frame
  uint8_t* data;
  CData* valid;
  CData* ready;

  uint64_t beats = 0;       // passed since reset
  uint64_t last_cycle = 0;  // of the last beat that passed
  uint64_t unstable = 0;    // times that VALID fell or TDATA changed while READY was low

  bool fires() const { return *valid && *ready; }
};

// Storage of a port of `bytes` bytes: CData, SData, IData, QData or VlWide<N> (words of 32 bits).
constexpr size_t port_size(size_t bytes) {
  return bytes <= 1 ? 1 : bytes <= 2 ? 2 : bytes <= 4 ? 4 : bytes <= 8 ? 8 : (bytes + 3) / 4 * 4;
}

template <size_t Bytes, class Port>
Stream stream(const char* name, uint64_t frame_beats, Port& data, CData& valid, CData& ready) {
  static_assert(std::is_trivially_copyable<Port>::value, "TDATA port cannot be copied as bytes");
  static_assert(sizeof(Port) == port_size(Bytes), "TDATA width in top.json is not that of the RTL");
  return Stream{name, Bytes, frame_beats, reinterpret_cast<uint8_t*>(&data), &valid, &ready};
}
