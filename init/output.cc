// berth's standard output, shared fairly by all units.
#include "init/output.h"

#include <algorithm>
#include <utility>

#include "init/os/stream.h"
#include "init/os/writer_process.h"

namespace berth {
namespace {

/// When to try again what cannot be watched: a full disk, for example.
constexpr std::chrono::seconds kRetryDelay{1};
/// The longest that finish() waits before it tries again: a socket or a pipe may have room for less
/// than poll(2) asks for.
constexpr std::chrono::milliseconds kFinishStep{100};

}  // namespace

Output::Output(os::EventLoop& loop, os::UniqueFd fd, std::function<void()> on_room)
    : loop_(loop),
      fd_(std::move(fd)),
      on_room_(std::move(on_room)),
      queues_([&loop](std::string& out, const std::string& unit, LogFormat format,
                      std::uint64_t dropped) {
        const std::string text =
            std::to_string(dropped) + " lines dropped: standard output is stalled";
        const LineView notice{unit.empty() ? std::string_view("berth") : std::string_view(unit),
                              LogStream::out, text, loop.clock().wall_ms()};
        append_line(out, format == LogFormat::json ? LogFormat::json : LogFormat::prefix, notice);
      }) {}

Output::~Output() {
  stop_waiting();
}

void Output::add(const std::string& unit, LogFormat format, const LineView& line,
                 Admission admission) {
  if (!fd_.is_open())
    return;
  line_.clear();
  append_line(line_, format, line);
  if (line_.empty())
    return;
  if (!is_waiting() && queues_.waiting_of(unit) + line_.size() > kUnitQueueLimit)
    pump();
  if (fd_.is_open())
    queues_.add(unit, format, line_, admission);
}

void Output::pump() {
  if (fd_.is_open() && !is_waiting())
    settle(write_queues());
}

void Output::finish(std::chrono::milliseconds limit) {
  if (!fd_.is_open())
    return;
  stop_waiting();
  const os::TimePoint end = loop_.clock().now() + limit;
  const auto left = [&] {
    return std::chrono::ceil<std::chrono::milliseconds>(end - loop_.clock().now());
  };
  while (write_queues() == Progress::stalled && left().count() > 0)
    os::wait_writable(fd_.borrow(), std::min(left(), kFinishStep));
  if (os::is_socket(fd_.borrow()))
    os::finish_writer_process(fd_.borrow(), std::max(left(), std::chrono::milliseconds(0)));
  discard_all();
}

void Output::on_events(os::Events) noexcept {
  try {
    settle(write_queues());
    on_room_();
  } catch (...) {
    discard_all();  // out of memory: these lines are lost, PID 1 is not
  }
}

Output::Progress Output::write_queues() {
  for (;;) {
    const std::string_view turn = queues_.turn();
    if (turn.empty())
      return Progress::drained;
    const os::Transfer result = os::write_some(fd_.borrow(), turn);
    if (result.state == os::TransferState::would_block)
      return Progress::stalled;
    if (result.state == os::TransferState::ended)
      return Progress::gone;
    if (result.state == os::TransferState::failed)
      return Progress::failing;
    queues_.took(result.size);
  }
}

void Output::settle(Progress progress) {
  switch (progress) {
    case Progress::drained:
      stop_waiting();
      return;
    case Progress::stalled:
      watched_ = watched_ || loop_.watch(fd_.borrow(), false, true, *this);
      if (!watched_)
        retry_later();
      return;
    case Progress::failing:
      stop_waiting();
      retry_later();
      return;
    case Progress::gone:
      discard_all();
      return;
  }
}

void Output::retry_later() {
  retry_ = loop_.after(kRetryDelay, [this] {
    retry_ = os::kNoTimer;
    pump();
    on_room_();
  });
}

void Output::stop_waiting() {
  if (watched_)
    loop_.unwatch(fd_.borrow());
  watched_ = false;
  loop_.disarm(retry_);
}

void Output::discard_all() {
  stop_waiting();
  fd_.reset();
  queues_.clear();
}

}  // namespace berth
