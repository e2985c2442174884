// IdleTrim: when nothing has happened for a while, has the memory given back that only a busy berth
// needs.
#pragma once

#include <functional>
#include <utility>

#include "init/os/event_loop.h"

namespace berth {

/// Free heap, and pages of the program's own file, which come again from the page cache when they
/// are used. Costs nothing while nothing happens: after a trim no timer is armed until the next
/// event.
class IdleTrim {
 public:
  /// trim: gives the memory back; called at the end of a turn.
  IdleTrim(os::EventLoop& loop, std::function<void()> trim) : loop_(loop), trim_(std::move(trim)) {}
  ~IdleTrim() { loop_.cancel(timer_); }
  IdleTrim(const IdleTrim&) = delete;
  IdleTrim& operator=(const IdleTrim&) = delete;

  /// The last thing in each turn of the loop.
  void after_turn();

 private:
  void look();

  os::EventLoop& loop_;
  std::function<void()> trim_;
  os::TimerId timer_ = os::kNoTimer;
  os::TimePoint busy_;       ///< the last turn in which something else than a look happened
  bool has_looked_ = false;  ///< this turn is a look of ours, and too early
  bool is_due_ = false;      ///< this turn ends with a trim
};

}  // namespace berth
