// IdleWatch: when nobody uses a service: its idle_timeout, and the restart that a reload, or too
// much memory, has put off until then. (Tenants are watched by the proxy that sends them requests:
// see Leases.)
//
// Who is connected is asked of the kernel every 2 s, of TCP also who has been: a connection that
// was shorter shows for a minute if the service closed it first or if its client runs on this
// machine. So an idle stop comes at most 2 s late, and only to short connections of other kinds too
// early. It loses nothing: the sockets stay open, and whoever comes meanwhile is served by the next
// life.
#pragma once

#include <map>
#include <string>

#include "init/leases.h"
#include "init/log_hub.h"
#include "init/manager.h"
#include "init/os/event_loop.h"
#include "init/unit_table.h"

namespace berth {

class IdleWatch {
 public:
  IdleWatch(os::EventLoop& loop, UnitTable& table, LogHub& logs, Manager& manager, Leases& leases)
      : loop_(loop), table_(table), logs_(logs), manager_(manager), leases_(leases) {}
  ~IdleWatch();
  IdleWatch(const IdleWatch&) = delete;
  IdleWatch& operator=(const IdleWatch&) = delete;

  /// After every change of state, and of a definition.
  void on_state(const UnitRuntime& unit);
  /// A reload has changed what the unit's process is made of: restarts it once nobody uses it. Who
  /// is connected to what it listens on, or to its address, uses it; where it has neither, nobody
  /// does.
  void replace_when_idle(const UnitRuntime& unit);
  /// Whether nobody uses a service at this moment, in the same sense.
  bool is_idle(const UnitRuntime& unit) const;

 private:
  struct Book {
    bool replace = false;
    os::TimePoint last_use;  ///< or earlier
    os::TimerId look = os::kNoTimer;
  };
  enum class Use { none, some, unknown };

  void look_after(const std::string& name, Book& book, Milliseconds time);
  void look(const std::string& name);
  void act(UnitRuntime& unit, Book& book, Use use);
  Use use_of(const UnitRuntime& unit, Book& book) const;
  bool is_needed(const UnitRuntime& unit) const;

  os::EventLoop& loop_;
  UnitTable& table_;
  LogHub& logs_;
  Manager& manager_;
  Leases& leases_;
  std::map<std::string, Book> books_;  ///< of units that are up and may be idle, by name
};

}  // namespace berth
