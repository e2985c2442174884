// Each entry is opened first, without following it, and what was opened is what is looked at and
// given away: whoever renames meanwhile gains nothing.
#include "init/os/safe_tree.h"

#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {
namespace {

constexpr int kDeepest = 128;
constexpr auto kKeep = static_cast<uid_t>(-1);  // chown(2): leave this id as it is

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// A bind mount may be of the same file system: only the mount tells. 0 = a kernel before 5.8.
std::uint64_t mount_of(int fd) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0)
    return 0;
  return (status.stx_mask & STATX_MNT_ID) != 0 ? status.stx_mnt_id : 0;
}

class TreeGiver {
 public:
  TreeGiver(std::optional<uid_t> uid, std::optional<gid_t> gid) : uid_(uid), gid_(gid) {}

  Result<std::size_t> run(BorrowedFd folder, const std::string& shown) {
    struct stat status {};
    if (::fstat(folder.raw(), &status) != 0)
      return errno_error("stat " + shown);
    device_ = status.st_dev;
    mount_ = mount_of(folder.raw());
    BERTH_TRY(walk(folder, shown, kDeepest));
    return left_alone_;
  }

 private:
  Result<void> walk(BorrowedFd folder, const std::string& shown, int levels) {
    if (levels == 0)
      return Error{ErrorCode::invalid, "give away " + shown + ": nested too deeply"};
    const int raw = ::openat(folder.raw(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, CloseDir> entries(raw >= 0 ? ::fdopendir(raw) : nullptr);
    if (!entries)
      return errno_error("open " + shown);
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..")
        BERTH_TRY(give_entry(folder, name, shown + "/" + name, levels));
    }
    return {};
  }

  Result<void> give_entry(BorrowedFd parent, const std::string& name, const std::string& shown,
                          int levels) {
    const UniqueFd entry(::openat(parent.raw(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!entry.is_open() || ::fstat(entry.raw(), &status) != 0)
      return errno == ENOENT ? Result<void>() : errno_error("open " + shown);
    if (S_ISLNK(status.st_mode) || status.st_dev != device_ || mount_of(entry.raw()) != mount_)
      return {};
    if (S_ISDIR(status.st_mode)) {
      BERTH_TRY(walk(entry.borrow(), shown, levels - 1));
    } else if (status.st_nlink > 1 || S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
      ++left_alone_;
      return {};
    }
    if (status.st_uid == uid_.value_or(status.st_uid) &&
        status.st_gid == gid_.value_or(status.st_gid))
      return {};
    if (::fchownat(entry.raw(), "", uid_.value_or(kKeep), gid_.value_or(kKeep), AT_EMPTY_PATH) != 0)
      return errno_error("change owner of " + shown);
    return {};
  }

  std::optional<uid_t> uid_;
  std::optional<gid_t> gid_;
  dev_t device_ = 0;
  std::uint64_t mount_ = 0;
  std::size_t left_alone_ = 0;
};

}  // namespace

Result<std::size_t> give_tree(BorrowedFd folder, const std::string& shown, std::optional<uid_t> uid,
                              std::optional<gid_t> gid) {
  return TreeGiver(uid, gid).run(folder, shown);
}

}  // namespace berth::os
