// Shutdown: ends everything in order within its time: instances first, then the jobs of the end
// run, then the rest stops in reverse order of starting.
#pragma once

#include <string>
#include <vector>

#include "init/job_triggers.h"
#include "init/leases.h"
#include "init/log_hub.h"
#include "init/manager.h"
#include "init/unit_table.h"
#include "units/unit.h"

namespace berth {

class Shutdown {
 public:
  Shutdown(os::EventLoop& loop, UnitTable& table, Manager& manager, Leases& leases)
      : loop_(loop), table_(table), manager_(manager), leases_(leases) {}
  ~Shutdown();

  /// What runs `on = "shutdown"`.
  void set_triggers(JobTriggers& triggers) { triggers_ = &triggers; }

  /// Begins, or hurries if it has begun: what is alive is killed then.
  void request(const BerthConfig& config, const std::string& why);
  bool requested() const { return phase_ != Phase::no; }
  /// After every change of state: goes on when it can. Ends the loop when all is over.
  void on_state();
  /// 0, or 1 if something was cut short.
  int exit_status() const { return cut_short_.empty() ? 0 : 1; }

 private:
  enum class Phase : std::uint8_t { no, tenants, jobs, rest };
  bool all_at_rest(bool only_tenants) const;
  std::vector<std::string> left_jobs() const;
  void run_last_jobs();
  void stop_rest();
  void give_up(const char* why);

  os::EventLoop& loop_;
  UnitTable& table_;
  Manager& manager_;
  Leases& leases_;
  JobTriggers* triggers_ = nullptr;
  Phase phase_ = Phase::no;
  bool hurries_ = false;
  std::vector<os::TimerId> timers_;
  std::vector<std::string> cut_short_;
};

}  // namespace berth
