// inotify.
#include "init/os/removal_watch.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <sys/inotify.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {

Result<RemovalWatch> RemovalWatch::begin(const std::vector<std::string>& paths) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.is_open())
    return errno_error("inotify_init1");
  RemovalWatch watch(std::move(fd));
  // A bound socket outlives its name, so IN_DELETE_SELF comes too late: the count of its names
  // changes at once.
  constexpr std::uint32_t kWhat = IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;
  for (const std::string& path : paths) {
    const int mark = ::inotify_add_watch(watch.fd_.raw(), path.c_str(), kWhat);
    if (mark >= 0)
      watch.marks_.push_back(mark);
    else if (errno != ENOENT)
      return errno_error("watch " + path);
  }
  return watch;
}

void RemovalWatch::forget() {
  std::array<char, 4096> events{};
  while (::read(fd_.raw(), events.data(), events.size()) > 0) {
  }
}

void RemovalWatch::end() {
  for (const int mark : std::exchange(marks_, {}))
    ::inotify_rm_watch(fd_.raw(), mark);
}

}  // namespace berth::os
