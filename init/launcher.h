// Launcher: turns a unit's definition into running processes: environment, log pipes, passed
// sockets.
#pragma once

#include <map>
#include <string>

#include "init/endpoints.h"
#include "init/exec_image.h"
#include "init/log_hub.h"
#include "init/os/descriptor_loans.h"
#include "init/os/process.h"
#include "init/proxy_links.h"
#include "init/resources.h"
#include "init/settings.h"
#include "init/unit_environment.h"
#include "init/unit_runtime.h"

namespace berth {

class Launcher {
 public:
  Launcher(const Settings& settings, LogHub& logs, Endpoints& endpoints, ProxyLinks& proxies,
           Resources& resources)
      : settings_(settings),
        logs_(logs),
        endpoints_(endpoints),
        proxies_(proxies),
        resources_(resources) {}

  /// Without it each child gets a copy of all descriptors.
  void set_loans(os::DescriptorLoans& loans) { loans_ = &loans; }
  /// Makes RUN_DIR/units-run/NAME, empty, for the unit's user, if its definition has ${run_dir}.
  Result<void> prepare_run_dir(const UnitRuntime& unit) const;
  /// The main process of the life of what is no job. The listener of an activated endpoint goes
  /// with it.
  Result<os::Spawned> spawn_main(UnitRuntime& unit);
  /// One of the commands around it.
  Result<os::Spawned> spawn_aux(UnitRuntime& unit, const Command& command);
  /// A step of a job, or what a request wants of it: its pipes are the job's alone from then on.
  Result<os::Spawned> spawn_step(UnitRuntime& unit, const Command& command);
  /// berth itself as a short-lived helper for the unit, as `user` ("" = as berth). Its errors go to
  /// the unit's log.
  Result<os::Spawned> spawn_helper(UnitRuntime& unit, const Command& command,
                                   const std::string& user);
  /// berth as a probe that writes to `output` as `user` ("" = as berth), but is no process of a
  /// unit. names: for a user that is in no file. errors: its standard error; closed = /dev/null.
  Result<os::Spawned> spawn_probe(const std::string& user, const FoundNames& names,
                                  const Command& command, os::BorrowedFd output,
                                  os::BorrowedFd errors = {}) const;
  /// A helper that asks the name services.
  Result<NameLookup::Question> ask_names(const WantedNames& wanted) const;
  /// The helper that writes log files; `socket` is its end.
  Result<os::Spawned> spawn_log_writer(os::BorrowedFd socket) const;
  /// Whom the unit's processes run as, "" = as berth.
  std::string user_of(const Unit& unit) const;
  /// {"/…/berth", "--helper", …}
  std::vector<std::string> helper_argv(std::vector<std::string> arguments) const;
  /// What is known of the environment of the unit's main process before its files are read. Fails
  /// if its user cannot be had.
  Result<UnitEnvironment> environment_of(const UnitRuntime& unit) const;
  /// The ids of the proxy that serves `tenant`, or of berth where there is none.
  Identity proxy_identity(const Unit& tenant) const;
  /// "execute /usr/bin/redis: No such file or directory"
  static std::string describe(const UnitRuntime& unit, const std::string& program,
                              const os::ChildFailure& failure);
  /// Logs comforts that a process of the unit goes without, each once for as long as berth runs.
  void warn_of(UnitRuntime& unit, const std::vector<os::ChildFailure>& refused) const;
  /// Where units speak sd_notify; "" = nowhere.
  void set_notify_address(std::string address) { notify_address_ = std::move(address); }
  /// Where uids of `user = "auto"` are kept; "" = in the run dir.
  void set_state_folder(std::string folder) { state_folder_ = std::move(folder); }
  /// Which proxies there are; called after each load. One whose user is in no file is known from
  /// its last life.
  void set_proxies(std::vector<const Unit*> proxies);
  /// The names of this life of a proxy have been found.
  void learn_proxy(const UnitRuntime& proxy);

 private:
  Result<os::Spawned> spawn(UnitRuntime& unit, const Unit& definition, const Command& command,
                            ExecContext context);
  Result<os::Spawned> spawn_proxy(UnitRuntime& unit);
  Result<os::Spawned> spawn_aux(UnitRuntime& unit, const Command& command, ExecContext context);
  ExecContext context_of(const UnitRuntime& unit) const;
  Unit expanded(const UnitRuntime& unit) const;

  std::string uid_file() const;

  os::DescriptorLoans* loans_ = nullptr;
  std::string notify_address_;
  std::string state_folder_;
  std::map<std::string, Identity> proxy_identities_;  ///< by unit name
  const Settings& settings_;
  LogHub& logs_;
  Endpoints& endpoints_;
  ProxyLinks& proxies_;
  Resources& resources_;
};

}  // namespace berth
