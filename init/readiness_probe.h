// ReadinessProbe: asks a unit that runs until it has become ready.
#pragma once

#include <functional>
#include <string>

#include "init/probe.h"

namespace berth {

/// One life of a unit; destroy it to stop asking. Does not know the unit's `timeout`: the manager's
/// deadline does that.
class ReadinessProbe {
 public:
  /// Calls `ready` once, from the loop, when `check` holds; there the probe may be destroyed.
  /// `endpoint` is where the unit listens, for check.at_endpoint. The first look is at once, then
  /// with check.interval (0: from 2 ms, of a command 10 ms, to 500 ms, a part of the time that has
  /// gone by). A look takes at most the longer of check.interval and 1 s, of a command 10 s.
  /// REQUIRES: check.way is one that Probe knows.
  ReadinessProbe(os::EventLoop& loop, const ReadyCheck& check, const Address& endpoint,
                 CommandRunner runner, std::function<void()> ready);
  ~ReadinessProbe() { loop_.cancel(next_look_); }
  ReadinessProbe(const ReadinessProbe&) = delete;
  ReadinessProbe& operator=(const ReadinessProbe&) = delete;

  /// What the last look found, in words, as of Probe.
  const std::string& last_answer() const { return answer_; }

 private:
  void look();
  void on_answer(bool yes, std::string answer);
  std::chrono::nanoseconds pause() const;

  os::EventLoop& loop_;
  const Milliseconds interval_;
  const bool is_command_;
  Probe probe_;
  std::function<void()> ready_;
  const os::TimePoint began_;
  os::TimePoint look_began_;
  std::string answer_ = "not looked yet";
  os::TimerId next_look_ = os::kNoTimer;
};

}  // namespace berth
