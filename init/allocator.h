// The malloc of a unit: [memory] allocator, allocator_conf and arenas as variables of its
// environment.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "units/unit.h"

namespace berth {

/// Where libraries are looked for, the admin's own first.
std::vector<std::string> library_folders();

/// The path of an allocator's library. Fails, naming the Debian package, if it is in none of
/// `folders`. REQUIRES: not Allocator::system.
Result<std::string> find_allocator(Allocator allocator, const std::vector<std::string>& folders);

/// Adds the allocator to an environment that already has `own`, the variables of [process] env,
/// which win; what was inherited gives way. Fails as find_allocator() does.
Result<void> add_allocator(const MemorySpec& memory,
                           const std::map<std::string, std::optional<std::string>>& own,
                           const std::vector<std::string>& folders,
                           std::map<std::string, std::string>& environment);

}  // namespace berth
