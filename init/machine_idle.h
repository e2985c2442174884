// MachineIdle: what becomes of the machine when nobody uses any proxy for a while ([proxy.idle]).
//
//    phase      until                                        then
//    watching   no proxy was used for `timeout`              emptying
//    emptying   all tenants are at rest                      working; the jobs of idleness start
//    working    no job runs                                  what `action` says
//    asking     the machines API has answered                told, or watching if it refused
//    told       `timeout` is over: nothing has happened      emptying
//    rested     somebody uses a proxy                        watching
//
//  1. A use of a proxy leads to `watching` from every phase. Jobs that run go on.
//  2. Once suspension was asked for nobody can tell whether the machine has slept but by its clocks
//     (a snapshot of a virtual machine moves the wall clock alone, and late): the first use counts
//     as the end of a sleep.
//  3. A tenant that was started by hand keeps the machine up.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "init/job_triggers.h"
#include "init/leases.h"
#include "init/log_hub.h"
#include "init/machine_api.h"
#include "init/shutdown.h"
#include "init/unit_requests.h"
#include "init/unit_table.h"

namespace berth {

class MachineIdle {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    UnitRequests& manager;
    Leases& leases;
    JobTriggers& triggers;
    const Shutdown& shutdown;
    LogHub& logs;
  };
  /// The outside world, as MachineApi and Supervisor are.
  struct World {
    std::function<std::string()> lack;
    std::function<void(const MachineIdleSpec&, MachineApi::Done)> ask;
    std::function<void(const std::string& why)> shut_down;
  };
  MachineIdle(Parts parts, World world) : p_(parts), world_(std::move(world)) {}
  ~MachineIdle();
  MachineIdle(const MachineIdle&) = delete;
  MachineIdle& operator=(const MachineIdle&) = delete;

  /// The units have been loaded, or loaded again.
  void loaded();
  /// A proxy has told whether it is used; one whose process has ended is not.
  void on_activity(const std::string& proxy, const control::Activity& activity);
  /// After every change of state of any unit.
  void on_state(const UnitRuntime& unit);
  /// The machine has slept.
  void woke();
  /// Whether it may have been put to sleep by us.
  bool may_sleep() const;

 private:
  enum class Phase : std::uint8_t { watching, emptying, working, asking, told, rested };

  void used();
  void stay_up();
  void watch();
  void set_timer(os::TimePoint when);
  void time_over();
  void empty();
  void let_go(const std::string& name);
  void look_soon();
  void go_on();
  void act();
  void answered(std::uint64_t round, const Result<void>& asked);
  bool is_kept_up() const;
  bool tenants_rest() const;
  bool jobs_rest() const;
  void say(LogLevel level, const std::string& what);

  Parts p_;
  World world_;
  std::string proxy_;     ///< whose table it is
  MachineIdleSpec spec_;  ///< timeout 0 = there is none
  Phase phase_ = Phase::watching;
  std::set<std::string> busy_;     ///< proxies
  os::TimePoint quiet_since_;      ///< or later: of all proxies
  std::set<std::string> stopped_;  ///< tenants that are to be up whenever the machine is
  std::uint64_t round_ = 0;        ///< of questions
  os::TimerId timer_ = os::kNoTimer;
  os::TimerId look_ = os::kNoTimer;
};

}  // namespace berth
