// JobTrigger: why a job runs.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth {

enum class JobTrigger : std::uint8_t {
  boot,
  reload,
  idle,
  resume,
  shutdown,
  manual,
  // The ones above are the words of `on`, in this order.
  every,
  schedule,
  retry,
  dependency,  ///< another unit pulled it in
  request,     ///< of a client of the proxy
};
std::string_view to_string(JobTrigger trigger);

/// A set of them.
using TriggerSet = std::uint16_t;
constexpr TriggerSet trigger_bit(JobTrigger trigger) {
  return static_cast<TriggerSet>(1U << static_cast<unsigned>(trigger));
}

}  // namespace berth
