// FakeBerthLink: a berth that answers berthctl's commands with what a test has set.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "init/ctl/berth_link.h"

namespace berth::ctl {

class FakeBerthLink final : public BerthLink {
 public:
  std::vector<UnitRow> units;
  std::vector<TenantRow> tenants;
  std::map<std::string, UnitDetails> details;
  SystemInfo system_info;
  UnitGraph unit_graph;
  LogExcerpt excerpt;
  MemoryReport report;
  std::map<std::string, JobOutcome> outcomes;  ///< by unit
  ReloadOutcome reload_outcome;
  ReloadMode reload_mode = ReloadMode::apply;  ///< of the last reload
  std::vector<std::string> jobs;               ///< the units of the jobs that were begun

  Result<std::vector<UnitRow>> list_units() override { return units; }
  Result<std::vector<TenantRow>> list_tenants() override { return tenants; }
  Result<UnitDetails> status(const std::string& unit) override {
    const auto found = details.find(unit);
    if (found == details.end())
      return no_such(unit);
    return found->second;
  }
  Result<SystemInfo> system() override { return system_info; }
  Result<UnitGraph> graph() override { return unit_graph; }
  Result<LogExcerpt> log(const std::string&, std::uint32_t) override { return excerpt; }
  Result<std::pair<LogExcerpt, os::UniqueFd>> follow_log(const std::string&,
                                                         std::uint32_t) override {
    return std::pair(excerpt, std::move(followed));
  }
  Result<FollowedStates> follow_states() override {
    FollowedStates now;
    for (const UnitRow& unit : units)
      now.states[unit.name] = unit.state;
    now.now_us = 5'000'001;
    if (!feeds.empty()) {
      now.pipe = std::move(feeds.front());
      feeds.erase(feeds.begin());
    }
    return now;
  }
  Result<MemoryReport> measure_memory() override { return report; }
  Result<std::string> begin_job(JobVerb, const std::string& unit) override {
    if (outcomes.count(unit) == 0)
      return no_such(unit);
    jobs.push_back(unit);
    return unit;
  }
  Result<JobOutcome> wait_job(const std::string& job) override { return outcomes[job]; }
  Result<ReloadOutcome> reload(ReloadMode mode) override {
    reload_mode = mode;
    return reload_outcome;
  }
  Result<void> shutdown(bool reboot) override {
    reboots = reboot;
    return {};
  }
  bool reboots = false;

  os::UniqueFd followed;            ///< what follow_log() hands out
  std::vector<os::UniqueFd> feeds;  ///< what follow_states() hands out, one after the other

 private:
  static Error no_such(const std::string& unit) {
    return Error{ErrorCode::not_found, "there is no unit " + unit};
  }
};

}  // namespace berth::ctl
