// Files and folders.
#include "init/os/files.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"

namespace berth::os {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

Result<void> check_trusted(const std::string& path, const struct stat& status, uid_t trusted_uid) {
  if (status.st_uid != 0 && status.st_uid != trusted_uid)
    return Error{ErrorCode::denied, path + ": belongs to uid " + std::to_string(status.st_uid) +
                                        ", not to root: refused"};
  // A sticky folder such as /tmp lets others add files, so it is refused as well.
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error{ErrorCode::denied, path + ": is writable by others: refused"};
  return {};
}

Result<std::string> read_whole(const UniqueFd& fd, const std::string& path, std::size_t limit) {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd.raw(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno_error("read " + path);
    if (got == 0)
      return text;
    if (text.size() + static_cast<std::size_t>(got) > limit)
      return Error{ErrorCode::invalid, path + ": larger than " + std::to_string(limit) + " bytes"};
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

Result<UniqueFd> open_regular(const std::string& path, struct stat& status) {
  // O_NONBLOCK: a FIFO in the place of a file must not stop us.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open())
    return errno_error("open " + path);
  if (::fstat(fd.raw(), &status) != 0)
    return errno_error("stat " + path);
  if (!S_ISREG(status.st_mode))
    return Error{ErrorCode::invalid, path + ": not a regular file"};
  return fd;
}

Result<void> empty_folder_at(int parent, const char* name, const std::string& path) {
  const int raw = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (raw < 0)
    return errno_error("open " + path);
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(raw));
  if (!dir) {
    ::close(raw);
    return errno_error("open " + path);
  }
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string child = entry->d_name;
    if (child == "." || child == "..")
      continue;
    std::string child_path = path;
    child_path.append("/").append(child);
    if (::unlinkat(raw, child.c_str(), 0) == 0)
      continue;
    if (errno != EISDIR && errno != EPERM)
      return errno_error("remove " + child_path);
    BERTH_TRY(empty_folder_at(raw, child.c_str(), child_path));
    if (::unlinkat(raw, child.c_str(), AT_REMOVEDIR) != 0)
      return errno_error("remove " + child_path);
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  struct stat status {};
  const UniqueFd fd = BERTH_TRY(open_regular(path, status));
  return read_whole(fd, path, limit);
}

Result<std::string> read_trusted_file(const std::string& path, std::size_t limit,
                                      uid_t trusted_uid) {
  struct stat status {};
  const UniqueFd fd = BERTH_TRY(open_regular(path, status));
  BERTH_TRY(check_trusted(path, status, trusted_uid));
  return read_whole(fd, path, limit);
}

Result<void> check_trusted_folder(const std::string& path, uid_t trusted_uid) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return errno_error("stat " + path);
  return check_trusted(path, status, trusted_uid);
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (!dir)
    return errno_error("open " + path);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..")
      names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Result<void> make_folder(const std::string& path, mode_t mode, std::optional<uid_t> uid,
                         std::optional<gid_t> gid) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return errno_error("mkdir " + path);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.is_open())
    return errno_error("open " + path);
  if ((uid || gid) && ::fchown(fd.raw(), uid.value_or(static_cast<uid_t>(-1)),
                               gid.value_or(static_cast<gid_t>(-1))) != 0)
    return errno_error("chown " + path);
  if (::fchmod(fd.raw(), mode) != 0)
    return errno_error("chmod " + path);
  return {};
}

Result<void> empty_folder(const std::string& path) {
  return empty_folder_at(AT_FDCWD, path.c_str(), path);
}

void remove_file(const std::string& path) {
  ::unlink(path.c_str());
}

std::string current_folder() {
  char path[PATH_MAX];
  return ::getcwd(path, sizeof path) != nullptr ? path : "/";
}

std::string own_program_path() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  if (length > 0)
    return std::string(path, static_cast<std::size_t>(length));
  // As it was executed (man 3 getauxval).
  const auto* given = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (given == nullptr || *given == '\0')
    return {};
  return *given == '/' ? given : current_folder() + "/" + given;
}

std::uint64_t memory_total_bytes() {
  constexpr std::size_t kMeminfoLimit = std::size_t{64} * 1024;
  const auto text = read_file("/proc/meminfo", kMeminfoLimit);
  constexpr std::string_view kLabel = "MemTotal:";
  if (!text || text->find(kLabel) == std::string::npos)
    return 0;
  return std::strtoull(text->c_str() + text->find(kLabel) + kLabel.size(), nullptr, 10) * 1024;
}

}  // namespace berth::os
