// Output: berth's standard output, shared fairly by all units; a reader that stalls costs lines,
// never time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "init/line_queues.h"
#include "init/log_format.h"
#include "init/os/event_loop.h"

namespace berth {

/// Once nobody reads any more (EPIPE), everything is discarded.
class Output final : private os::FdHandler {
 public:
  /// `fd` is non-blocking, or of a kind that never blocks; closed = discard everything. on_room is
  /// called when the loop has found that it takes more.
  Output(os::EventLoop& loop, os::UniqueFd fd, std::function<void()> on_room);
  ~Output() override;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Queues a line; nothing is written before pump(), unless there is no room.
  void add(const std::string& unit, LogFormat format, const LineView& line,
           Admission admission = Admission::if_room);
  /// Whether more of the unit can wait, or nothing has to.
  bool has_room(const std::string& unit) const { return !fd_.is_open() || queues_.has_room(unit); }
  /// Writes what the output takes now; the rest follows from the loop.
  void pump();
  /// At the very end, without the loop: writes for at most `limit`, and has the writer process, if
  /// there is one, write it too. Nothing can be added after it.
  void finish(std::chrono::milliseconds limit);

  /// Bytes that wait.
  std::size_t queued() const { return queues_.queued(); }

 private:
  enum class Progress {
    drained,
    stalled,  ///< full
    failing,  ///< an error that may pass, such as a full disk
    gone,     ///< nobody reads any more
  };

  void on_events(os::Events events) noexcept override;
  /// Whether the loop will tell when there is room again.
  bool is_waiting() const { return watched_ || retry_ != os::kNoTimer; }
  Progress write_queues();
  void settle(Progress progress);
  void retry_later();
  void stop_waiting();
  void discard_all();

  os::EventLoop& loop_;
  os::UniqueFd fd_;
  std::function<void()> on_room_;
  LineQueues queues_;
  std::string line_;  ///< a line while it is formatted
  bool watched_ = false;
  os::TimerId retry_ = os::kNoTimer;
};

}  // namespace berth
