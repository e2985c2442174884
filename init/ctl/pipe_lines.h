// PipeLines: the lines that come out of a pipe, one after the other.
#pragma once

#include <optional>
#include <string>

#include "init/os/clock.h"
#include "init/os/fd.h"

namespace berth::ctl {

class PipeLines {
 public:
  /// REQUIRES: `pipe` is non-blocking and outlives this.
  explicit PipeLines(os::BorrowedFd pipe) : pipe_(pipe) {}

  enum class Outcome {
    line,       ///< without its newline
    ended,      ///< nobody writes any more; what was no whole line is dropped
    timed_out,  ///< nothing came before the deadline
  };
  /// Waits for the next line. deadline: none = for ever.
  Outcome next(std::string& line, const std::optional<os::TimePoint>& deadline = {});
  /// Whether the next line is not here yet, as far as is known: a good moment to flush.
  bool must_wait() const { return text_.find('\n', start_) == std::string::npos; }

 private:
  os::BorrowedFd pipe_;
  std::string text_;
  std::size_t start_ = 0;  ///< what stands before it in text_ has been given out
};

}  // namespace berth::ctl
