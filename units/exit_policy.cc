// Restart policy.
#include "units/exit_policy.h"

#include <algorithm>

namespace berth {
namespace {

constexpr Milliseconds kLeastBackoff{10};

bool contains(const std::vector<int>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool RestartHistory::admit(const ServiceSpec& spec, Milliseconds now) {
  while (!starts_.empty() && now - starts_.front() >= spec.restart_window)
    starts_.pop_front();
  if (spec.restart_limit != 0 && starts_.size() >= spec.restart_limit)
    return false;
  // Without a limit nobody asks how many there were: the count in a row is enough.
  if (spec.restart_limit != 0)
    starts_.push_back(now);
  ++in_a_row_;
  return true;
}

Milliseconds RestartHistory::delay(const ServiceSpec& spec) const {
  Milliseconds delay = spec.restart_delay;
  // At once means the first time; from then on even 0 has something to double.
  for (std::uint32_t i = 1; i < in_a_row_ && delay < spec.restart_delay_max; ++i)
    delay = std::max(delay * 2, kLeastBackoff);
  return std::min(delay, spec.restart_delay_max);
}

void RestartHistory::forget() {
  starts_.clear();
  in_a_row_ = 0;
}

bool is_success(const ServiceSpec& spec, const ExitFacts& facts) {
  if (facts.never_started)
    return false;
  if (facts.by_signal)
    return contains(spec.success_signals, facts.value) ||
           (facts.stop_sent && facts.value == spec.stop_signal);
  return facts.value == 0 || contains(spec.success_codes, facts.value) ||
         (facts.stop_sent && facts.value == 128 + spec.stop_signal);
}

Verdict classify_exit(const Unit& unit, const ExitFacts& facts, RestartHistory& history,
                      Milliseconds now) {
  if (!facts.wanted_up)
    return Verdict::stopped;
  const bool success = is_success(unit.service, facts) && !facts.gave_up_waiting;
  if (unit.kind == UnitKind::job) {
    const std::uint32_t retries = unit.job ? unit.job->retries : 0;
    if (success || facts.never_started || history.in_a_row() >= retries) {
      history.forget();
      return success ? Verdict::done : Verdict::failed;
    }
    history.count_failure();
    return Verdict::retry;
  }
  const Restart policy = unit.service.restart;
  // What cannot even be executed will not be mended by trying again; whoever mends it starts it.
  const bool again = policy == Restart::always ||
                     (policy == Restart::on_failure && !success && !facts.never_started);
  if (!again)
    return success ? Verdict::done : Verdict::failed;
  return history.admit(unit.service, now) ? Verdict::retry : Verdict::failed;
}

UnitEvent exit_event(Verdict verdict) {
  switch (verdict) {
    case Verdict::stopped:
    case Verdict::done:
      return UnitEvent::exit_done;
    case Verdict::retry:
      return UnitEvent::exit_retry;
    case Verdict::failed:
      break;
  }
  return UnitEvent::exit_fail;
}

UnitEvent cleaned_event(Verdict verdict) {
  switch (verdict) {
    case Verdict::stopped:
      return UnitEvent::cleaned;
    case Verdict::done:
      return UnitEvent::cleaned_done;
    case Verdict::retry:
      return UnitEvent::cleaned_retry;
    case Verdict::failed:
      break;
  }
  return UnitEvent::cleaned_fail;
}

}  // namespace berth
