// inotify.
#include "init/os/removal_watch.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <sys/inotify.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {

Result<UniqueFd> watch_for_removal(const std::vector<std::string>& paths) {
  UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!watch.is_open())
    return errno_error("inotify_init1");
  // A bound socket outlives its name, so IN_DELETE_SELF comes too late: the count of its names
  // changes at once.
  constexpr std::uint32_t kWhat = IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;
  for (const std::string& path : paths)
    if (::inotify_add_watch(watch.raw(), path.c_str(), kWhat) < 0 && errno != ENOENT)
      return errno_error("watch " + path);
  return watch;
}

void forget_removals(BorrowedFd watch) {
  std::array<char, 4096> events{};
  while (::read(watch.raw(), events.data(), events.size()) > 0) {
  }
}

}  // namespace berth::os
