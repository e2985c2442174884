// `berthctl verify`: reads the unit files as berth would, and says what is wrong with them and what
// they need from the container.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "init/ctl/output.h"
#include "units/catalog.h"

namespace berth::ctl {

/// Prints the errors of a catalog, a summary, and what the container must grant. descriptor_limit:
/// how many descriptors PID 1 may have; nullopt = no limit. libraries: the folders where allocators
/// are looked for. Returns the exit status, which is that of the unit files alone: the limit and
/// the libraries here need not be those there.
int show_verification(const Catalog& catalog, std::optional<std::uint64_t> descriptor_limit,
                      const std::vector<std::string>& libraries, const Output& output);

}  // namespace berth::ctl
