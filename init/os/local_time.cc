// The C library's time zone.
#include "init/os/local_time.h"

#include <ctime>

namespace berth::os {

std::int64_t LocalTime::offset_at(std::int64_t time) const {
  const std::time_t moment = time;
  std::tm local{};
  return ::localtime_r(&moment, &local) != nullptr ? local.tm_gmtoff : 0;
}

}  // namespace berth::os
