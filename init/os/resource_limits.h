// Resource limits by name.
#pragma once

#include <optional>
#include <string_view>

namespace berth::os {

/// "nofile" -> RLIMIT_NOFILE: the names of setrlimit(2) in lower case, without "RLIMIT_".
std::optional<int> limit_number(std::string_view name);
/// The other way round; "" for an unknown number.
std::string_view limit_name(int resource);

}  // namespace berth::os
