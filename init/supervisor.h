// Supervisor: what PID 1 is made of, and how the parts know each other. main() makes one and runs
// it.
#pragma once

#include "init/admin_link.h"
#include "init/admin_service.h"
#include "init/cleaner.h"
#include "init/endpoints.h"
#include "init/job_runs.h"
#include "init/launcher.h"
#include "init/leases.h"
#include "init/lives.h"
#include "init/log_hub.h"
#include "init/manager.h"
#include "init/notifications.h"
#include "init/notify_socket.h"
#include "init/os/event_loop.h"
#include "init/os/machine.h"
#include "init/os/signal_fd.h"
#include "init/pending_jobs.h"
#include "init/proxy_links.h"
#include "init/readiness.h"
#include "init/reaper.h"
#include "init/reloader.h"
#include "init/settings.h"
#include "init/shutdown.h"
#include "init/unit_table.h"

namespace berth {

class Supervisor {
 public:
  Supervisor(os::EventLoop& loop, const Settings& settings, LogHub& logs);

  /// Boots the units and runs until everything has stopped. Returns berth's exit status.
  int run();
  /// What becomes of the machine then, if it is ours to end.
  os::MachineEnd machine_end() const { return machine_end_; }

 private:
  void on_signal(const os::SignalInfo& signal);
  void end_turn();
  void on_state(UnitRuntime& unit);
  void replace_proxy(const std::string& proxy);

  os::EventLoop& loop_;
  const Settings& settings_;
  LogHub& logs_;
  UnitTable table_;
  Reaper reaper_;
  Endpoints endpoints_;
  ProxyLinks proxies_;
  Launcher launcher_;
  Cleaner cleaner_;
  Readiness readiness_;
  JobRuns job_runs_;
  Lives lives_;
  Notifications notifications_;
  NotifySocket notify_socket_;
  Manager manager_;
  Leases leases_;
  Reloader reloader_;
  Shutdown shutdown_;
  PendingJobs jobs_;
  AdminService admin_;
  AdminLink admin_link_;
  os::SignalFd signals_;
  os::MachineEnd machine_end_ = os::MachineEnd::power_off;
};

}  // namespace berth
