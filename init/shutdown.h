// Shutdown: ends everything in order within its time: instances first, then the jobs of the end
// run, then the rest stops in reverse order of starting.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "init/job_triggers.h"
#include "init/leases.h"
#include "init/log_hub.h"
#include "init/manager.h"
#include "init/os/machine.h"
#include "init/outcome.h"
#include "init/unit_table.h"
#include "units/unit.h"

namespace berth {

class Shutdown {
 public:
  Shutdown(os::EventLoop& loop, UnitTable& table, Manager& manager, Leases& leases)
      : loop_(loop), table_(table), manager_(manager), leases_(leases), outcome_(table) {}
  ~Shutdown();

  /// What runs `on = "shutdown"`.
  void set_triggers(JobTriggers& triggers) { triggers_ = &triggers; }
  /// Keeps what was cut short, a line each, and calls `done` then, or never.
  using Record = std::function<void(const std::vector<std::string>& lines, std::function<void()>)>;
  void set_record(Record record) { record_ = std::move(record); }

  /// Begins, or hurries if it has begun: what is alive is killed then.
  void request(const BerthConfig& config, const std::string& why);
  /// At the end of it, the machine restarts, if it is berth's to end.
  void restart_machine() { machine_end_ = os::MachineEnd::restart; }
  os::MachineEnd machine_end() const { return machine_end_; }
  bool requested() const { return phase_ != Phase::no; }
  /// After every change of state: goes on when it can. Ends the loop when all is over. Says why
  /// it has to be requested, if it is not and the unit's end is berth's.
  std::optional<std::string> on_state(const UnitRuntime& unit);
  /// Whether all is over, which may be so before the loop runs.
  bool is_over() const { return is_over_; }
  /// berth's; good once it is over.
  int exit_status() const { return outcome_.exit_status(!cut_short_.empty()); }

 private:
  enum class Phase : std::uint8_t { no, tenants, jobs, rest, over };
  void hurry(const std::string& why);
  bool all_at_rest(bool only_tenants) const;
  std::vector<std::string> left_jobs() const;
  void run_last_jobs();
  void go_on();
  std::vector<const Unit*> units_up(bool tenants, bool others) const;
  void limit_tenants();
  void limit_rest();
  void stop_rest();
  void cut_short(const std::string& unit, const std::string& how);
  void note_early_kill(const UnitRuntime& unit);
  void give_up();
  void finish();
  void end();

  os::EventLoop& loop_;
  UnitTable& table_;
  Manager& manager_;
  Leases& leases_;
  Outcome outcome_;
  JobTriggers* triggers_ = nullptr;
  Phase phase_ = Phase::no;
  bool hurries_ = false;
  os::MachineEnd machine_end_ = os::MachineEnd::power_off;
  os::TimePoint half_, end_;    ///< of the time
  Milliseconds rest_share_{0};  ///< of the first half, for what stops after the tenants
  bool is_over_ = false;
  std::vector<os::TimerId> timers_;
  Record record_;
  std::map<std::string, std::string> cut_short_;  ///< how, by unit
};

}  // namespace berth
