// What the units need from the container that berth runs in: descriptors, and time to stop.
#pragma once

#include <chrono>
#include <cstdint>

#include "units/catalog.h"

namespace berth {

/// How many descriptors PID 1 has open at most when all units of `catalog` run at once. Not counted
/// is the output of processes that have escaped from their unit: up to 14 pipes a unit
/// (log_hub.cc).
std::uint64_t descriptors_needed(const Catalog& catalog);

/// The capabilities that units keep, and of those the ones that `docker run` does not grant by
/// itself.
struct CapabilitiesNeeded {
  CapabilitySet kept = 0, extra = 0;
};
CapabilitiesNeeded capabilities_needed(const Catalog& catalog);

/// How long a shutdown takes at most, from the first signal to the end of berth.
Milliseconds shutdown_limit(const BerthConfig& config);
/// What to tell whoever ends the container with SIGKILL after so many seconds: `docker stop -t`,
/// terminationGracePeriodSeconds, kill_timeout.
std::chrono::seconds stop_grace(const BerthConfig& config);

}  // namespace berth
