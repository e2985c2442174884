// MemoryRun: one measurement of all units' memory, from the request to PID 1 to the table.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "init/admin/control_link.h"
#include "init/admin/memory_table.h"
#include "init/os/event_loop.h"
#include "init/os/fd.h"

namespace berth::admin {

struct MemoryReport {
  std::vector<UnitMemory> units;
  bool complete = false;  ///< every probe ended within the time
};

/// Ends when the probes have closed their pipe and the snapshot is there, or after three seconds:
/// a process in uninterruptible sleep can keep a probe waiting for as long as it likes.
class MemoryRun final : public os::FdHandler {
 public:
  using Done = std::function<void(const Answer<MemoryReport>&)>;
  /// `done` is called once. REQUIRES: link.forget(client) before an early destruction.
  MemoryRun(os::EventLoop& loop, ControlLink& link, ClientId client, Done done);
  ~MemoryRun() override;
  MemoryRun(const MemoryRun&) = delete;
  MemoryRun& operator=(const MemoryRun&) = delete;

  /// Asks PID 1. May call `done` from within.
  void start();
  bool is_over() const { return !done_; }
  void on_events(os::Events events) noexcept override;

 private:
  void read_lines();
  void close_pipe();
  void finish_if_complete();
  void finish(const Answer<MemoryReport>& answer);

  os::EventLoop& loop_;
  ControlLink& link_;
  ClientId client_;
  Done done_;
  os::UniqueFd pipe_;   ///< closed = end of file, or given up
  bool ended_ = false;  ///< by end of file: every probe has ended
  std::string lines_;
  std::optional<Snapshot> snapshot_;
  os::TimerId deadline_ = os::kNoTimer;
};

}  // namespace berth::admin
