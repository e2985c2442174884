// JobHistory: what became of the last runs of each job, and the last lines that each run said.
#pragma once

#include "init/log_hub.h"
#include "init/os/event_loop.h"
#include "init/unit_table.h"

namespace berth {

/// Runs that are kept of each job.
inline constexpr std::size_t kKeptRuns = 8;
/// What is kept of the lines of each run, and of all runs of all jobs; the oldest lines go first.
inline constexpr std::size_t kRunLines = std::size_t{2} * 1024;
inline constexpr std::size_t kAllRunLines = std::size_t{256} * 1024;

class JobHistory {
 public:
  JobHistory(os::EventLoop& loop, UnitTable& table, const LogHub& logs)
      : loop_(loop), table_(table), logs_(logs) {}

  /// After every change of state of a job.
  void on_state(UnitRuntime& unit);

 private:
  void begin(UnitRuntime& unit);
  void end(UnitRuntime& unit);
  std::vector<std::string> lines_of_run(const UnitRuntime& unit) const;
  void bound_lines();

  os::EventLoop& loop_;
  UnitTable& table_;
  const LogHub& logs_;
  std::size_t bytes_ = 0;  ///< of kept lines; those of units that have gone may be counted still
};

}  // namespace berth
