// Landlock (man 7 landlock), by its system calls: the C library has no functions for them.
#include "init/os/file_rights.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"

namespace berth::os {
namespace {

// linux/landlock.h of Debian 12 does not know all of them.
constexpr std::uint64_t kWriteFile = 1U << 1;
constexpr std::uint64_t kReadFile = 1U << 2;
constexpr std::uint64_t kReadDir = 1U << 3;
constexpr std::uint64_t kRemoveDir = 1U << 4;
constexpr std::uint64_t kRemoveFile = 1U << 5;
constexpr std::uint64_t kMakeAnything = 0x7fU << 6;  // from MAKE_CHAR to MAKE_SYM
constexpr std::uint64_t kRefer = 1U << 13;           // Linux 5.19
constexpr std::uint64_t kTruncate = 1U << 14;        // Linux 6.2
constexpr std::uint64_t kOfFiles = kWriteFile | kReadFile | kTruncate;
constexpr std::uint64_t kChanges = kWriteFile | kRemoveDir | kRemoveFile | kMakeAnything;

struct RulesetAttribute {
  std::uint64_t handled_access_fs;
};
struct PathAttribute {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
} __attribute__((packed));

constexpr unsigned kAskVersion = 1;
constexpr int kPathBeneath = 1;

// What is not there, or may not be entered, could not be opened anyway.
Result<void> allow(BorrowedFd rules, const std::string& name, std::uint64_t access) {
  const UniqueFd place(::open(name.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place.is_open() || ::fstat(place.raw(), &status) != 0)
    return {};
  const PathAttribute path{S_ISDIR(status.st_mode) ? access : access & kOfFiles, place.raw()};
  if (::syscall(SYS_landlock_add_rule, rules.raw(), kPathBeneath, &path, 0) != 0)
    return errno_error("allow " + name);
  return {};
}

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::string or_root(std::string path) {
  return path.empty() ? "/" : path;
}

std::optional<std::string> real_path(const std::string& path) {
  char room[PATH_MAX];
  const char* found = ::realpath(path.c_str(), room);
  return found == nullptr ? std::nullopt : std::optional<std::string>(found);
}

}  // namespace

Result<void> keep_only(const FileRights& rights) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (version < 1)
    return Error{ErrorCode::unavailable, "this kernel has no Landlock"};
  constexpr long kKnowsRefer = 2;
  constexpr long kKnowsTruncate = 3;
  const std::uint64_t changes = kChanges | (version >= kKnowsRefer ? kRefer : 0) |
                                (version >= kKnowsTruncate ? kTruncate : 0);
  const std::uint64_t reads = kReadFile | kReadDir;
  const RulesetAttribute attribute{changes | (rights.readable ? reads : 0)};
  const UniqueFd rules(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0)));
  if (!rules.is_open())
    return errno_error("make a Landlock ruleset");
  if (!rights.writable.empty())
    BERTH_TRY(allow(rules.borrow(), rights.writable, changes));
  if (rights.readable)
    for (const std::string& folder : *rights.readable)
      BERTH_TRY(allow(rules.borrow(), folder, reads));
  if (::syscall(SYS_landlock_restrict_self, rules.raw(), 0) != 0)
    return errno_error("give up files");
  return {};
}

std::vector<std::string> places_of(const std::string& path) {
  std::vector<std::string> places;
  // All that is below "/" is too much to name.
  const auto add = [&places](const std::string& folder) {
    if (!folder.empty())
      places.push_back(folder);
  };
  std::string here;  // the real name of what has been gone through; empty = "/"
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty() || name == ".")
      continue;
    const std::string next = name == ".." ? parent_of(here) : here + "/" + name;
    struct stat status {};
    if (name != ".." && ::lstat(next.c_str(), &status) != 0) {
      add(here);
      return places;
    }
    if (!S_ISLNK(status.st_mode)) {
      here = next;
      continue;
    }
    if (begin >= path.size())
      add(here);  // where the link itself is made anew, as a file perhaps
    const auto target = real_path(next);
    if (!target)
      return places;
    here = *target == "/" ? "" : *target;
    add(parent_of(here));
  }
  struct stat status {};
  const bool is_folder = ::stat(or_root(here).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  const std::string parent = parent_of(here);
  places.push_back(is_folder || parent.empty() ? or_root(here) : parent);
  return places;
}

}  // namespace berth::os
