// berth's standard output, shared fairly by all units.
#include "init/output.h"

#include <algorithm>
#include <utility>

#include "init/os/stream.h"
#include "init/os/writer_process.h"

namespace berth {
namespace {

/// What a unit may write before it is the next one's turn.
constexpr std::size_t kTurnBytes = std::size_t{8} * 1024;
/// When to try again what cannot be watched: a full disk, for example.
constexpr std::chrono::seconds kRetryDelay{1};
/// The longest that finish() waits before it tries again: a socket or a pipe may have room for less
/// than poll(2) asks for.
constexpr std::chrono::milliseconds kFinishStep{100};

/// The first lines of `waiting`, about a turn's worth, never ending within a line.
std::string_view turn_of(std::string_view waiting) {
  if (waiting.size() <= kTurnBytes)
    return waiting;
  std::size_t end = waiting.rfind('\n', kTurnBytes - 1);
  if (end == std::string_view::npos)
    end = waiting.find('\n', kTurnBytes);
  return waiting.substr(0, end == std::string_view::npos ? end : end + 1);
}

}  // namespace

Output::Output(os::EventLoop& loop, os::UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {}

Output::~Output() {
  stop_waiting();
}

void Output::add(const std::string& unit, LogFormat format, const LineView& line) {
  if (!fd_.is_open())
    return;
  line_.clear();
  append_line(line_, format, line);
  if (line_.empty())
    return;
  if (!is_waiting() && waiting_of(unit) + line_.size() > kUnitQueueLimit)
    pump();
  if (!fd_.is_open())
    return;
  Queue& queue = queue_of(unit);
  queue.format = format;
  // After a loss half of the queue must be free again, so that a slow reader does not get a notice
  // between every two lines. A line that is longer than a queue goes into an empty one.
  const std::size_t room = queue.dropped == 0 ? kUnitQueueLimit : kUnitQueueLimit / 2;
  const bool is_full = queue.waiting() > 0 && queue.waiting() + line_.size() > room;
  if (is_full || queued_ + line_.size() > kOutputQueueLimit) {
    ++queue.dropped;
    return;
  }
  if (queue.dropped > 0)
    append_notice(queue);
  queue.bytes += line_;
  queued_ += line_.size();
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
  } catch (...) {
    discard_all();  // out of memory: these lines are lost, PID 1 is not
  }
}

std::size_t Output::waiting_of(const std::string& unit) const {
  const auto found = queues_.find(unit);
  return found == queues_.end() ? 0 : found->second.waiting();
}

Output::Queue& Output::queue_of(const std::string& unit) {
  const auto [place, is_new] = queues_.try_emplace(unit);
  if (is_new) {
    place->second.unit = unit;
    turns_.push_back(&place->second);
  }
  return place->second;
}

void Output::append_notice(Queue& queue) {
  const std::string text =
      std::to_string(queue.dropped) + " lines dropped: standard output is stalled";
  LineView notice;
  notice.unit = queue.unit.empty() ? std::string_view("berth") : std::string_view(queue.unit);
  notice.text = text;
  notice.time_ms = loop_.clock().wall_ms();
  const std::size_t before = queue.bytes.size();
  append_line(queue.bytes, queue.format == LogFormat::json ? LogFormat::json : LogFormat::prefix,
              notice);
  queued_ += queue.bytes.size() - before;
  queue.dropped = 0;
}

Output::Progress Output::write_queues() {
  while (!turns_.empty()) {
    Queue& queue = *turns_.front();
    const std::string_view turn = turn_of(std::string_view(queue.bytes).substr(queue.written));
    if (turn.empty()) {
      end_turn(queue);
      continue;
    }
    const os::Transfer result = os::write_some(fd_.borrow(), turn);
    if (result.state == os::TransferState::would_block)
      return Progress::stalled;
    if (result.state == os::TransferState::ended)
      return Progress::gone;
    if (result.state == os::TransferState::failed)
      return Progress::failing;
    queue.written += result.size;
    queued_ -= result.size;
    if (result.size == turn.size())
      end_turn(queue);
  }
  return Progress::drained;
}

void Output::end_turn(Queue& queue) {
  turns_.pop_front();
  queue.bytes.erase(0, queue.written);
  queue.written = 0;
  if (queue.bytes.empty() && queue.dropped > 0)
    append_notice(queue);
  if (queue.bytes.empty())
    queues_.erase(std::string(queue.unit));
  else
    turns_.push_back(&queue);
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
  turns_.clear();
  queues_.clear();
  queued_ = 0;
}

}  // namespace berth
