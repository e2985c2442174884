// Reaping.
#include "init/reaper.h"

#include <utility>

namespace berth {

void Reaper::expect(pid_t pid, EndCallback ended) {
  expected_[pid] = std::move(ended);
}

void Reaper::forget(pid_t pid) {
  expected_.erase(pid);
}

void Reaper::drain() {
  // There is always an end to this loop: to reap is far cheaper than to fork.
  void (*before)(pid_t, void*) = nullptr;
  if (look_)
    before = [](pid_t pid, void* self) { static_cast<Reaper*>(self)->look_(pid); };
  while (const auto ended = os::reap_one(before, this)) {
    // Taken out first: the callback may expect a new child that has been given the same number.
    auto interest = expected_.extract(ended->first);
    if (interest.empty())
      ++orphans_;
    else
      interest.mapped()(ended->second);
  }
}

}  // namespace berth
