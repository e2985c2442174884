// Output: berth's standard output, shared fairly by all units; a reader that stalls costs lines,
// never time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "init/log_format.h"
#include "init/os/event_loop.h"

namespace berth {

/// What of one unit may wait for the output to take it.
inline constexpr std::size_t kUnitQueueLimit = std::size_t{64} * 1024;
/// What of all units may wait.
inline constexpr std::size_t kOutputQueueLimit = std::size_t{1024} * 1024;

/// Lines wait in a queue per unit, which exists only while something waits. When one is full its
/// newest lines are dropped, and a line says how many as soon as there is room. The queues take
/// turns. Once nobody reads any more (EPIPE), everything is discarded.
class Output final : private os::FdHandler {
 public:
  /// `fd` is non-blocking, or of a kind that never blocks; closed = discard everything.
  Output(os::EventLoop& loop, os::UniqueFd fd);
  ~Output() override;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Queues a line; nothing is written before pump().
  void add(const std::string& unit, LogFormat format, const LineView& line);
  /// Writes what the output takes now; the rest follows from the loop.
  void pump();
  /// At the very end, without the loop: writes for at most `limit`, and has the writer process, if
  /// there is one, write it too. Nothing can be added after it.
  void finish(std::chrono::milliseconds limit);

  /// Bytes that wait.
  std::size_t queued() const { return queued_; }

 private:
  struct Queue {
    std::string unit;
    LogFormat format = LogFormat::prefix;
    std::string bytes;
    std::size_t written = 0;    ///< of `bytes`
    std::uint64_t dropped = 0;  ///< lines since the last notice
    std::size_t waiting() const { return bytes.size() - written; }
  };
  enum class Progress {
    drained,
    stalled,  ///< full
    failing,  ///< an error that may pass, such as a full disk
    gone,     ///< nobody reads any more
  };

  void on_events(os::Events events) noexcept override;
  /// Whether the loop will tell when there is room again.
  bool is_waiting() const { return watched_ || retry_ != os::kNoTimer; }
  std::size_t waiting_of(const std::string& unit) const;
  Queue& queue_of(const std::string& unit);
  void append_notice(Queue& queue);
  Progress write_queues();
  void end_turn(Queue& queue);
  void settle(Progress progress);
  void retry_later();
  void stop_waiting();
  void discard_all();

  os::EventLoop& loop_;
  os::UniqueFd fd_;
  std::map<std::string, Queue> queues_;
  std::deque<Queue*> turns_;  ///< each queue once; the first one is being written
  std::size_t queued_ = 0;
  std::string line_;  ///< a line while it is formatted
  bool watched_ = false;
  os::TimerId retry_ = os::kNoTimer;
};

}  // namespace berth
