// KeptLines: the rings of all units under one bound, so that many talkative units cannot make PID 1
// grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "init/line_ring.h"

namespace berth {

/// What the rings of all units may take together.
inline constexpr std::size_t kKeptLinesTotal = std::size_t{1024} * 1024;

class KeptLines {
 public:
  explicit KeptLines(std::size_t total_limit = kKeptLinesTotal) : total_limit_(total_limit) {}

  /// Keeps a line of `unit`, whose ring grows up to `limit` bytes as it is used. Where the total is
  /// reached, the ring that is by far the largest gives up its oldest lines; if none is, the unit's
  /// own oldest ones go.
  void keep(const std::string& unit, std::size_t limit, std::uint64_t time_ms, LogStream stream,
            std::string_view text);
  /// The bound from now on; what is kept already stays until it is older than what comes.
  void set_total_limit(std::size_t limit) { total_limit_ = limit; }
  /// Empty for a unit that has said nothing.
  LogTail tail(const std::string& unit) const;
  void forget(const std::string& unit);
  /// Bytes that the rings take now.
  std::size_t total() const { return total_; }

 private:
  void resize(LineRing& ring, std::size_t capacity);
  bool grow(LineRing& ring, std::size_t limit);

  std::size_t total_limit_;
  std::size_t total_ = 0;
  std::size_t largest_ = 0;  ///< no ring is larger
  std::map<std::string, LineRing> rings_;
};

}  // namespace berth
