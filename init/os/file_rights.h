// Taking the right to change files away from a process that reads what strangers send (Landlock).
#pragma once

#include <string>

#include "units/result.h"

namespace berth::os {

/// From now on neither this process nor its children open a file for writing, make, rename or
/// remove anything, whatever their ids may do, but below `folder` (empty = nowhere). What is open
/// already stays so, and reading stays as it is. It cannot be taken back. `unavailable` where the
/// kernel has no Landlock (before Linux 5.13, or switched off).
Result<void> give_up_changing_files(const std::string& folder);

}  // namespace berth::os
