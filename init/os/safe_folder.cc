// Walking down with openat(2), O_NOFOLLOW at each step.
#include "init/os/safe_folder.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"
#include "init/os/safe_tree.h"

namespace berth::os {
namespace {

constexpr mode_t kModeAbove = 0755;
// Nobody else gets in before the folder has its owner.
constexpr mode_t kModeAtBirth = 0700;
constexpr auto kKeep = static_cast<uid_t>(-1);  // chown(2): leave this id as it is

UniqueFd open_step(BorrowedFd parent, const std::string& name) {
  return UniqueFd(
      ::openat(parent.raw(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// What stands in the way: openat(2) says "not a directory" of symbolic links, too.
Error step_error(const std::string& attempt, BorrowedFd parent, const std::string& name,
                 const std::string& shown, int number) {
  struct stat status {};
  const bool link = ::fstatat(parent.raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                    S_ISLNK(status.st_mode);
  if (link)
    return Error{ErrorCode::invalid, attempt + ": " + shown + " is a symbolic link"};
  return errno_error(attempt + ": " + shown, number);
}

Result<UniqueFd> step_down(const std::string& attempt, BorrowedFd parent, const std::string& name,
                           const std::string& shown, mode_t mode) {
  UniqueFd folder = open_step(parent, name);
  if (!folder.is_open() && errno == ENOENT) {
    if (::mkdirat(parent.raw(), name.c_str(), mode) != 0 && errno != EEXIST)
      return errno_error(attempt + ": " + shown);
    folder = open_step(parent, name);
  }
  if (!folder.is_open())
    return step_error(attempt, parent, name, shown, errno);
  return folder;
}

Result<void> give(const std::string& attempt, BorrowedFd folder, const FolderWish& wish) {
  if (::fchown(folder.raw(), wish.uid.value_or(kKeep), wish.gid.value_or(kKeep)) != 0)
    return errno_error(attempt + ": change owner");
  if (::fchmod(folder.raw(), wish.mode) != 0)
    return errno_error(attempt + ": change mode");
  return {};
}

/// last_mode: of the folder itself, if it has to be made.
Result<UniqueFd> walk_down(const std::string& attempt, std::string_view path, mode_t last_mode) {
  UniqueFd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open())
    return errno_error(attempt + ": /");
  const std::size_t last = path.find_last_not_of('/');
  for (std::size_t start = path.find_first_not_of('/'); start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string name(path.substr(start, end - start));
    if (name == "..")
      return Error{ErrorCode::invalid, attempt + ": the path leads up again"};
    const mode_t mode = end > last ? last_mode : kModeAbove;
    folder = BERTH_TRY(
        step_down(attempt, folder.borrow(), name, std::string(path.substr(0, end)), mode));
    start = std::min(path.find_first_not_of('/', end), path.size());
  }
  return folder;
}

}  // namespace

Result<UniqueFd> open_folder_safely(const std::string& path) {
  return walk_down("open directory " + path, path, kModeAbove);
}

Result<std::size_t> make_folder_safely(const FolderWish& wish) {
  const std::string attempt = "make directory " + wish.path;
  if (!wish.path.starts_with('/'))
    return Error{ErrorCode::invalid, attempt + ": the path is not absolute"};
  if (wish.path.find_first_not_of('/') == std::string::npos)
    return Error{ErrorCode::invalid, attempt + ": refused"};
  const UniqueFd folder = BERTH_TRY(walk_down(attempt, wish.path, kModeAtBirth));
  BERTH_TRY(give(attempt, folder.borrow(), wish));
  if (!wish.recursive)
    return std::size_t{0};
  return give_tree(folder.borrow(), wish.path, wish.uid, wish.gid);
}

}  // namespace berth::os
