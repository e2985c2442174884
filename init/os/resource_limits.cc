// The table of limits.
#include "init/os/resource_limits.h"

#include <algorithm>
#include <array>

#include <sys/resource.h>

namespace berth::os {
namespace {

struct LimitName {
  std::string_view name;
  int resource;
};
constexpr std::array<LimitName, 16> kLimits = {{
    {"as", RLIMIT_AS},
    {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC},
    {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
}};

}  // namespace

std::optional<int> limit_number(std::string_view name) {
  const auto* const known = std::find_if(
      kLimits.begin(), kLimits.end(), [name](const LimitName& each) { return each.name == name; });
  return known != kLimits.end() ? std::optional(known->resource) : std::nullopt;
}

std::string_view limit_name(int resource) {
  const auto* const known =
      std::find_if(kLimits.begin(), kLimits.end(),
                   [resource](const LimitName& each) { return each.resource == resource; });
  return known != kLimits.end() ? known->name : std::string_view();
}

}  // namespace berth::os
