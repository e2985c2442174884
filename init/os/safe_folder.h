// Making a folder where others may have put traps.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <sys/types.h>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// What a folder is to be; an owner or group that is not given stays as it is.
struct FolderWish {
  std::string path;  ///< absolute, without ".."
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  mode_t mode = 0755;
  bool recursive = false;  ///< owner and group for all that is in it, too (safe_tree.h)
};

/// Opens a folder and makes what is missing of it and above it (0755 and ours), following no
/// symbolic link anywhere. May wait for a disk: for helpers. path: absolute, without ".."; "" is
/// "/".
Result<UniqueFd> open_folder_safely(const std::string& path);

/// Makes a folder and what is missing above it (that as 0755 and ours), then gives it owner and
/// mode. Walks down step by step and follows no symbolic link anywhere, so that whoever may write
/// to a folder on the way cannot have another one given away. May wait for a disk: for helpers.
/// Returns how many entries below it were left alone.
Result<std::size_t> make_folder_safely(const FolderWish& wish);

}  // namespace berth::os
