// The words for it.
#include "units/job_trigger.h"

#include <array>

namespace berth {
namespace {

constexpr auto kNames =
    std::to_array<std::string_view>({"boot", "reload", "idle", "resume", "shutdown", "manual",
                                     "every", "schedule", "retry", "dependency", "request"});
static_assert(static_cast<std::size_t>(JobTrigger::request) + 1 == kNames.size());

}  // namespace

std::string_view to_string(JobTrigger trigger) {
  const auto index = static_cast<std::size_t>(trigger);
  return index < kNames.size() ? kNames[index] : "dependency";  // from a newer PID 1
}

}  // namespace berth
