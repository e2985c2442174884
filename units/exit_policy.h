// What follows from the end of a main process: classify_exit() decides between rest, another try
// and failure.
#pragma once

#include <cstdint>
#include <deque>

#include "units/unit.h"
#include "units/unit_state.h"

namespace berth {

/// How a main process ended, and what berth had asked of it before.
struct ExitFacts {
  bool by_signal = false;
  int value = 0;               ///< exit code, or the signal
  bool stop_sent = false;      ///< berth had sent the stop signal or SIGKILL
  bool wanted_up = true;       ///< whether the unit is still wanted
  bool never_started = false;  ///< preparing or exec failed
  /// Did not become ready, was found unhealthy, or, a job, ran into its timeout.
  bool gave_up_waiting = false;
};

/// Where a life leads to, after cleaning.
enum class Verdict : std::uint8_t { stopped, done, retry, failed };

/// The automatic starts of a unit, to find out when there were too many, and how long to wait for
/// the next.
class RestartHistory {
 public:
  /// Counts a start at `now` (monotonic). False if that is one more than restart_limit within
  /// restart_window.
  bool admit(const ServiceSpec& spec, Milliseconds now);
  /// restart_delay, doubled for each automatic start since the last quiet time, at most
  /// restart_delay_max.
  Milliseconds delay(const ServiceSpec& spec) const;
  /// Counts a failure that berth does not answer with a start of its own: the next delay is longer.
  void count_failure() { ++in_a_row_; }
  /// The unit ran well for a whole restart_window, or was started by hand.
  void forget();
  std::uint32_t in_a_row() const { return in_a_row_; }

 private:
  std::deque<Milliseconds> starts_;
  std::uint32_t in_a_row_ = 0;
};

/// Whether this end counts as success: exit code 0, success_exit, or the stop signal that berth
/// sent (also as 128 + its number, as Puma does).
bool is_success(const ServiceSpec& spec, const ExitFacts& facts);

/// The verdict. Counts the start that `retry` leads to in `history`; of a job, that is a try of
/// `retries`.
Verdict classify_exit(const Unit& unit, const ExitFacts& facts, RestartHistory& history,
                      Milliseconds now);

/// The events that deliver a verdict: at the end of the process, and after cleaning.
UnitEvent exit_event(Verdict verdict);
UnitEvent cleaned_event(Verdict verdict);

}  // namespace berth
