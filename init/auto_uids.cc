// The file of uids: read whole, appended to.
#include "init/auto_uids.h"

#include <cerrno>
#include <optional>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"
#include "init/os/files.h"
#include "init/state_folder.h"
#include "units/scan.h"

namespace berth {
namespace {

/// Room for 100,000 units with names of 150 bytes.
constexpr std::size_t kMostBytes = std::size_t{16} * 1024 * 1024;

struct Given {
  std::set<uid_t> uids;
  std::optional<uid_t> own;
  std::size_t whole = 0;  ///< bytes that are whole lines
};

Result<Given> parse(std::string_view text, const std::string& file, UidRange range,
                    const std::string& unit) {
  Given given;
  std::size_t line = 0;
  // What follows the last newline was never written to its end.
  for (std::size_t end = 0; (end = text.find('\n', given.whole)) != text.npos;) {
    const std::string_view entry = text.substr(given.whole, end - given.whole);
    given.whole = end + 1;
    ++line;
    const std::size_t blank = entry.find(' ');
    const auto uid = scan::to_number<uid_t>(entry.substr(0, blank));
    if (blank == entry.npos || !uid)
      return Error{ErrorCode::invalid,
                   file + ":" + std::to_string(line) + ": must be \"UID UNIT\""};
    if (!given.uids.insert(*uid).second)
      return Error{ErrorCode::invalid, file + ":" + std::to_string(line) + ": uid " +
                                           std::to_string(*uid) + " is there twice"};
    if (entry.substr(blank + 1) == unit && *uid >= range.first && *uid <= range.last)
      given.own = *uid;
  }
  return given;
}

Result<uid_t> choose(const Given& given, UidRange range, bool (*is_taken)(uid_t uid)) {
  for (uid_t uid = range.first;; ++uid) {
    if (given.uids.count(uid) == 0 && !is_taken(uid))
      return uid;
    if (uid == range.last)
      break;
  }
  return Error{ErrorCode::unavailable, "every uid of uid_range " + std::to_string(range.first) +
                                           "-" + std::to_string(range.last) + " is taken"};
}

Result<void> append(os::BorrowedFd file, const std::string& path, std::size_t at, uid_t uid,
                    const std::string& unit) {
  const std::string line = std::to_string(uid) + " " + unit + "\n";
  if (::ftruncate(file.raw(), static_cast<off_t>(at)) != 0 ||
      ::pwrite(file.raw(), line.data(), line.size(), static_cast<off_t>(at)) !=
          static_cast<ssize_t>(line.size()) ||
      ::fdatasync(file.raw()) != 0)
    return os::errno_error("write " + path);
  return {};
}

}  // namespace

Result<uid_t> find_or_give_uid(const std::string& file, UidRange range, const std::string& unit,
                               bool (*is_taken)(uid_t uid)) {
  if (file.empty())
    return Error{ErrorCode::unavailable, "there is no folder to keep its uid in"};
  BERTH_TRY(prepare_state_folder(file.substr(0, file.rfind('/'))));
  const os::UniqueFd fd(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  if (!fd.is_open())
    return os::errno_error("open " + file);
  if (::flock(fd.raw(), LOCK_EX) != 0)
    return os::errno_error("lock " + file);
  const std::string text = BERTH_TRY(os::read_trusted_file(file, kMostBytes, ::geteuid()));
  const Given given = BERTH_TRY(parse(text, file, range, unit));
  if (given.own.has_value())
    return *given.own;
  const uid_t uid = BERTH_TRY(choose(given, range, is_taken));
  BERTH_TRY(append(fd.borrow(), file, given.whole, uid, unit));
  return uid;
}

}  // namespace berth
