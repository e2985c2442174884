// Made as 0700, handed over as 0500.
#include "init/os/private_files.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/files.h"

namespace berth::os {
namespace {

constexpr mode_t kInTheMaking = 0700;
constexpr mode_t kHandedOver = 0500;
constexpr mode_t kFile = 0400;
constexpr auto kKeep = static_cast<uid_t>(-1);  // chown(2): leave this id as it is

bool write_all(BorrowedFd file, const std::string& content) {
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t written = ::write(file.raw(), content.data() + done, content.size() - done);
    if (written < 0 && errno != EINTR)
      return false;
    done += written > 0 ? static_cast<std::size_t>(written) : 0;
  }
  return true;
}

bool give(BorrowedFd file, mode_t mode, std::optional<uid_t> uid, std::optional<gid_t> gid) {
  return ::fchmod(file.raw(), mode) == 0 &&
         ::fchown(file.raw(), uid.value_or(kKeep), gid.value_or(kKeep)) == 0;
}

}  // namespace

Result<PrivateFolder> PrivateFolder::make(const std::string& path) {
  BERTH_TRY(remove_private_folder(path));
  if (::mkdir(path.c_str(), kInTheMaking) != 0)
    return errno_error("make " + path);
  UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.is_open())
    return errno_error("open " + path);
  return PrivateFolder(path, std::move(folder));
}

Result<void> PrivateFolder::add(const std::string& name, const std::string& content,
                                std::optional<uid_t> uid, std::optional<gid_t> gid) const {
  const UniqueFd file(::openat(folder_.raw(), name.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFile));
  if (!file.is_open() || !write_all(file.borrow(), content) ||
      !give(file.borrow(), kFile, uid, gid))
    return errno_error("write " + path_ + "/" + name);
  return {};
}

Result<void> PrivateFolder::hand_over(std::optional<uid_t> uid, std::optional<gid_t> gid) const {
  if (!give(folder_.borrow(), kHandedOver, uid, gid))
    return errno_error("hand over " + path_);
  return {};
}

Result<void> remove_private_folder(const std::string& path) {
  // Nobody but us may write to the folder above, so the name stays what it is.
  if (::lchown(path.c_str(), ::geteuid(), ::getegid()) != 0)
    return errno == ENOENT ? Result<void>() : errno_error("take back " + path);
  if (::chmod(path.c_str(), kInTheMaking) != 0)
    return errno_error("take back " + path);
  BERTH_TRY(empty_folder(path));
  if (::rmdir(path.c_str()) != 0)
    return errno_error("remove " + path);
  return {};
}

bool is_on_read_only_mount(const std::string& path) {
  struct statvfs status {};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

Result<UniqueFd> make_memory_file(const char* name) {
  UniqueFd file(::memfd_create(name, MFD_CLOEXEC));
  if (!file.is_open())
    return errno_error(std::string("make a memory file for ") + name);
  return file;
}

void hide_memory() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace berth::os
