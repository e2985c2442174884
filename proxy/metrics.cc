// Counting requests, and asking PID 1 for the rest.
#include "proxy/metrics.h"

#include <algorithm>

namespace berth::proxy {
namespace {

/// Who reads the metrics more often gets PID 1's part as it was.
constexpr std::chrono::seconds kFresh{1};

}  // namespace

void RequestFigures::count(int status, std::chrono::microseconds duration) {
  const auto found = std::find_if(by_status.begin(), by_status.end(),
                                  [status](const auto& each) { return each.first == status; });
  if (found == by_status.end())
    by_status.emplace_back(status, 1);
  else
    ++found->second;
  durations.add(duration);
}

RequestFigures& Metrics::of(std::string_view class_name) {
  const auto found = classes_.find(class_name);
  return found != classes_.end() ? found->second
                                 : classes_.emplace(class_name, RequestFigures()).first->second;
}

void Metrics::ask(FiguresWaiter& waiter) {
  if (last_ && loop_.now() - last_at_ < kFresh)
    return waiter.on_figures(*last_);
  waiters_.push_back(waiter);
  // An answer that was dropped is asked for again.
  if (asked_at_ != os::TimePoint() && loop_.now() - asked_at_ < kFresh)
    return;
  asked_at_ = loop_.now();
  control_.send(control::WantFigures{});
}

void Metrics::on_figures(SystemFigures figures) {
  last_ = std::move(figures);
  last_at_ = loop_.now();
  asked_at_ = os::TimePoint();
  IntrusiveList<FiguresWaiter> served;
  served.take_all(waiters_);
  while (!served.empty()) {
    FiguresWaiter& waiter = served.front();
    waiter.unlink();
    waiter.on_figures(*last_);
  }
}

}  // namespace berth::proxy
