// BodyPace: how fast a client has to send its body. Who sends a byte now and then keeps a unit busy
// for ever (slow POST).
#pragma once

#include <cstdint>

#include "init/os/clock.h"
#include "units/values.h"

namespace berth::proxy {

class BodyPace {
 public:
  /// Bytes a second on the average of a window.
  static constexpr std::uint64_t kLeastRate = 500;

  /// By when the client must have sent enough of its body to have another `window`. total: what has
  /// come so far.
  os::TimePoint deadline(os::TimePoint now, std::uint64_t total, Milliseconds window) {
    const std::uint64_t enough = kLeastRate * static_cast<std::uint64_t>(window.count()) / 1'000;
    if (!runs_ || total - counted_ >= enough) {
      runs_ = true;
      since_ = now;
      counted_ = total;
    }
    return since_ + window;
  }
  /// It is somebody else's turn.
  void pause() { runs_ = false; }

 private:
  bool runs_ = false;
  os::TimePoint since_;
  std::uint64_t counted_ = 0;
};

}  // namespace berth::proxy
