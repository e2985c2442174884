// PendingJobs: commands of an admin that have been taken and are not over yet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "init/unit_runtime.h"
#include "units/control.h"

namespace berth {

class PendingJobs {
 public:
  using Done = std::function<void(control::JobResult, std::vector<std::string> lines)>;
  enum class Goal : std::uint8_t { up, down, up_again };

  /// Calls `done` once when the unit has got there, or will not. `up_again` = up in another life
  /// than now.
  void add(const UnitRuntime& unit, Goal goal, Done done);
  /// The same for the run of a job that follows the one under way.
  void add_next_run(const UnitRuntime& unit, Done done);
  /// After every change of state; before what is remembered of a job is started.
  void on_state(const UnitRuntime& unit);
  std::size_t size() const { return jobs_.size(); }

 private:
  struct Job {
    std::string unit;
    Goal goal;
    std::uint64_t epoch;
    Done done;
    bool after_this_run = false;  ///< of a job: the run under way is not the one
  };
  std::vector<Job> jobs_;
};

}  // namespace berth
