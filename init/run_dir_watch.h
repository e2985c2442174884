// RunDirWatch: holds the run dir, notices when somebody has removed it or one of berth's sockets in
// it, and makes them again.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "init/os/event_loop.h"
#include "init/os/fd.h"
#include "init/os/removal_watch.h"
#include "units/result.h"

namespace berth {

class RunDirWatch {
 public:
  /// Opens the sockets anew.
  using Reopen = std::function<void()>;

  RunDirWatch(os::EventLoop& loop, std::string run_dir, Reopen reopen);
  ~RunDirWatch();
  RunDirWatch(const RunDirWatch&) = delete;
  RunDirWatch& operator=(const RunDirWatch&) = delete;

  /// lock: of claim_run_dir(), kept until the end. Call when the sockets are there. Where the
  /// kernel watches nothing for us, what is removed stays so.
  void begin(os::UniqueFd lock);
  /// What is removed from now on stays so: berth is shutting down.
  void end();

 private:
  void watch();
  void look();
  Result<void> restore();

  os::EventLoop& loop_;
  std::string run_dir_;
  Reopen reopen_;
  os::UniqueFd lock_;
  std::optional<os::RemovalWatch> watch_;
  os::FunctionHandler on_removal_;
  os::TimerId look_ = os::kNoTimer;
  bool failure_said_ = false;
};

}  // namespace berth
