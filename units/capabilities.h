// Capabilities by name, as a set of bits: what a unit may keep of root's rights.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

/// Bit n is capability n of <linux/capability.h>.
using CapabilitySet = std::uint64_t;

/// "net_bind_service", "CAP_NET_BIND_SERVICE" -> 10, in any case; nullopt if there is none of that
/// name.
std::optional<unsigned> capability_number(std::string_view name);
/// All names in lower case and without "cap_", in the order of their numbers.
std::vector<std::string_view> capability_names();
/// "net_admin, sys_time"; a number stands for what has no name here.
std::string to_string(CapabilitySet set);

}  // namespace berth
