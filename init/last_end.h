// LastEnd: how the berth before this one ended, and how this one does, kept in the folder of
// `[shutdown] state`. Helpers read and write there; PID 1 waits for none of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "init/helper_run.h"
#include "init/launcher.h"

namespace berth {

class LastEnd {
 public:
  LastEnd(os::EventLoop& loop, Reaper& reaper, const Launcher& launcher)
      : loop_(loop), reaper_(reaper), launcher_(launcher) {}

  /// Once, after the first load of berth.toml. folder: empty = nothing is kept.
  void begin(const std::string& folder);
  bool is_kept() const { return !folder_.empty(); }
  /// What was cut short last time, a line each: "redis: …". Empty until that has been read.
  const std::vector<std::string>& cut_short() const { return cut_short_; }

  /// Keeps what was cut short this time. `done` is called once, from the loop or at once; never if
  /// the volume hangs. REQUIRES: is_kept().
  void record(const std::vector<std::string>& cut_short, std::function<void()> done);
  /// The time is over: kills the helper, if one still hangs. Returns its pid; 0 = none.
  pid_t abandon();

 private:
  Result<HelperRun::Started> start(std::vector<std::string> arguments) const;
  void learn(const Result<std::string>& said);
  void complain(const std::string& what);

  os::EventLoop& loop_;
  Reaper& reaper_;
  const Launcher& launcher_;
  std::string folder_;
  std::vector<std::string> cut_short_;
  std::string complaint_;  ///< the last one: once is enough
  std::unique_ptr<HelperRun> run_;
};

}  // namespace berth
