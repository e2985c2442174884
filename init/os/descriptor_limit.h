// How many descriptors a process of this container may have.
#pragma once

#include <cstdint>
#include <optional>

namespace berth::os {

/// The hard RLIMIT_NOFILE of this process, to which berth raises its own; nullopt = no limit.
std::optional<std::uint64_t> descriptor_limit();

}  // namespace berth::os
