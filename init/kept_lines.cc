// The rings of all units under one bound.
#include "init/kept_lines.h"

#include <algorithm>

namespace berth {
namespace {

constexpr std::size_t kFirstCapacity = 1024;

}  // namespace

void KeptLines::keep(const std::string& unit, std::size_t limit, std::uint64_t time_ms,
                     LogStream stream, std::string_view text) {
  LineRing& ring = rings_[unit];
  if (ring.capacity() > limit)
    resize(ring, limit);
  while (!ring.has_room(text.size()) && grow(ring, limit)) {
  }
  ring.push(time_ms, stream, text);
}

LogTail KeptLines::tail(const std::string& unit) const {
  const auto found = rings_.find(unit);
  return found == rings_.end() ? LogTail{} : found->second.tail();
}

void KeptLines::forget(const std::string& unit) {
  const auto found = rings_.find(unit);
  if (found == rings_.end())
    return;
  total_ -= found->second.capacity();
  rings_.erase(found);
}

void KeptLines::resize(LineRing& ring, std::size_t capacity) {
  total_ -= ring.capacity();
  ring.resize(capacity);
  total_ += ring.capacity();
  largest_ = std::max(largest_, ring.capacity());
}

bool KeptLines::grow(LineRing& ring, std::size_t limit) {
  const std::size_t step =
      std::min(std::max(ring.capacity(), kFirstCapacity), limit - ring.capacity());
  if (step == 0)
    return false;
  // The giver stays at least as large as the taker: two units never take from each other in turn.
  const std::size_t least_giver = ring.capacity() + 2 * step;
  if (total_ + step > total_limit_) {
    if (largest_ < least_giver)
      return false;
    LineRing& largest = std::max_element(rings_.begin(), rings_.end(), [](auto& a, auto& b) {
                          return a.second.capacity() < b.second.capacity();
                        })->second;
    largest_ = largest.capacity();
    if (largest_ < least_giver)
      return false;
    resize(largest, largest.capacity() - step);
  }
  resize(ring, ring.capacity() + step);
  return true;
}

}  // namespace berth
