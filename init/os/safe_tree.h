// Giving away a folder with all that is in it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <sys/types.h>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// Gives what is below `folder` (not the folder itself) to an owner or a group; what is theirs
/// already is not touched. Follows no symbolic link, enters no other mount, and leaves alone what
/// somebody may have put there to get hold of it: files with several links, and devices. Their
/// number is returned. shown: the folder's path for messages.
Result<std::size_t> give_tree(BorrowedFd folder, const std::string& shown, std::optional<uid_t> uid,
                              std::optional<gid_t> gid);

}  // namespace berth::os
