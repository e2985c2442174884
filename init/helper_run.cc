// Waiting for a helper.
#include "init/helper_run.h"

#include <algorithm>

#include <signal.h>

#include "init/os/errno_error.h"
#include "init/os/stream.h"

namespace berth {
namespace {

constexpr int kReadsPerTurn = 256;  // more than a pipe holds

}  // namespace

HelperRun::HelperRun(os::EventLoop& loop, Reaper& reaper, Started started, Done done)
    : loop_(loop),
      reaper_(reaper),
      started_(std::move(started)),
      done_(std::move(done)),
      on_message_([this](os::Events) { read_messages(); }) {
  reaper_.expect(started_.helper.pid, [this](const os::ExitStatus& status) { on_exit(status); });
  loop_.watch(started_.messages.borrow(), true, false, on_message_);
}

HelperRun::~HelperRun() {
  if (started_.messages.is_open())
    loop_.unwatch(started_.messages.borrow());
  if (started_.helper.pid == 0)
    return;
  os::signal_process(started_.helper.pidfd.borrow(), started_.helper.pid, SIGKILL);
  reaper_.forget(started_.helper.pid);
}

void HelperRun::read_messages() {
  char buffer[512];
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const os::Transfer got = os::read_some(started_.messages.borrow(), buffer);
    if (got.state == os::TransferState::would_block)
      return;
    if (got.state != os::TransferState::done) {
      loop_.unwatch(started_.messages.borrow());
      started_.messages.reset();
      return;
    }
    said_.append(buffer, std::min(got.size, started_.most_said - said_.size()));
  }
}

void HelperRun::on_exit(const os::ExitStatus& status) {
  started_.helper.pid = 0;
  if (started_.messages.is_open())
    read_messages();
  while (said_.ends_with('\n'))
    said_.pop_back();
  for (auto at = said_.find('\n'); at != std::string::npos; at = said_.find('\n', at))
    said_.replace(at, 1, "; ");
  const auto done = std::move(done_);
  done(judge(status));  // the last thing: this object may be gone now
}

Result<std::string> HelperRun::judge(const os::ExitStatus& status) const {
  std::optional<os::ChildFailure> failure;
  if (os::read_report(started_.helper.report.borrow(), failure) == os::ReportState::failed)
    return Error{ErrorCode::unavailable,
                 "the helper cannot be started: " + std::string(os::to_string(failure->stage)) +
                     ": " + os::errno_text(failure->os_errno)};
  if (status == os::ExitStatus{})
    return said_;
  if (status.how == os::ExitStatus::How::signaled && status.value == SIGALRM)
    return Error{ErrorCode::timed_out, "the helper was not done in time"};
  if (!said_.empty())
    return Error{ErrorCode::invalid, said_};
  return Error{ErrorCode::unavailable, "the helper ended with " + status.str()};
}

}  // namespace berth
