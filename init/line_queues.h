// LineQueues: lines that wait for somebody who writes them, fairly and within bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "units/unit.h"

namespace berth {

/// What may wait under one name.
inline constexpr std::size_t kUnitQueueLimit = std::size_t{64} * 1024;
/// What may wait in all.
inline constexpr std::size_t kOutputQueueLimit = std::size_t{1024} * 1024;

/// Whether a line gets in where its queue, or all of them, are full.
enum class Admission : std::uint8_t {
  if_room,       ///< no: it is dropped and counted
  from_reserve,  ///< up to one more kUnitQueueLimit: what berth says of a unit that loses nothing
  always,        ///< yes: whoever adds it has asked has_room() before, and stops after a few
};

/// A queue per name exists only while something waits in it. When one is full its newest lines are
/// dropped, and a line says how many as soon as there is room. The queues take turns.
class LineQueues {
 public:
  /// Appends the line that says how many were dropped.
  using Notice = std::function<void(std::string& out, const std::string& name, LogFormat format,
                                    std::uint64_t dropped)>;
  explicit LineQueues(Notice notice) : notice_(std::move(notice)) {}
  LineQueues(const LineQueues&) = delete;
  LineQueues& operator=(const LineQueues&) = delete;

  /// format: of the line that may have to tell of a loss.
  void add(const std::string& name, LogFormat format, std::string_view line, Admission admission);
  bool has_room(const std::string& name) const;
  std::size_t waiting_of(const std::string& name) const;
  /// Bytes that wait.
  std::size_t queued() const { return queued_; }

  /// What is to be written next: whole lines of one name, about 8 KiB, the first of which may have
  /// been begun. Empty if nothing waits.
  std::string_view turn();
  /// Whose they are. REQUIRES: turn() is not empty.
  const std::string& name() const { return turns_.front()->name; }
  /// Their first `size` bytes are written.
  void took(std::size_t size);
  /// The line that was begun is to be written again from its start, and to somebody else.
  void restart_line();
  void clear();

 private:
  struct Queue {
    std::string name;
    LogFormat format = LogFormat::prefix;
    std::string bytes;
    std::size_t written = 0;    ///< of `bytes`
    std::uint64_t dropped = 0;  ///< lines since the last notice
    std::size_t waiting() const { return bytes.size() - written; }
  };

  Queue& queue_of(const std::string& name);
  bool admits(const Queue& queue, std::size_t size, Admission admission) const;
  void append_notice(Queue& queue);
  void end_turn();

  Notice notice_;
  std::map<std::string, Queue> queues_;
  std::deque<Queue*> turns_;  ///< each queue once; the first one is being written
  std::size_t queued_ = 0;
};

}  // namespace berth
