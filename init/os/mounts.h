// File systems that the first process of a kernel has to mount itself.
#pragma once

#include <string>

#include "units/result.h"

namespace berth::os {

struct MountWish {
  const char* type;            ///< "proc"
  const char* target;          ///< made with mode 0755 if it is missing
  unsigned long flags;         ///< MS_*
  const char* options;         ///< of the file system; "" = none
  const char* lesser_options;  ///< tried where a kernel does not know `options`; null = nothing is
};

/// Whether something is mounted at `path` (statx(2), STATX_ATTR_MOUNT_ROOT; before Linux 5.8 by
/// device numbers). False if there is no such folder.
bool is_mount_point(const std::string& path);
/// Mounts it, unless something is mounted there already: whatever that is, it stays.
Result<void> mount_if_free(const MountWish& wish);

}  // namespace berth::os
