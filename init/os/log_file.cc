// A file that only grows, and is rotated before it grows too large.
#include "init/os/log_file.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/safe_folder.h"

namespace berth::os {
namespace {

constexpr mode_t kMode = 0640;
constexpr mode_t kPermissions = 07777;
constexpr int kFlags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

Result<void> check(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode))
    return Error{ErrorCode::invalid, path + " is no regular file"};
  if (status.st_nlink != 1)
    return Error{ErrorCode::invalid, path + " has several names"};
  return {};
}

}  // namespace

Result<void> LogFile::append(std::string_view lines, std::uint64_t rotate_size,
                             std::uint32_t keep) {
  if (!is_still_there())
    BERTH_TRY(open());
  if (rotate_size != 0 && size_ != 0 && size_ + lines.size() > rotate_size)
    BERTH_TRY(rotate(keep));
  std::size_t written = 0;
  while (written < lines.size()) {
    const ssize_t size = ::write(file_.raw(), lines.data() + written, lines.size() - written);
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0) {
      const int number = size < 0 ? errno : ENOSPC;
      // No half line stays behind. What cannot be taken back is followed by the next line.
      if (written > 0 && ::ftruncate(file_.raw(), static_cast<off_t>(size_)) != 0)
        size_ += written;
      return errno_error("write " + path_, number);
    }
    written += static_cast<std::size_t>(size);
  }
  size_ += written;
  return {};
}

Result<void> LogFile::open() {
  file_.reset();
  const std::size_t slash = path_.rfind('/');
  name_ = path_.substr(slash + 1);
  if (name_.empty() || name_ == "." || name_ == "..")
    return Error{ErrorCode::invalid, path_ + " names no file"};
  folder_ = BERTH_TRY(open_folder_safely(path_.substr(0, slash)));
  struct stat status {};
  // Opening a device, or a FIFO that somebody reads, would have an effect.
  if (::fstatat(folder_.raw(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
    BERTH_TRY(check(path_, status));
  UniqueFd file(::openat(folder_.raw(), name_.c_str(), kFlags));
  if (!file.is_open() && errno == ENOENT)
    file = UniqueFd(::openat(folder_.raw(), name_.c_str(), kFlags | O_CREAT | O_EXCL, kMode));
  if (!file.is_open() || ::fstat(file.raw(), &status) != 0)
    return errno_error("open " + path_);
  BERTH_TRY(check(path_, status));
  file_ = std::move(file);
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

bool LogFile::is_still_there() const {
  struct stat named {};
  struct stat opened {};
  return file_.is_open() && ::fstat(file_.raw(), &opened) == 0 &&
         ::fstatat(folder_.raw(), name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

Result<void> LogFile::rotate(std::uint32_t keep) {
  struct stat before {};
  if (::fstat(file_.raw(), &before) != 0)
    return errno_error("rotate " + path_);
  for (std::uint32_t number = keep; number > 0; --number) {
    const std::string to = name_ + "." + std::to_string(number);
    const std::string from = number == 1 ? name_ : name_ + "." + std::to_string(number - 1);
    if (::renameat(folder_.raw(), from.c_str(), folder_.raw(), to.c_str()) != 0 && errno != ENOENT)
      return errno_error("rename " + from + " in the folder of " + path_);
  }
  if (keep == 0 && ::unlinkat(folder_.raw(), name_.c_str(), 0) != 0 && errno != ENOENT)
    return errno_error("remove " + path_);
  BERTH_TRY(open());
  // Without the right to give it away it stays ours.
  const bool is_given = ::fchown(file_.raw(), before.st_uid, before.st_gid) == 0;
  if (::fchmod(file_.raw(), before.st_mode & (is_given ? kPermissions : kMode)) != 0)
    return errno_error("change the mode of " + path_);
  return {};
}

}  // namespace berth::os
