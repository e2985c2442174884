// One small file, replaced by rename.
#include "init/state_folder.h"

#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"
#include "init/os/files.h"

namespace berth {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} * 1024;
constexpr const char* kNoEnd =
    "berth did not come to its end: it was killed, or the machine went down\n";

std::string file_of(const std::string& folder) {
  return folder + "/last-end";
}

}  // namespace

Result<void> prepare_state_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
    return os::errno_error("mkdir " + folder);
  return os::check_trusted_folder(folder, ::geteuid());
}

Result<std::string> begin_state(const std::string& folder) {
  BERTH_TRY(prepare_state_folder(folder));
  auto last = os::read_trusted_file(file_of(folder), kMostBytes, ::geteuid());
  if (!last && last.error().code != ErrorCode::not_found)
    return last.error();
  BERTH_TRY(write_last_end(folder, kNoEnd));
  return last ? *std::move(last) : std::string();
}

Result<void> write_last_end(const std::string& folder, const std::string& lines) {
  BERTH_TRY(prepare_state_folder(folder));
  const std::string path = file_of(folder);
  const std::string fresh = path + ".new";
  os::remove_file(fresh);
  const os::UniqueFd fd(
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.is_open())
    return os::errno_error("open " + fresh);
  if (::write(fd.raw(), lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()) ||
      ::fdatasync(fd.raw()) != 0)
    return os::errno_error("write " + fresh);
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    return os::errno_error("rename " + fresh);
  return {};
}

}  // namespace berth
