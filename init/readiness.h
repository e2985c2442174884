// Readiness: finds out when the unit of a life has become ready, and from then on whether it stays
// well. Posts the events; what follows is the state table's.
#pragma once

#include <string>
#include <vector>

#include "init/cleaner.h"
#include "init/endpoints.h"
#include "init/launcher.h"
#include "init/log_hub.h"
#include "init/os/event_loop.h"
#include "init/reaper.h"
#include "init/unit_table.h"

namespace berth {

class Readiness {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    Reaper& reaper;
    LogHub& logs;
    Launcher& launcher;
    Endpoints& endpoints;
    Cleaner& cleaner;
  };
  explicit Readiness(Parts parts) : p_(parts) {}

  /// A life begins: what its processes tell is listened to.
  void begin(UnitRuntime& unit);
  /// The program of the life has been executed: posts `ready`, now or later. REQUIRES: a service or
  /// a tenant.
  void executed(UnitRuntime& unit);
  /// It is ready: its health is looked at from now on.
  void became_ready(UnitRuntime& unit);
  /// Its end has begun or has come: nothing is asked any more.
  void end(UnitRuntime& unit);
  /// The life is over, or the unit is forgotten: nothing is listened to any more.
  void forget(const UnitRuntime& unit);
  /// ": connect 127.0.0.1:6379: Connection refused", for the end of "not ready within 30s"; empty
  /// if nothing is known.
  static std::string last_answer(const UnitRuntime& unit);

  /// READY=1 came.
  void told_ready(UnitRuntime& unit);
  /// WATCHDOG_USEC= came; 0 = no watchdog any more.
  void set_watchdog(UnitRuntime& unit, Milliseconds interval);
  /// Posts `unhealthy`: the unit is asked to end by SIGABRT, so that it shows where it hung.
  void watchdog_failed(UnitRuntime& unit, std::string why);
  /// The units whose processes may speak sd_notify now.
  const std::vector<UnitRuntime*>& listening() const { return listening_; }

 private:
  void seek(UnitRuntime& unit);
  /// The unit shows that it is ready.
  void found(UnitRuntime& unit);
  void check_port_owner(UnitRuntime& unit);
  void on_port_checked(UnitRuntime& unit, bool is_owner);
  void look_after(UnitRuntime& unit);
  void on_health(UnitRuntime& unit, std::uint32_t failures, const std::string& answer);
  void start_watchdog(UnitRuntime& unit, Milliseconds interval);
  void unhealthy(UnitRuntime& unit, std::string why);
  CommandRunner runner(UnitRuntime& unit);

  Parts p_;
  std::vector<UnitRuntime*> listening_;
};

}  // namespace berth
