// LocalTime: the container's time zone, from TZ or /etc/localtime as they were when it was first
// asked (tzset(3)).
#pragma once

#include "units/time_zone.h"

namespace berth::os {

class LocalTime final : public TimeZone {
 public:
  /// 0 where the C library has no date for it.
  std::int64_t offset_at(std::int64_t time) const override;
};

}  // namespace berth::os
