// LogHub: everything that units and berth itself say. Reads the units' pipes, keeps the newest
// lines of each unit, writes to berth's standard output and to followers; nothing of it ever
// blocks, every buffer has a bound.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "init/log.h"
#include "init/os/event_loop.h"
#include "units/snapshot.h"
#include "units/unit.h"

namespace berth {

class LogHub final : public LogSink {
 public:
  /// `output` is berth's standard output as a description of its own (O_NONBLOCK): see
  /// open_standard_output(). REQUIRES: SIGPIPE is ignored or blocked.
  LogHub(os::EventLoop& loop, os::UniqueFd output);
  ~LogHub() override;
  LogHub(const LogHub&) = delete;
  LogHub& operator=(const LogHub&) = delete;

  /// Reads a unit's output until end of file: lines up to 16 KiB, longer ones split. A unit may be
  /// attached again (its next life) while an older pipe is still open. `pipe` is made non-blocking.
  void attach(const std::string& unit, const LogSpec& spec, LogStream stream, os::UniqueFd pipe);
  /// The unit's lines look like this from now on.
  void set_spec(const std::string& unit, const LogSpec& spec);
  /// Reads now what is waiting in the unit's pipes: its last words, before its end is reported.
  void drain(const std::string& unit);
  /// A line of berth's about a unit: to its kept lines, and to the output if set_log_level() lets
  /// it.
  void unit_line(const std::string& unit, LogLevel level, std::string_view line);
  void berth_line(LogLevel level, std::string_view line) noexcept override;

  /// The kept lines, oldest first, as valid UTF-8; "" = berth's own.
  LogTail tail(const std::string& unit) const;
  /// Shows later lines of the unit's output to `look`, until unwatch(). Only one looks at a time.
  void watch(const std::string& unit, std::function<void(std::string_view line)> look);
  /// REQUIRES: not called by `look`.
  void unwatch(const std::string& unit);
  /// Later lines are written to `pipe`, the text of each and a newline, until it breaks; a full
  /// pipe loses lines, never waits. At most 64 at a time: another one is closed at once.
  void follow(const std::string& unit, os::UniqueFd pipe);
  /// The unit has ended: unless it comes back, its kept lines go ten minutes from now.
  void retire(const std::string& unit);
  /// What [log] of berth.toml says of berth itself: how its own lines look (`none` as `prefix`;
  /// lines about a unit follow the unit), the socket, the bound of what is kept.
  void configure(const BerthConfig& config);
  /// Who starts the process that writes log files (LogFiles::Start); until then their lines wait.
  void set_file_writer(std::function<Result<os::UniqueFd>()> start);
  /// At the very end: writes out what can be written within `limit`; then the output is closed.
  void flush(std::chrono::milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Where berth's lines go.
struct StandardOutput {
  os::UniqueFd fd;   ///< closed if fd 1 is
  pid_t writer = 0;  ///< the writer process behind it; 0 = none
};

/// A description of fd 1 of our own, so that O_NONBLOCK does not change the caller's
/// (/proc/self/fd/1 opened anew); where that cannot be had (a socket, a pipe of another user), a
/// writer process stands between and `fd` is the socket to it. Call it early: the writer process
/// is a fork.
StandardOutput open_standard_output();

}  // namespace berth
