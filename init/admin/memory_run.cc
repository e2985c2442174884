// Collecting what the probes write.
#include "init/admin/memory_run.h"

#include <array>
#include <chrono>
#include <utility>

#include <unistd.h>

#include "init/log.h"
#include "init/os/pipe.h"
#include "init/os/proc_fs.h"
#include "init/os/stream.h"

namespace berth::admin {
namespace {

constexpr std::chrono::seconds kTimeLimit{3};
/// About 25,000 processes.
constexpr std::size_t kMaxLines = std::size_t{1024} * 1024;

/// Fills in what no probe could tell: the resident set can be read of everybody.
void add_resident_sets(const Snapshot& snapshot, ProcessTable& processes) {
  std::vector<std::int32_t> pids{snapshot.berth_pid, snapshot.admin_pid};
  for (const UnitStatus& unit : snapshot.units)
    pids.insert(pids.end(), unit.pids.begin(), unit.pids.end());
  for (const std::int32_t pid : pids) {
    const auto found = processes.find(pid);
    if (found != processes.end() && found->second.resident.has_value())
      continue;
    if (const auto resident = os::read_rss_bytes(pid))
      processes[pid].resident = resident;
  }
}

}  // namespace

MemoryRun::MemoryRun(os::EventLoop& loop, ControlLink& link, ClientId client, Done done)
    : loop_(loop), link_(link), client_(client), done_(std::move(done)) {}

MemoryRun::~MemoryRun() {
  loop_.cancel(deadline_);
  close_pipe();
}

void MemoryRun::start() {
  auto pipe = os::make_pipe();
  if (!pipe)
    return finish(no_answer(pipe.error().message));
  pipe_ = std::move(pipe->read_end);
  if (!loop_.watch(pipe_.borrow(), true, false, *this))
    return finish(no_answer("the probes' pipe cannot be watched"));
  deadline_ = loop_.after(kTimeLimit, [this] {
    close_pipe();
    finish_if_complete();
  });
  link_.measure(client_, std::move(pipe->write_end), [this](const Answer<Snapshot>& answer) {
    if (const auto* refusal = std::get_if<Refusal>(&answer))
      return finish(*refusal);
    snapshot_ = std::get<Snapshot>(answer);
    finish_if_complete();
  });
}

void MemoryRun::on_events(os::Events) noexcept {
  try {
    read_lines();
    finish_if_complete();
  } catch (const std::exception& error) {
    log_error(std::string("berth-admin: ") + error.what());
    close_pipe();
  }
}

void MemoryRun::read_lines() {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const os::Transfer got = os::read_some(pipe_.borrow(), buffer);
    if (got.state == os::TransferState::would_block)
      return;
    if (got.state != os::TransferState::done) {
      ended_ = got.state == os::TransferState::ended;
      return close_pipe();
    }
    lines_.append(buffer.data(), got.size);
    if (lines_.size() > kMaxLines)
      return close_pipe();
  }
}

void MemoryRun::close_pipe() {
  if (!pipe_.is_open())
    return;
  loop_.unwatch(pipe_.borrow());
  pipe_.reset();
}

void MemoryRun::finish_if_complete() {
  if (pipe_.is_open() || !snapshot_.has_value() || !done_)
    return;
  ProcessTable processes = parse_probe_lines(lines_);
  Snapshot own_only;
  own_only.berth_pid = snapshot_->berth_pid;
  own_only.admin_pid = snapshot_->admin_pid;
  add_resident_sets(ended_ ? own_only : *snapshot_, processes);
  finish(MemoryReport{join_memory(*snapshot_, processes, ended_), ended_});
}

void MemoryRun::finish(const Answer<MemoryReport>& answer) {
  loop_.cancel(std::exchange(deadline_, os::kNoTimer));
  close_pipe();
  if (const Done done = std::exchange(done_, nullptr))
    done(answer);
}

}  // namespace berth::admin
