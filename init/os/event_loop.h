// EventLoop: the one epoll loop of a process. Everything that waits, waits here.
//
// Time stands still during a turn: now() is read once after epoll_wait() returns, and every
// callback of that turn sees the same value. Callbacks do little. A callback may add and remove
// watches and timers, its own included: a removed watch gets no further event, not even one that
// the same epoll_wait() has already delivered.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "init/os/clock.h"
#include "init/os/fd.h"

namespace berth::os {

/// What a descriptor is watched for, and what has happened. hangup and error are always reported.
struct Events {
  bool readable = false;
  bool writable = false;
  bool hangup = false;  ///< EPOLLHUP or EPOLLRDHUP
  bool error = false;   ///< EPOLLERR
};

/// Derive from it (or use FunctionHandler) to be told. A handler must outlive its watch.
class FdHandler {
 public:
  virtual ~FdHandler() = default;
  virtual void on_events(Events events) = 0;
};

/// Names a timer that was armed; never used again for another one. Timers fire in this order.
struct TimerId {
  TimePoint when;
  std::uint64_t serial = 0;
  auto operator<=>(const TimerId&) const = default;
};
inline constexpr TimerId kNoTimer{};

/// Base of objects that may have to die in their own callback: hand them to defer_delete().
class Deferred {
 public:
  virtual ~Deferred() = default;
};

class EventLoop {
 public:
  /// Dies with a message if the kernel has no epoll for us: before the loop runs there is nothing
  /// to save.
  explicit EventLoop(const Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Level-triggered unless `edge`. REQUIRES: `fd` is not watched yet. Returns false (errno set) if
  /// the kernel refuses.
  bool watch(BorrowedFd fd, bool readable, bool writable, FdHandler& handler, bool edge = false);
  /// Changes what is waited for. REQUIRES: `fd` is watched.
  void rewatch(BorrowedFd fd, bool readable, bool writable);
  /// For an edge-triggered watch: what is ready now is reported once more, so that long work can be
  /// cut into turns. REQUIRES: `fd` is watched.
  void rearm(BorrowedFd fd);
  /// REQUIRES: called before the descriptor is closed. Does nothing if `fd` is not watched.
  void unwatch(BorrowedFd fd);

  /// Calls `callback` once, in the first turn at or after `when`. Timers of one turn run in order
  /// of their time.
  TimerId at(TimePoint when, std::function<void()> callback);
  TimerId after(std::chrono::nanoseconds delay, std::function<void()> callback) {
    return at(now() + std::chrono::duration_cast<TimePoint::duration>(delay), std::move(callback));
  }
  /// Does nothing for kNoTimer and for timers that have fired.
  void cancel(TimerId timer);
  /// As cancel(), and `timer` names none from then on.
  void disarm(TimerId& timer) { cancel(std::exchange(timer, kNoTimer)); }

  /// Fixed during one turn.
  TimePoint now() const { return now_; }
  const Clock& clock() const { return clock_; }

  /// Destroys `object` after all callbacks of this turn.
  void defer_delete(std::unique_ptr<Deferred> object);
  /// Called at the end of every turn, after all callbacks; one only.
  void set_turn_end(std::function<void()> callback) { turn_end_ = std::move(callback); }

  /// Is told of an exception that left a callback (out of memory, in a program without any of its
  /// own): the callback's work is lost, the loop goes on. Without it nothing is said.
  void set_exception_handler(std::function<void(const char* what)> handler) {
    on_exception_ = std::move(handler);
  }

  /// Runs until stop().
  void run();
  /// One turn: waits at most `limit` (negative = for ever).
  void run_once(std::chrono::milliseconds limit);
  void stop() { stopped_ = true; }

 private:
  struct Slot {
    FdHandler* handler = nullptr;
    std::uint32_t serial = 0;  ///< rises with each watch of this descriptor: tells a stale event
    std::uint32_t epoll_events = 0;
  };

  Slot* slot_of(BorrowedFd fd);
  void modify(BorrowedFd fd, const Slot& slot);
  int wait_limit_ms(std::chrono::milliseconds limit) const;
  void dispatch_fds(int count);
  void dispatch_timers();
  template <typename Callback>
  void guarded(Callback callback) noexcept;

  const Clock& clock_;
  UniqueFd epoll_;
  TimePoint now_;
  std::vector<Slot> slots_;  ///< by descriptor number
  std::map<TimerId, std::function<void()>> timers_;
  std::vector<std::unique_ptr<Deferred>> graveyard_;
  std::function<void()> turn_end_;
  std::function<void(const char*)> on_exception_;
  std::vector<unsigned char> events_;  ///< room for what epoll_wait() returns
  std::uint64_t last_timer_ = 0;
  std::uint32_t next_serial_ = 1;
  bool stopped_ = false;
};

/// An FdHandler from a function, for owners that watch several descriptors.
class FunctionHandler final : public FdHandler {
 public:
  explicit FunctionHandler(std::function<void(Events)> callback) : callback_(std::move(callback)) {}
  void on_events(Events events) override { callback_(events); }

 private:
  std::function<void(Events)> callback_;
};

}  // namespace berth::os
