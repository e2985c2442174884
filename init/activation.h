// Activation: when the sockets of `listen` are open, and which connection starts a unit.
//
// A unit's sockets are open as long as it is wanted, through restarts and back-offs; those of a
// unit with `start = "demand"` always are. While such a unit rests, PID 1 waits for a connection,
// never takes one, and starts the unit: so whatever comes while a life ends is served by the next
// one. Nothing spins: after a failure the sockets are not looked at for the unit's back-off, after
// `restart_limit` failed starts in `restart_window`, or 20 starts by connections within 2 s, the
// unit has failed and its sockets are closed until somebody starts it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "init/listen_sockets.h"
#include "init/log_hub.h"
#include "init/manager.h"
#include "init/os/event_loop.h"
#include "init/unit_table.h"

namespace berth {

class Activation {
 public:
  Activation(os::EventLoop& loop, UnitTable& table, LogHub& logs, Manager& manager,
             ListenSockets& sockets)
      : loop_(loop), table_(table), logs_(logs), manager_(manager), sockets_(sockets) {}
  ~Activation();
  Activation(const Activation&) = delete;
  Activation& operator=(const Activation&) = delete;

  /// After each load, once what it added is wanted: opens and closes as the unit files say now.
  void apply();
  /// After every change of state.
  void on_state(UnitRuntime& unit);
  /// The unit is about to be dropped from the table.
  void forget(const UnitRuntime& unit);

 private:
  struct Watch {
    os::BorrowedFd fd;
    std::unique_ptr<os::FdHandler> handler;
  };
  struct Book {
    UnitState state = UnitState::inactive;  ///< the last one seen
    bool given_up = false;                  ///< the sockets are closed: too many starts
    std::vector<Watch> watches;             ///< while a connection would start the unit
    os::TimerId pause = os::kNoTimer;       ///< until the sockets are opened, or watched, again
    std::deque<os::TimePoint> triggers;     ///< starts by connections within the last 2 s
    std::string complaint;                  ///< why the sockets cannot be opened, as last logged
  };

  void note_failure(UnitRuntime& unit, Book& book);
  void settle(UnitRuntime& unit, Book& book);
  static bool wants_open(const UnitRuntime& unit, const Book& book);
  void open(UnitRuntime& unit, Book& book);
  void watch(const UnitRuntime& unit, Book& book);
  void unwatch(Book& book);
  void pause(const UnitRuntime& unit, Book& book, std::chrono::nanoseconds time);
  void on_connection(const std::string& name);
  bool too_many(Book& book) const;

  os::EventLoop& loop_;
  UnitTable& table_;
  LogHub& logs_;
  Manager& manager_;
  ListenSockets& sockets_;
  std::map<std::string, Book> books_;  ///< of units that listen, by name
};

}  // namespace berth
