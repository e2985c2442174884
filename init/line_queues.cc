// Lines that wait for somebody who writes them, fairly and within bounds.
#include "init/line_queues.h"

#include <utility>

namespace berth {
namespace {

/// What one name may write before it is the next one's turn.
constexpr std::size_t kTurnBytes = std::size_t{8} * 1024;

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

void LineQueues::add(const std::string& name, LogFormat format, std::string_view line,
                     Admission admission) {
  Queue& queue = queue_of(name);
  queue.format = format;
  if (!admits(queue, line.size(), admission)) {
    ++queue.dropped;
    return;
  }
  if (queue.dropped > 0)
    append_notice(queue);
  queue.bytes += line;
  queued_ += line.size();
}

bool LineQueues::admits(const Queue& queue, std::size_t size, Admission admission) const {
  if (admission == Admission::always)
    return true;
  const std::size_t reserve = admission == Admission::from_reserve ? kUnitQueueLimit : 0;
  // After a loss half of the queue must be free again, so that a slow reader does not get a notice
  // between every two lines. A line that is longer than a queue goes into an empty one.
  const std::size_t room = queue.dropped == 0 ? kUnitQueueLimit + reserve : kUnitQueueLimit / 2;
  const bool is_full = queue.waiting() > 0 && queue.waiting() + size > room;
  return !is_full && queued_ + size <= kOutputQueueLimit + reserve;
}

bool LineQueues::has_room(const std::string& name) const {
  return queued_ < kOutputQueueLimit && waiting_of(name) < kUnitQueueLimit;
}

std::size_t LineQueues::waiting_of(const std::string& name) const {
  const auto found = queues_.find(name);
  return found == queues_.end() ? 0 : found->second.waiting();
}

std::string_view LineQueues::turn() {
  while (!turns_.empty()) {
    const Queue& queue = *turns_.front();
    const std::string_view turn = turn_of(std::string_view(queue.bytes).substr(queue.written));
    if (!turn.empty())
      return turn;
    end_turn();
  }
  return {};
}

void LineQueues::took(std::size_t size) {
  const bool whole = size == turn().size();
  turns_.front()->written += size;
  queued_ -= size;
  if (whole)
    end_turn();
}

void LineQueues::restart_line() {
  if (turns_.empty() || turns_.front()->written == 0)
    return;
  Queue& queue = *turns_.front();
  const std::size_t newline = queue.bytes.rfind('\n', queue.written - 1);
  const std::size_t start = newline == std::string::npos ? 0 : newline + 1;
  queued_ += queue.written - start;
  queue.written = start;
}

void LineQueues::clear() {
  turns_.clear();
  queues_.clear();
  queued_ = 0;
}

LineQueues::Queue& LineQueues::queue_of(const std::string& name) {
  const auto [place, is_new] = queues_.try_emplace(name);
  if (is_new) {
    place->second.name = name;
    turns_.push_back(&place->second);
  }
  return place->second;
}

void LineQueues::append_notice(Queue& queue) {
  const std::size_t before = queue.bytes.size();
  notice_(queue.bytes, queue.name, queue.format, std::exchange(queue.dropped, 0));
  queued_ += queue.bytes.size() - before;
}

void LineQueues::end_turn() {
  Queue& queue = *turns_.front();
  turns_.pop_front();
  queue.bytes.erase(0, queue.written);
  queue.written = 0;
  if (queue.bytes.empty() && queue.dropped > 0)
    append_notice(queue);
  if (queue.bytes.empty())
    queues_.erase(std::string(queue.name));
  else
    turns_.push_back(&queue);
}

}  // namespace berth
