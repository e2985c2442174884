// BerthLink: what berthctl asks of a running berth; BusLink does it over D-Bus, tests have a fake.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "init/ctl/model.h"
#include "init/os/fd.h"
#include "units/result.h"

namespace berth::ctl {

enum class ReloadMode { apply, now, dry_run };
enum class JobVerb { start, stop, restart, reload, reset_failed };

/// The states of all units at one moment, and what comes after it.
struct FollowedStates {
  std::map<std::string, std::string> states;
  std::uint64_t now_us = 0;  ///< CLOCK_MONOTONIC
  os::UniqueFd pipe;         ///< lines of units/state_change.h; non-blocking
};

/// Errors: not_found = no such unit, denied = not permitted, unavailable = berth cannot be reached;
/// anything else is a failure.
class BerthLink {
 public:
  virtual ~BerthLink() = default;

  virtual Result<std::vector<UnitRow>> list_units() = 0;
  virtual Result<std::vector<TenantRow>> list_tenants() = 0;
  virtual Result<UnitDetails> status(const std::string& unit) = 0;
  virtual Result<SystemInfo> system() = 0;
  virtual Result<UnitGraph> graph() = 0;
  /// The newest `lines`, 0 = all that are kept; unit "" = berth's own.
  virtual Result<LogExcerpt> log(const std::string& unit, std::uint32_t lines) = 0;
  /// And the later ones, as text, from the returned pipe (non-blocking). The link itself is done
  /// with after this: berth-admin may go while we follow.
  virtual Result<std::pair<LogExcerpt, os::UniqueFd>> follow_log(const std::string& unit,
                                                                 std::uint32_t lines) = 0;
  /// The link itself is done with after this, but for another follow_states(), which connects anew.
  virtual Result<FollowedStates> follow_states() = 0;
  virtual Result<MemoryReport> measure_memory() = 0;
  /// Returns the job's name as soon as berth has taken it.
  virtual Result<std::string> begin_job(JobVerb verb, const std::string& unit) = 0;
  /// Waits for the end of a job that this link has begun, for as long as it takes.
  virtual Result<JobOutcome> wait_job(const std::string& job) = 0;
  virtual Result<ReloadOutcome> reload(ReloadMode mode) = 0;
  /// reboot: of the machine, at the end of it.
  virtual Result<void> shutdown(bool reboot) = 0;
};

}  // namespace berth::ctl
