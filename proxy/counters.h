// Counters: what has been refused, cut off or made to wait, and why; since the process began.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace berth::proxy {

enum class Refusal : std::uint8_t {
  malformed,          ///< 400
  head_too_slow,      ///< 408, or closed if nothing of a head had come
  body_too_slow,      ///< 408
  body_too_large,     ///< 413
  target_too_long,    ///< 414
  head_too_large,     ///< 431
  address_full,       ///< 429: one address had too many connections
  waiting_room_full,  ///< 503
  reader_stalled,     ///< closed: it took nothing of its reply for `idle`
  idle_dropped,       ///< an idle connection made room for a new one
  connections_full,   ///< accepting paused: `max_connections` was reached
  descriptors_gone,   ///< accepting paused, or 503: the process had no descriptors or memory left
  http2_flood,        ///< closed: resets, pings or settings, and hardly anything else
};
inline constexpr std::size_t kRefusals = 13;

class Counters {
 public:
  void count(Refusal refusal) { ++counts_[static_cast<std::size_t>(refusal)]; }
  std::uint64_t of(Refusal refusal) const { return counts_[static_cast<std::size_t>(refusal)]; }

 private:
  std::array<std::uint64_t, kRefusals> counts_{};
};

/// "head_too_slow": the word of the metrics page.
std::string_view to_string(Refusal refusal);

}  // namespace berth::proxy
