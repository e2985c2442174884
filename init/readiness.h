// Readiness: finds out when the unit of a life has become ready. Posts the event; what follows is
// the state table's.
#pragma once

#include <string>

#include "init/cleaner.h"
#include "init/endpoints.h"
#include "init/launcher.h"
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
    Launcher& launcher;
    Endpoints& endpoints;
    Cleaner& cleaner;
  };
  explicit Readiness(Parts parts) : p_(parts) {}

  /// The program of the life has been executed: posts `ready`, now or later. REQUIRES: a service or
  /// a tenant.
  void executed(UnitRuntime& unit);
  /// It is ready.
  void became_ready(UnitRuntime& unit);
  /// Its end has begun or has come: nothing is asked any more.
  void end(UnitRuntime& unit);
  /// ": connect 127.0.0.1:6379: Connection refused", for the end of "not ready within 30s"; empty
  /// if nothing is known.
  static std::string last_answer(const UnitRuntime& unit);

 private:
  void probe(UnitRuntime& unit);
  void check_port_owner(UnitRuntime& unit);
  void on_port_checked(UnitRuntime& unit, bool is_owner);

  Parts p_;
};

}  // namespace berth
