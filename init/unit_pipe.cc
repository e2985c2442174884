// The read end of one pipe that a unit writes its output to.
#include "init/unit_pipe.h"

#include <algorithm>
#include <span>
#include <utility>

#include "init/os/stream.h"

namespace berth {
namespace {

/// On the stack while reading: an idle pipe holds no buffer.
constexpr std::size_t kReadBuffer = std::size_t{16} * 1024;
/// The default of /proc/sys/fs/pipe-max-size, beyond which a unit without privileges cannot make
/// its pipe grow; somebody who keeps writing does not hold up the end of a unit.
constexpr std::size_t kDrainLimit = std::size_t{1024} * 1024;

}  // namespace

UnitPipe::UnitPipe(os::EventLoop& loop, std::string unit, LogStream stream, os::UniqueFd pipe,
                   Owner& owner)
    : loop_(loop), unit_(std::move(unit)), stream_(stream), pipe_(std::move(pipe)), owner_(owner) {
  os::make_nonblocking(pipe_.borrow());
}

bool UnitPipe::watch() {
  return loop_.watch(pipe_.borrow(), true, false, *this);
}

UnitPipe::~UnitPipe() {
  leave();
}

void UnitPipe::drain() {
  read_lines(kDrainLimit);
  if (owner_.wanted(*this) > 0)
    finish_line();
}

void UnitPipe::resume() {
  paused_ = false;
  watch();
}

void UnitPipe::leave() {
  loop_.unwatch(pipe_.borrow());
}

void UnitPipe::on_events(os::Events) noexcept {
  try {
    const bool open = read_lines(kReadPerTurn);
    if (!open)
      finish_line();
    owner_.on_turn_end();
    if (!open)
      owner_.on_end(*this);
  } catch (...) {
    // Out of memory: these lines are lost, PID 1 is not.
  }
}

bool UnitPipe::read_lines(std::size_t limit) {
  char buffer[kReadBuffer];
  for (std::size_t total = 0; total < limit;) {
    const std::size_t wanted = std::min(owner_.wanted(*this), sizeof buffer);
    if (wanted == 0) {
      paused_ = true;
      loop_.unwatch(pipe_.borrow());
      return true;
    }
    const os::Transfer result = os::read_some(pipe_.borrow(), std::span(buffer, wanted));
    if (result.state == os::TransferState::would_block)
      return true;
    if (result.state != os::TransferState::done)
      return false;
    splitter_.feed(std::string_view(buffer, result.size),
                   [this](std::string_view line) { owner_.on_line(*this, line); });
    total += result.size;
  }
  return true;
}

void UnitPipe::finish_line() {
  splitter_.finish([this](std::string_view line) { owner_.on_line(*this, line); });
}

}  // namespace berth
