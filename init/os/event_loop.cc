// The epoll loop.
#include "init/os/event_loop.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <sys/epoll.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {
namespace {

constexpr int kEventsPerTurn = 256;

std::uint32_t epoll_events_of(bool readable, bool writable) {
  return (readable ? EPOLLIN | EPOLLRDHUP : 0U) | (writable ? EPOLLOUT : 0U);
}

}  // namespace

EventLoop::EventLoop(const Clock& clock)
    : clock_(clock),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      now_(clock.now()),
      events_(sizeof(epoll_event) * kEventsPerTurn) {
  if (!epoll_.is_open()) {
    std::fprintf(stderr, "%s\n", errno_error("epoll_create1").message.c_str());
    std::exit(1);
  }
}

EventLoop::~EventLoop() = default;

EventLoop::Slot* EventLoop::slot_of(BorrowedFd fd) {
  const auto index = static_cast<std::size_t>(fd.raw());
  return fd.is_open() && index < slots_.size() && slots_[index].handler != nullptr ? &slots_[index]
                                                                                   : nullptr;
}

bool EventLoop::watch(BorrowedFd fd, bool readable, bool writable, FdHandler& handler, bool edge) {
  const auto index = static_cast<std::size_t>(fd.raw());
  if (index >= slots_.size())
    slots_.resize(index + 1);
  Slot slot{&handler, next_serial_++, epoll_events_of(readable, writable) | (edge ? EPOLLET : 0U)};
  epoll_event event{};
  event.events = slot.epoll_events;
  event.data.u64 = (std::uint64_t{slot.serial} << 32) | static_cast<std::uint32_t>(fd.raw());
  if (::epoll_ctl(epoll_.raw(), EPOLL_CTL_ADD, fd.raw(), &event) != 0)
    return false;
  slots_[index] = slot;
  return true;
}

void EventLoop::rewatch(BorrowedFd fd, bool readable, bool writable) {
  Slot* slot = slot_of(fd);
  if (slot == nullptr)
    return;
  const std::uint32_t wanted = epoll_events_of(readable, writable) | (slot->epoll_events & EPOLLET);
  if (wanted == slot->epoll_events)
    return;
  slot->epoll_events = wanted;
  modify(fd, *slot);
}

void EventLoop::rearm(BorrowedFd fd) {
  const Slot* slot = slot_of(fd);
  if (slot != nullptr)
    modify(fd, *slot);
}

void EventLoop::modify(BorrowedFd fd, const Slot& slot) {
  epoll_event event{};
  event.events = slot.epoll_events;
  event.data.u64 = (std::uint64_t{slot.serial} << 32) | static_cast<std::uint32_t>(fd.raw());
  ::epoll_ctl(epoll_.raw(), EPOLL_CTL_MOD, fd.raw(), &event);
}

void EventLoop::unwatch(BorrowedFd fd) {
  Slot* slot = slot_of(fd);
  if (slot == nullptr)
    return;
  *slot = Slot{};
  ::epoll_ctl(epoll_.raw(), EPOLL_CTL_DEL, fd.raw(), nullptr);
}

TimerId EventLoop::at(TimePoint when, std::function<void()> callback) {
  const TimerId id{when, ++last_timer_};
  timers_.emplace(id, std::move(callback));
  return id;
}

void EventLoop::cancel(TimerId timer) {
  timers_.erase(timer);
}

void EventLoop::defer_delete(std::unique_ptr<Deferred> object) {
  graveyard_.push_back(std::move(object));
}

int EventLoop::wait_limit_ms(std::chrono::milliseconds limit) const {
  if (timers_.empty())
    return limit.count() < 0 ? -1 : static_cast<int>(std::min<long>(limit.count(), INT_MAX));
  // Rounded up: a timer never fires early, and the loop never spins through the last fraction of a
  // millisecond.
  const auto until =
      std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.when - clock_.now());
  auto wait = std::clamp<long>(until.count(), 0, INT_MAX);
  if (limit.count() >= 0)
    wait = std::min<long>(wait, limit.count());
  return static_cast<int>(wait);
}

template <typename Callback>
void EventLoop::guarded(Callback callback) noexcept {
  try {
    callback();
  } catch (const std::exception& exception) {
    if (on_exception_)
      on_exception_(exception.what());
  }
}

void EventLoop::dispatch_fds(int count) {
  const auto* events = reinterpret_cast<const epoll_event*>(events_.data());
  for (int i = 0; i < count; ++i) {
    const auto fd = static_cast<std::uint32_t>(events[i].data.u64);
    const auto serial = static_cast<std::uint32_t>(events[i].data.u64 >> 32);
    if (fd >= slots_.size() || slots_[fd].handler == nullptr || slots_[fd].serial != serial)
      continue;  // removed, or removed and watched anew, by an earlier callback of this turn
    const std::uint32_t bits = events[i].events;
    const Events happened{(bits & EPOLLIN) != 0, (bits & EPOLLOUT) != 0,
                          (bits & (EPOLLHUP | EPOLLRDHUP)) != 0, (bits & EPOLLERR) != 0};
    guarded([&] { slots_[fd].handler->on_events(happened); });
  }
}

void EventLoop::dispatch_timers() {
  while (!timers_.empty() && timers_.begin()->first.when <= now_) {
    const auto due = timers_.extract(timers_.begin());
    guarded(due.mapped());
  }
}

void EventLoop::run_once(std::chrono::milliseconds limit) {
  auto* events = reinterpret_cast<epoll_event*>(events_.data());
  const int count = ::epoll_wait(epoll_.raw(), events, kEventsPerTurn, wait_limit_ms(limit));
  now_ = clock_.now();
  if (count > 0)
    dispatch_fds(count);
  dispatch_timers();
  if (turn_end_)
    guarded(turn_end_);
  graveyard_.clear();
}

void EventLoop::run() {
  stopped_ = false;
  while (!stopped_)
    run_once(std::chrono::milliseconds(-1));
}

}  // namespace berth::os
