// AdminService: carries out what an admin asks for, and tells the state of everything.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "init/admin_link.h"
#include "init/cleaner.h"
#include "init/figures.h"
#include "init/job_triggers.h"
#include "init/last_end.h"
#include "init/leases.h"
#include "init/manager.h"
#include "init/memory_keeper.h"
#include "init/pending_jobs.h"
#include "init/reloader.h"
#include "init/shutdown.h"
#include "init/state_feed.h"
#include "init/timeline.h"

namespace berth {

class AdminService final : public AdminCommands {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    Manager& manager;
    Leases& leases;
    Reloader& reloader;
    Cleaner& cleaner;
    Shutdown& shutdown;
    PendingJobs& jobs;
    StateFeed& feed;
    const Timeline& timeline;
    JobTriggers& triggers;
    LogHub& logs;
    Reaper& reaper;
    Launcher& launcher;
    const MemoryKeeper& memory;
    const Figures& figures;
    const Settings& settings;
  };
  explicit AdminService(Parts parts) : p_(parts) {}
  void set_admin_pid(std::function<pid_t()> pid) { admin_pid_ = std::move(pid); }
  void set_last_end(const LastEnd& last_end) { last_end_ = &last_end; }

  std::optional<control::Denied> execute(const control::Command& command, Done done) override;
  Snapshot snapshot(bool with_pids) override;
  LogTail log_tail(const std::string& unit) override { return p_.logs.tail(unit); }
  void log_follow(const std::string& unit, os::UniqueFd pipe) override {
    p_.logs.follow(unit, std::move(pipe));
  }
  void follow_states(os::UniqueFd pipe) override { p_.feed.follow(std::move(pipe)); }
  void measure(const Snapshot& snapshot, os::UniqueFd pipe) override;

 private:
  std::optional<control::Denied> execute_on_unit(const control::Command& command, Done done);
  std::optional<control::Denied> start(UnitRuntime& unit, Done done);
  void reload(control::Verb verb, Done done);
  void finish_later(Done done, control::JobResult result, std::vector<std::string> lines);
  UnitStatus status_of(const UnitRuntime& unit, std::vector<pid_t> pids) const;
  std::string system_state() const;
  void probe(const std::string& user, const FoundNames& names,
             const std::vector<std::int32_t>& pids, const os::UniqueFd& pipe);

  Parts p_;
  std::function<pid_t()> admin_pid_;
  const LastEnd* last_end_ = nullptr;
};

}  // namespace berth
