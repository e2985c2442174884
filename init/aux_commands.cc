// Commands around a unit's main process.
#include "init/aux_commands.h"

#include <signal.h>

#include "init/os/errno_error.h"

namespace berth {

AuxCommands::AuxCommands(os::EventLoop& loop, Reaper& reaper, AuxSpawner spawner, std::string label,
                         std::vector<Command> commands, Milliseconds default_limit,
                         std::function<void(std::optional<std::string>)> done)
    : loop_(loop),
      reaper_(reaper),
      spawner_(std::move(spawner)),
      label_(std::move(label)),
      commands_(std::move(commands)),
      default_limit_(default_limit),
      done_(std::move(done)) {}

AuxCommands::~AuxCommands() {
  loop_.cancel(limit_);
  loop_.cancel(finish_);
  if (pid_ != 0)
    reaper_.forget(pid_);
}

void AuxCommands::start() {
  run_next();
}

void AuxCommands::kill() {
  // Whoever has given up on a command has given up on what it started.
  if (pid_ != 0)
    os::signal_group(pidfd_.borrow(), pid_, SIGKILL);
}

std::string AuxCommands::quoted_command() const {
  std::string text = label_ + " \"";
  const Command& command = commands_[next_ - 1];
  for (const std::string& word : command.argv)
    text += (&word == command.argv.data() ? "" : " ") + word;
  return text + "\"";
}

void AuxCommands::run_next() {
  if (next_ == commands_.size())
    return finish_later(std::nullopt);
  const Command& command = commands_[next_++];
  last_status_.reset();
  auto spawned = spawner_(command);
  if (!spawned)
    return finish_later(quoted_command() + ": " + spawned.error().message);
  pid_ = spawned->pid;
  pidfd_ = std::move(spawned->pidfd);
  report_ = std::move(spawned->report);
  timed_out_ = false;
  reaper_.expect(pid_, [this](const os::ExitStatus& status) { on_exit(status); });
  const Milliseconds limit = command.timeout.count() > 0 ? command.timeout : default_limit_;
  limit_ = loop_.after(limit, [this] {
    timed_out_ = true;
    kill();
  });
}

void AuxCommands::on_exit(const os::ExitStatus& status) {
  pid_ = 0;
  pidfd_.reset();
  loop_.cancel(limit_);
  std::optional<os::ChildFailure> failure;
  const bool exec_failed = os::read_report(report_.borrow(), failure) == os::ReportState::failed;
  report_.reset();
  if (timed_out_)
    return finish_later(quoted_command() + ": not done in time, killed");
  if (exec_failed)
    return finish_later(quoted_command() + ": " + std::string(os::to_string(failure->stage)) +
                        ": " + os::errno_text(failure->os_errno));
  last_status_ = status;
  if (status.how != os::ExitStatus::How::exited || status.value != 0)
    return finish_later(quoted_command() + ": " + status.str());
  run_next();
}

void AuxCommands::finish_later(std::optional<std::string> failure) {
  // From the loop, so that whoever is told may destroy this object.
  finish_ = loop_.after(std::chrono::nanoseconds(0), [this, failure = std::move(failure)] {
    const auto done = std::move(done_);
    done(failure);
  });
}

}  // namespace berth
