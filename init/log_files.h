// LogFiles: the lines of units that have [log] `file`, on their way to the process that writes
// them.
#pragma once

#include <functional>
#include <string>

#include "init/line_queues.h"
#include "init/log_format.h"
#include "init/os/event_loop.h"
#include "units/unit.h"

namespace berth {

/// A disk may hang, and PID 1 must not: one helper (`berth --helper log-files`) writes all files.
/// It is started by the first line, and again, after a pause, should it end. What it does not take
/// in time waits within the bounds of LineQueues.
///
/// A packet to it is "ROTATE_SIZE\0ROTATE_KEEP\0PATH\0" and whole lines; one from it is a message
/// for the log, "w" (a warning) or "i" and its text.
class LogFiles final : private os::FdHandler {
 public:
  /// Starts the helper; its end of a packet socket is non-blocking.
  using Start = std::function<Result<os::UniqueFd>()>;

  /// on_room: called when the loop has found that the helper takes more.
  LogFiles(os::EventLoop& loop, std::function<void()> on_room);
  ~LogFiles() override;
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;

  /// Until it is set, lines wait.
  void set_start(Start start) { start_ = std::move(start); }
  /// Queues a line if `spec` has a file.
  void add(const LogSpec& spec, const LineView& line, Admission admission);
  bool has_room(const LogSpec& spec) const;
  /// Hands over what the helper takes now; the rest follows from the loop.
  void pump();
  /// At the very end, without the loop: hands everything over and has the helper write it, for at
  /// most `limit`.
  void finish(std::chrono::milliseconds limit);

 private:
  void on_events(os::Events events) noexcept override;
  void start();
  /// Returns false if the helper has gone.
  bool send();
  /// The same; logs what it says.
  bool receive();
  void lost(const std::string& why);
  void disconnect();

  os::EventLoop& loop_;
  std::function<void()> on_room_;
  Start start_;
  os::UniqueFd socket_;  ///< open = the helper runs
  bool stalled_ = false;
  std::chrono::milliseconds pause_;  ///< before it is started again
  os::TimerId retry_ = os::kNoTimer;
  LineQueues queues_;  ///< by what stands in front of the lines
  std::string line_;   ///< a line while it is formatted
};

}  // namespace berth
