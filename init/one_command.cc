// One child, as tini and dumb-init have it.
#include "init/one_command.h"

#include <cerrno>
#include <utility>

#include <signal.h>

#include "init/exec_image.h"
#include "init/log.h"
#include "init/os/child.h"
#include "init/os/files.h"
#include "init/os/terminal.h"

namespace berth {
namespace {

constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;
constexpr int kBySignal = 128;  // plus its number: as shells say it

// As if berth were not there: its own environment, folder, limits and rights.
Result<os::ExecImage> image_of(const std::vector<std::string>& argv, const Settings& settings) {
  Unit definition;
  definition.process.working_directory = os::current_folder();
  definition.process.no_new_privileges = false;
  Command command;
  command.argv = argv;
  ExecContext context;
  context.own_environment = &settings.environment;
  context.original_nofile = settings.original_nofile;
  context.is_root = settings.is_root;
  context.standard_output = os::BorrowedFd(1);
  context.standard_error = os::BorrowedFd(2);
  os::ExecImage image = BERTH_TRY(build_exec_image(definition, command, context));
  image.standard_input = os::BorrowedFd(0);
  image.new_session = false;
  image.takes_terminal = true;
  return image;
}

int status_of(const Error& error) {
  return error.code == ErrorCode::not_found || error.os_errno == ENOENT ? kNotFound
                                                                        : kCannotExecute;
}

}  // namespace

OneCommand::OneCommand(os::EventLoop& loop, Reaper& reaper, const Settings& settings,
                       std::vector<std::string> argv)
    : loop_(loop), reaper_(reaper), settings_(settings), argv_(std::move(argv)) {}

OneCommand::~OneCommand() {
  loop_.cancel(failure_);
  loop_.cancel(grace_);
}

void OneCommand::start(std::function<void()> ended) {
  ended_ = std::move(ended);
  life_ = Life::begun;
  const auto image = image_of(argv_, settings_);
  if (!image)
    return cannot(image.error().message, status_of(image.error()));
  program_ = image->program;
  auto spawned = os::spawn(*image);
  if (!spawned)
    return cannot(spawned.error().message, kCannotExecute);
  pid_ = spawned->pid;
  pidfd_ = std::move(spawned->pidfd);
  report_ = std::move(spawned->report);
  reaper_.expect(pid_, [this](const os::ExitStatus& exit) { on_exit(exit); });
}

void OneCommand::signal(int signal) {
  if (pid_ != 0)
    os::signal_process(pidfd_.borrow(), pid_, signal);
}

bool OneCommand::end(const std::string& why, Milliseconds grace) {
  if (pid_ == 0)
    return false;
  if (life_ == Life::begun) {
    log_info(why + ": the command is told to end");
    life_ = Life::told_to_end;
    grace_ = loop_.after(grace, [this] { signal(SIGKILL); });
    signal(SIGTERM);
  } else {
    log_warning(why + ": the command is killed");
    life_ = Life::hurried;
    signal(SIGKILL);
  }
  return true;
}

void OneCommand::look_whether_stopped() {
  if (pid_ == 0 || !os::was_stopped_by_terminal(pid_))
    return;
  if (os::is_job_of_a_shell()) {
    os::take_back_terminal(pid_);
    os::stop_itself();
    os::give_terminal(pid_);
  }
  os::continue_group(pid_);
}

void OneCommand::on_exit(const os::ExitStatus& exit) {
  loop_.disarm(grace_);
  std::optional<os::ChildFailure> failure;
  os::read_report(report_.borrow(), failure);
  os::take_back_terminal(std::exchange(pid_, 0));
  status_ = exit.how == os::ExitStatus::How::exited ? exit.value : kBySignal + exit.value;
  if (failure && !os::is_comfort(failure->stage)) {
    os::ExecImage image;
    image.program = program_;
    log_error(failure->describe(image));
    status_ = failure->os_errno == ENOENT ? kNotFound : kCannotExecute;
  }
  ended_();
}

void OneCommand::cannot(const std::string& why, int status) {
  log_error(why);
  status_ = status;
  failure_ = loop_.after(std::chrono::milliseconds(0), [this] {
    failure_ = os::kNoTimer;
    ended_();
  });
}

}  // namespace berth
