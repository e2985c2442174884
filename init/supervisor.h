// Supervisor: what PID 1 is made of, and how the parts know each other. main() makes one and runs
// it.
#pragma once

#include "init/activation.h"
#include "init/admin_link.h"
#include "init/admin_service.h"
#include "init/cleaner.h"
#include "init/endpoints.h"
#include "init/figures.h"
#include "init/idle_trim.h"
#include "init/idle_watch.h"
#include "init/job_history.h"
#include "init/job_runs.h"
#include "init/job_triggers.h"
#include "init/last_end.h"
#include "init/launcher.h"
#include "init/leases.h"
#include "init/lives.h"
#include "init/log_hub.h"
#include "init/machine_api.h"
#include "init/machine_idle.h"
#include "init/manager.h"
#include "init/memory_keeper.h"
#include "init/notifications.h"
#include "init/notify_socket.h"
#include "init/one_command.h"
#include "init/os/alarm.h"
#include "init/os/event_loop.h"
#include "init/os/local_time.h"
#include "init/os/machine.h"
#include "init/os/signal_fd.h"
#include "init/pending_jobs.h"
#include "init/proxy_links.h"
#include "init/readiness.h"
#include "init/reaper.h"
#include "init/reloader.h"
#include "init/resources.h"
#include "init/run_dir_watch.h"
#include "init/settings.h"
#include "init/shutdown.h"
#include "init/state_feed.h"
#include "init/timeline.h"
#include "init/unit_table.h"

namespace berth {

class Supervisor {
 public:
  /// command: runs beside the units, once they are up, and ends with them; empty = none.
  Supervisor(os::EventLoop& loop, const Settings& settings, LogHub& logs,
             std::vector<std::string> command = {});

  /// lock: of the run dir; call before run(), and only if there is one.
  void hold_run_dir(os::UniqueFd lock) { run_dir_lock_ = std::move(lock); }
  /// Boots the units and runs until everything has stopped. Returns berth's exit status.
  int run();
  /// What becomes of the machine then, if it is ours to end.
  os::MachineEnd machine_end() const { return shutdown_.machine_end(); }

 private:
  void hear(const os::SignalInfo& signal) noexcept;
  /// Something threw: it is logged, and PID 1 goes on.
  static void give_up(const char* what) noexcept;
  void on_signal(const os::SignalInfo& signal);
  void end_turn();
  void look_after_memory();
  /// The boot is over: everything that starts has started, or will not.
  bool is_settled() const;
  void start_command();
  void request_shutdown(const std::string& why);
  void forward(const os::SignalInfo& signal, const std::string& to, const std::string& from);
  void reload(const std::string& why);
  void open_sockets();
  void keep_state();
  void end_leftovers();
  void on_state(UnitRuntime& unit);
  Result<os::UniqueFd> start_log_writer();

  os::EventLoop& loop_;
  const Settings& settings_;
  LogHub& logs_;
  UnitTable table_;
  Reaper reaper_;
  Resources resources_;
  Endpoints endpoints_;
  ProxyLinks proxies_;
  os::DescriptorLoans loans_;
  Launcher launcher_;
  Cleaner cleaner_;
  Readiness readiness_;
  Provisions provisions_;
  JobRuns job_runs_;
  Lives lives_;
  Notifications notifications_;
  NotifySocket notify_socket_;
  Manager manager_;
  Leases leases_;
  Activation activation_;
  IdleWatch idle_;
  MemoryKeeper memory_;
  Reloader reloader_;
  Shutdown shutdown_;
  LastEnd last_end_;
  os::LocalTime local_time_;
  os::WallAlarm alarm_;
  JobTriggers triggers_;
  MachineApi machine_api_;
  MachineIdle machine_idle_;
  JobHistory history_;
  PendingJobs jobs_;
  StateFeed feed_;
  Timeline timeline_;
  Figures figures_;
  AdminService admin_;
  AdminLink admin_link_;
  RunDirWatch run_dir_watch_;
  os::UniqueFd run_dir_lock_;  ///< until run_dir_watch_ has it
  IdleTrim idle_trim_;
  bool shortage_said_ = false;
  std::unique_ptr<OneCommand> command_;  ///< null = none
  os::SignalFd signals_;
  pid_t log_files_writer_ = 0;  ///< 0 = none runs
};

}  // namespace berth
