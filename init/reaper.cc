// Reaping.
#include "init/reaper.h"

#include <exception>
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
  std::exception_ptr failure;
  while (const auto ended = os::reap_one()) {
    if (observer_)
      observer_(ended->first);
    // Taken out first: the callback may expect a new child that has been given the same number.
    auto interest = expected_.extract(ended->first);
    if (interest.empty()) {
      ++orphans_;
      continue;
    }
    try {
      interest.mapped()(ended->second);
    } catch (...) {
      // Told when the others are reaped: SIGCHLD does not come again for them.
      if (!failure)
        failure = std::current_exception();
    }
  }
  if (failure)
    std::rethrow_exception(failure);
}

}  // namespace berth
