// openat2 with RESOLVE_BENEATH, and what to do where it is missing.
#include "init/os/beneath.h"

#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {
namespace {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

FileInfo info_of(const struct stat& status) {
  return FileInfo{static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
                  static_cast<std::uint32_t>(status.st_mtim.tv_nsec), status.st_ino,
                  S_ISREG(status.st_mode)};
}

/// Without openat2: one step at a time, no symbolic links at all, no "..".
Result<UniqueFd> walk_beneath(BorrowedFd folder, const std::string& relative) {
  UniqueFd at;
  std::string_view rest = relative;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string step(rest.substr(0, slash));
    if (step == "..")
      return errno_error("open " + relative, EXDEV);
    const bool last = slash == std::string_view::npos;
    const int flags =
        last ? kReadFlags | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd next(
        ::openat(at.is_open() ? at.raw() : folder.raw(), step.empty() ? "." : step.c_str(), flags));
    if (!next.is_open())
      return errno_error("open " + relative);
    if (last)
      return next;
    at = std::move(next);
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<UniqueFd> open_folder(const std::string& path) {
  UniqueFd folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open())
    return errno_error("open " + path);
  return folder;
}

Result<UniqueFd> open_beneath(BorrowedFd folder, const std::string& relative, Links links) {
  if (links == Links::any) {
    if (("/" + relative + "/").find("/../") != std::string::npos)
      return errno_error("open " + relative, EXDEV);
    UniqueFd anywhere(::openat(folder.raw(), relative.c_str(), kReadFlags));
    if (!anywhere.is_open())
      return errno_error("open " + relative);
    return anywhere;
  }
  open_how how{};
  how.flags = kReadFlags;
  how.resolve =
      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (links == Links::none ? RESOLVE_NO_SYMLINKS : 0);
  UniqueFd file(
      static_cast<int>(::syscall(SYS_openat2, folder.raw(), relative.c_str(), &how, sizeof how)));
  if (file.is_open())
    return file;
  // Kernels before 5.6 know no openat2; older seccomp profiles answer EPERM.
  if (errno == ENOSYS || errno == EPERM)
    return walk_beneath(folder, relative);
  return errno_error("open " + relative);
}

std::optional<FileInfo> file_info(BorrowedFd file) {
  struct stat status {};
  if (::fstat(file.raw(), &status) != 0)
    return std::nullopt;
  return info_of(status);
}

std::optional<FileInfo> file_info(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return std::nullopt;
  return info_of(status);
}

Result<std::string> read_regular(const std::string& path, std::size_t limit) {
  const UniqueFd file(::open(path.c_str(), kReadFlags));
  if (!file.is_open())
    return errno_error("open " + path);
  const auto info = file_info(file.borrow());
  if (!info || !info->regular || info->size > limit)
    return Error{ErrorCode::invalid, path + " is not a regular file of a sensible size"};
  std::string bytes(info->size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.raw(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno_error("read " + path);
    if (got == 0)
      break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace berth::os
