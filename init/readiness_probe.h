// ReadinessProbe: finds out, without ever blocking, when a unit that runs has become ready.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "init/os/event_loop.h"
#include "units/unit.h"

namespace berth {

/// One probe of one life of a unit; destroy it to stop asking. Does not know the unit's `timeout`:
/// the manager's deadline does that.
class ReadinessProbe {
 public:
  /// Calls `ready` once, from the loop, when `check` holds. `endpoint` is where the unit listens,
  /// for check.at_endpoint. The first look is at once, then with check.interval (0: from 2 ms
  /// to 500 ms, a small part of the time that has gone by). A look takes at most the longer of 1 s
  /// and check.interval. REQUIRES: check.way != exec.
  ReadinessProbe(os::EventLoop& loop, const ReadyCheck& check, const Address& endpoint,
                 std::function<void()> ready);
  ~ReadinessProbe();
  ReadinessProbe(const ReadinessProbe&) = delete;
  ReadinessProbe& operator=(const ReadinessProbe&) = delete;

  /// What the last look found, in words: "connect 127.0.0.1:6379: Connection refused", "HTTP status
  /// 503".
  const std::string& last_answer() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth
