// LogHub: everything that units and berth itself say. Reads the units' pipes, keeps the newest
// lines of each unit, writes to berth's standard output and to followers; nothing of it ever
// blocks, every buffer has a bound.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "init/log.h"
#include "init/os/event_loop.h"
#include "units/snapshot.h"
#include "units/unit.h"

namespace berth {

class LogHub final : public LogSink {
 public:
  /// `output` is berth's standard output as a description of its own (O_NONBLOCK): see
  /// open_standard_output().
  LogHub(os::EventLoop& loop, os::UniqueFd output);
  ~LogHub() override;

  /// Reads a unit's output until end of file: lines up to 16 KiB, longer ones split. A unit may be
  /// attached again (its next life) while an older pipe is still open.
  void attach(const std::string& unit, const LogSpec& spec, LogStream stream, os::UniqueFd pipe);
  /// Reads now what is waiting in the unit's pipes: its last words, before its end is reported.
  void drain(const std::string& unit);
  /// A line of berth's about a unit: to its kept lines, and to the output.
  void unit_line(const std::string& unit, LogLevel level, std::string_view line);
  void berth_line(LogLevel level, std::string_view line) noexcept override;

  /// The kept lines, oldest first; "" = berth's own.
  LogTail tail(const std::string& unit) const;
  /// Later lines are written to `pipe` as text until it breaks; a full pipe loses lines, never
  /// waits.
  void follow(const std::string& unit, os::UniqueFd pipe);
  /// The unit is not coming back: its kept lines go ten minutes from now.
  void retire(const std::string& unit);
  /// At the very end: writes out what can be written within `limit`.
  void flush(std::chrono::milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A description of fd 1 of our own, so that O_NONBLOCK does not change the caller's
/// (/proc/self/fd/1 opened anew); where that cannot be had (a socket), a writer process stands
/// between and the result is the pipe to it.
os::UniqueFd open_standard_output();

}  // namespace berth
