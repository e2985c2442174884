// Leases: who may send requests to which unit. Starts tenants when a proxy asks, grants, revokes,
// ends.
//
// A lease is per (proxy process, unit, epoch). An instance is stopped for idleness or to make room
// only when nobody holds a lease on it. At most max_starting tenants boot at once, the others wait
// in order of arrival; where max_running is reached, the least recently used idle one makes room.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "init/os/event_loop.h"
#include "init/proxy_links.h"
#include "init/settings.h"
#include "init/unit_requests.h"
#include "init/unit_table.h"

namespace berth {

/// How a unit is used, over all proxies.
struct Usage {
  std::uint32_t in_flight = 0;
  std::uint64_t requests = 0;
  Milliseconds idle_for{0};
  std::optional<Milliseconds> used_ago;  ///< the last use; nullopt = nobody has used it
};

class Leases final : public ProxyLinks::Owner {
 public:
  Leases(os::EventLoop& loop, UnitTable& table, ProxyLinks& links, UnitRequests& requests,
         const Settings& settings)
      : loop_(loop), table_(table), links_(links), requests_(requests), settings_(settings) {}
  ~Leases() override;

  /// berth.toml's limits over all templates.
  void set_limits(std::uint32_t max_running, std::uint32_t max_starting);
  void set_configured(std::function<void(const std::string&)> told) {
    configured_ = std::move(told);
  }
  /// Is told whether a proxy is used. One whose process has ended is not.
  void set_activity(std::function<void(const std::string&, const control::Activity&)> on_activity) {
    activity_ = std::move(on_activity);
  }
  void set_replace(std::function<void(const std::string&)> replace) {
    replace_ = std::move(replace);
  }

  /// Manager has stored a new state.
  void on_state(UnitRuntime& unit);
  /// Before a stop: tells the holders, and calls `then` when they have let go, at the latest after
  /// `grace`.
  void let_go(UnitRuntime& unit, Milliseconds grace, std::function<void()> then);
  /// Asks the holders to give the unit up if it is idle, and calls `then` when nobody holds it. If
  /// one is busy, nothing happens: ask again later.
  void vacate(UnitRuntime& unit, std::function<void()> then);
  /// berth shuts down: no new grants.
  void shut_down();
  void forget(const UnitRuntime& unit);

  Usage usage_of(const UnitRuntime& unit) const;
  bool held(const UnitRuntime& unit) const;

  void on_message(const std::string& proxy, const control::FromProxy& message) override;
  void on_disconnected(const std::string& proxy) override;
  void on_stalled(const std::string& proxy) override;
  void on_malformed(const std::string& proxy) override;

 private:
  struct Holding {
    std::uint64_t epoch = 0;
    std::uint32_t in_flight = 0;
    std::uint64_t requests = 0;
    os::TimePoint last_use;
    os::TimerId revoke = os::kNoTimer;  ///< armed while a Revoke is unanswered
  };
  struct Book {
    std::map<std::string, Holding> holders;  ///< by proxy
    std::set<std::string> waiting;           ///< proxies that asked and have no answer yet
    std::function<void()> let_go;            ///< a stop waits for the holders
    os::TimerId let_go_timer = os::kNoTimer;
    os::TimerId idle = os::kNoTimer;  ///< runs while nobody holds a lease
    os::TimePoint last_use;
    os::TimePoint busy_until;       ///< would not make room
    std::string evicted_for;        ///< a Revoke is out to make room for this unit
    std::function<void()> vacated;  ///< a Revoke is out for vacate()
    std::uint64_t requests = 0;     ///< of leases that are over
    bool came_up = false;           ///< the current life, or the last one, has been running
  };

  void acquire(const std::string& proxy, const std::string& unit);
  void serve(UnitRuntime& unit);
  void bring_up(UnitRuntime& unit, Milliseconds retry_after);
  void grant(UnitRuntime& unit);
  void refuse(const std::string& unit, Milliseconds retry_after, const std::string& reason);
  void returned(const std::string& proxy, const control::Returned& message);
  void used(const std::string& proxy, const control::Usage& message);
  void unreachable(const std::string& proxy, const control::Unreachable& message);
  void busy(const std::string& proxy, const control::Busy& message);
  void drop_holder(UnitRuntime& unit, const std::string& proxy);
  void drop_all_holders(Book& book);
  void nobody_holds(UnitRuntime& unit, Milliseconds idle_for);
  void end_holders(UnitRuntime& unit, Milliseconds grace);
  void on_failed(UnitRuntime& unit);
  void revoke_timed_out(const std::string& proxy, const std::string& unit);
  Holding* holding(const std::string& proxy, const std::string& unit, std::uint64_t epoch);

  void enqueue(UnitRuntime& unit);
  void pump();
  bool start_next(UnitRuntime& unit);
  bool may_start(const UnitRuntime& unit) const;
  enum class Room : std::uint8_t { there, template_full, all_full };
  Room room_for(const UnitRuntime& unit) const;
  void make_room(const UnitRuntime& unit, Room lacking);
  void revoke(const UnitRuntime& unit);
  static void stays_up(Book& book);
  UnitRuntime* least_recently_used(const UnitRuntime& for_unit, Room lacking);

  os::EventLoop& loop_;
  UnitTable& table_;
  ProxyLinks& links_;
  UnitRequests& requests_;
  const Settings& settings_;
  std::map<std::string, Book> books_;
  std::deque<std::string> queue_;  ///< tenants that wait for their turn to start; each once
  std::map<std::string, int> unanswered_revokes_;  ///< by proxy, in a row
  std::function<void(const std::string&)> configured_;
  std::function<void(const std::string&)> replace_;
  std::function<void(const std::string&, const control::Activity&)> activity_ =
      [](const std::string&, const control::Activity&) {};
  os::TimerId retry_room_ = os::kNoTimer;
  std::uint32_t max_running_ = 0;
  std::uint32_t max_starting_ = 2;
  bool shutting_down_ = false;
  bool pumping_ = false;
};

}  // namespace berth
