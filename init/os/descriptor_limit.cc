// getrlimit.
#include "init/os/descriptor_limit.h"

#include <sys/resource.h>

namespace berth::os {

std::optional<std::uint64_t> descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY)
    return std::nullopt;
  return limit.rlim_max;
}

}  // namespace berth::os
