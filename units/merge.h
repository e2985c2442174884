// Merging one tree of keys over another: drop-ins over a unit's file, a file over the defaults.
#pragma once

#include <functional>

#include "units/toml_document.h"

namespace berth {

/// Called for a "KEY+" that cannot append, with the reason.
using MergeComplaint = std::function<void(const Member& member, const std::string& message)>;

/// Puts `over` on top of `base`; both are tables. Tables merge, values and plain arrays replace,
/// arrays of tables append, "KEY+" appends to the array KEY. `base` has no "KEY+" afterwards.
void merge_over(Node& base, Node over, const MergeComplaint& complain);

}  // namespace berth
