// Claiming the run dir.
#include "init/run_dir.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/files.h"

namespace berth {
namespace {

constexpr std::size_t kPidLimit = 32;

Error held_by_another(const std::string& run_dir, const std::string& lock) {
  const auto pid = os::read_file(lock, kPidLimit);
  return Error{ErrorCode::exists, run_dir + " is in use by another berth" +
                                      (pid && !pid->empty() ? ", pid " + *pid : "") +
                                      ": give this one a --run-dir of its own"};
}

}  // namespace

Result<void> make_run_dir(const std::string& run_dir) {
  // One that somebody else has made for us need not be ours, as long as we may write there.
  if (auto made = os::make_folder(run_dir, 0755); !made && !os::exists(run_dir))
    return made.error();
  BERTH_TRY(os::make_folder(run_dir + "/units", 0755));
  return {};
}

Result<os::UniqueFd> claim_run_dir(const std::string& run_dir) {
  BERTH_TRY(make_run_dir(run_dir));
  const std::string path = run_dir + "/lock";
  os::UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!lock.is_open())
    return os::errno_error("open " + path);
  if (::flock(lock.raw(), LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? held_by_another(run_dir, path) : os::errno_error("lock " + path);
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock.raw(), 0) != 0 ||
      ::write(lock.raw(), pid.data(), pid.size()) != static_cast<ssize_t>(pid.size()))
    return os::errno_error("write " + path);
  return lock;
}

}  // namespace berth
