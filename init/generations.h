// Generations: a restart without a gap. A new process of a proxy comes up beside the one that
// serves, on the same listening sockets. Once it has the route table it takes over, and the earlier
// one finishes what is in flight and ends. One that does not come up leaves all as it is.
//
// There are two processes at most. Who wants another restart meanwhile gets it when the earlier
// process has gone. The unit is `running` all the time: the state table knows nothing of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "init/log_hub.h"
#include "init/os/event_loop.h"
#include "init/os/process.h"
#include "init/proxy_links.h"
#include "init/reaper.h"
#include "init/unit_table.h"

namespace berth {

class Lives;

class Generations {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    Reaper& reaper;
    LogHub& logs;
    ProxyLinks& proxies;
  };
  Generations(Parts parts, Lives& lives) : p_(parts), lives_(lives) {}
  ~Generations();
  Generations(const Generations&) = delete;
  Generations& operator=(const Generations&) = delete;

  /// Is told when a restart is over: the unit has another main process, or its handover has failed.
  void set_observer(std::function<void(UnitRuntime&)> observer) { observer_ = std::move(observer); }

  /// Begins a restart; false if the unit is no proxy. REQUIRES: it is running.
  bool hand_over(UnitRuntime& unit);
  /// The process behind `link` has the route table. False if it is none of ours.
  bool configured(UnitRuntime& unit, const std::string& link);
  /// SIGKILL to the process behind `link`. False if it is none of ours.
  bool kill(UnitRuntime& unit, const std::string& link);
  /// The unit stops: no restart any more. An earlier process still finishes what it has.
  void give_up(UnitRuntime& unit);
  /// SIGKILL to whatever there is.
  void kill_all(UnitRuntime& unit);
  /// The main process has ended: no restart any more. In a stop the earlier process is what is left
  /// of the unit: it is the main process then, and true is returned.
  bool outlives(UnitRuntime& unit);

 private:
  /// The process that drains.
  struct Earlier {
    pid_t pid = 0;
    os::UniqueFd pidfd;
    std::uint64_t epoch = 0;
    os::TimerId limit = os::kNoTimer;
  };
  struct Pair {
    std::unique_ptr<UnitRuntime> next;  ///< the life that begins; the table does not know it
    std::unique_ptr<Earlier> earlier;
    bool again = false;  ///< another restart is wanted
  };
  Pair* pair_of(const UnitRuntime& unit);
  void begin(UnitRuntime& unit, Pair& pair);
  void on_event(const std::string& name, std::uint64_t epoch, UnitEvent event);
  void fail(UnitRuntime& unit, const UnitRuntime& next);
  void end(UnitRuntime& next);
  void take_over(UnitRuntime& unit, Pair& pair);
  void drain(UnitRuntime& unit, std::unique_ptr<Earlier> earlier, Milliseconds limit);
  void on_earlier_exit(const std::string& name, const os::ExitStatus& status);
  void go_on(const std::string& name);
  void note(UnitRuntime& unit, const Pair& pair);

  Parts p_;
  Lives& lives_;
  std::map<std::string, Pair> pairs_;  ///< by unit; those that restart
  std::function<void(UnitRuntime&)> observer_;
};

}  // namespace berth
