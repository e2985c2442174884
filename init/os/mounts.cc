// mount(2).
#include "init/os/mounts.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "init/os/errno_error.h"

namespace berth::os {

bool is_mount_point(const std::string& path) {
  struct statx status {};
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_TYPE, &status) != 0)
    return false;
  if ((status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  struct stat own {};
  struct stat above {};
  return ::stat(path.c_str(), &own) == 0 && ::stat((path + "/..").c_str(), &above) == 0 &&
         own.st_dev != above.st_dev;
}

Result<void> mount_if_free(const MountWish& wish) {
  if (is_mount_point(wish.target))
    return {};
  if (::mkdir(wish.target, 0755) != 0 && errno != EEXIST)
    return errno_error(std::string("make ") + wish.target);
  if (::mount(wish.type, wish.target, wish.type, wish.flags, wish.options) == 0)
    return {};
  if (errno == EINVAL && wish.lesser_options != nullptr &&
      ::mount(wish.type, wish.target, wish.type, wish.flags, wish.lesser_options) == 0)
    return {};
  return errno_error(std::string("mount ") + wish.type + " on " + wish.target);
}

}  // namespace berth::os
