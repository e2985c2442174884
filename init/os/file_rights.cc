// Landlock (man 7 landlock), by its system calls: the C library has no functions for them.
#include "init/os/file_rights.h"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"

namespace berth::os {
namespace {

// linux/landlock.h of Debian 12 does not know all of them.
constexpr std::uint64_t kWriteFile = 1U << 1;
constexpr std::uint64_t kRemoveDir = 1U << 4;
constexpr std::uint64_t kRemoveFile = 1U << 5;
constexpr std::uint64_t kMakeAnything = 0x7fU << 6;  // from MAKE_CHAR to MAKE_SYM
constexpr std::uint64_t kRefer = 1U << 13;           // Linux 5.19
constexpr std::uint64_t kTruncate = 1U << 14;        // Linux 6.2
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

}  // namespace

Result<void> give_up_changing_files(const std::string& folder) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (version < 1)
    return Error{ErrorCode::unavailable, "this kernel has no Landlock"};
  constexpr long kKnowsRefer = 2;
  constexpr long kKnowsTruncate = 3;
  const RulesetAttribute attribute{kChanges | (version >= kKnowsRefer ? kRefer : 0) |
                                   (version >= kKnowsTruncate ? kTruncate : 0)};
  const UniqueFd rules(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0)));
  if (!rules.is_open())
    return errno_error("make a Landlock ruleset");
  if (!folder.empty()) {
    const UniqueFd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const PathAttribute path{attribute.handled_access_fs, place.raw()};
    // A folder that is not there, or that it may not enter, could not be written to anyway.
    if (place.is_open() &&
        ::syscall(SYS_landlock_add_rule, rules.raw(), kPathBeneath, &path, 0) != 0)
      return errno_error("allow changes below " + folder);
  }
  if (::syscall(SYS_landlock_restrict_self, rules.raw(), 0) != 0)
    return errno_error("give up changing files");
  return {};
}

}  // namespace berth::os
