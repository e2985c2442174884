// Being told that files and folders are removed or moved away (man 7 inotify).
#pragma once

#include <string>
#include <vector>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// A descriptor that becomes readable when one of them is removed or moved, and now and then for
/// less. What is not there is not watched.
Result<UniqueFd> watch_for_removal(const std::vector<std::string>& paths);
/// Takes what was told, so that the descriptor waits for more.
void forget_removals(BorrowedFd watch);

}  // namespace berth::os
