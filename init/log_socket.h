// LogSocket: the log as JSON lines to a Unix socket that somebody else listens at, such as Vector.
#pragma once

#include <string>

#include "init/line_queues.h"
#include "init/log_format.h"
#include "init/os/event_loop.h"

namespace berth {

/// Connects by itself, again and again with growing pauses. While nobody listens, or reads too
/// slowly, lines wait within the bounds of LineQueues.
class LogSocket final : private os::FdHandler {
 public:
  explicit LogSocket(os::EventLoop& loop);
  ~LogSocket() override;
  LogSocket(const LogSocket&) = delete;
  LogSocket& operator=(const LogSocket&) = delete;

  /// Where it listens; empty = nowhere, and what waits is discarded.
  void set_path(const std::string& path);
  /// Queues a line; nothing is written before pump().
  void add(const std::string& unit, const LineView& line);
  /// Writes what the socket takes now; the rest follows from the loop.
  void pump();
  /// At the very end, without the loop: writes for at most `limit`.
  void finish(std::chrono::milliseconds limit);

 private:
  void on_events(os::Events events) noexcept override;
  void connect();
  void connected();
  /// The connection is no more, or was not to be had.
  void lost(const std::string& why);
  /// Returns false if the connection has broken.
  bool write_queues();
  bool is_closed_by_peer();
  void disconnect();

  os::EventLoop& loop_;
  std::string path_;
  os::UniqueFd socket_;  ///< open = connected
  bool stalled_ = false;
  std::chrono::milliseconds pause_;  ///< before the next attempt
  os::TimerId retry_ = os::kNoTimer;
  os::TimePoint lost_at_;  ///< since when there is no connection
  bool said_ = false;      ///< that there is none
  LineQueues queues_;
  std::string line_;  ///< a line while it is formatted
};

}  // namespace berth
