// TimeZone: what a schedule needs to know about local time. The system's is init/os/local_time.h.
#pragma once

#include <cstdint>

namespace berth {

class TimeZone {
 public:
  virtual ~TimeZone() = default;
  /// Seconds that local time is ahead of UTC at that moment, given in seconds since 1970.
  virtual std::int64_t offset_at(std::int64_t time) const = 0;
};

}  // namespace berth
