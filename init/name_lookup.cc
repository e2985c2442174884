// Asking the name services by a helper.
#include "init/name_lookup.h"

#include <signal.h>

#include "init/os/stream.h"
#include "units/wire.h"

namespace berth {
namespace {

constexpr std::size_t kReadSize = 4096;
/// Room for 65,536 groups (NGROUPS_MAX) of each of a few users; what a helper writes beyond it is
/// not kept.
constexpr std::size_t kMostAnswer = std::size_t{1024} * 1024;

void want_user(const std::string& name, const FoundNames& known, WantedNames& wanted) {
  if (!name.empty() && !find_user(name, known))
    wanted.users.insert(name);
}

void want_group(const std::string& name, WantedNames& wanted) {
  if (!name.empty() && !find_group(name))
    wanted.groups.insert(name);
}

void want_users_of(const std::vector<Command>& commands, const FoundNames& known,
                   WantedNames& wanted) {
  for (const Command& command : commands)
    want_user(command.user, known, wanted);
}

}  // namespace

std::string WantedNames::str() const {
  std::string text;
  for (const std::string& name : users)
    text += (text.empty() ? "user \"" : ", user \"") + name + "\"";
  for (const std::string& name : groups)
    text += (text.empty() ? "group \"" : ", group \"") + name + "\"";
  if (own)
    text += (text.empty() ? "user \"" : ", user \"") + std::string(kAutoUser) + "\"";
  return text;
}

WantedNames unknown_names(const Unit& unit, const std::string& user, const FoundNames& known) {
  WantedNames wanted;
  want_user(user, known, wanted);
  want_group(unit.process.group, wanted);
  for (const std::string& group : unit.process.groups)
    want_group(group, wanted);
  const ServiceSpec& service = unit.service;
  want_user(service.command.user, known, wanted);
  want_users_of(service.before_start, known, wanted);
  want_users_of(service.after_start, known, wanted);
  want_users_of(service.after_stop, known, wanted);
  if (service.reload_command)
    want_user(service.reload_command->user, known, wanted);
  if (unit.job)
    want_users_of(unit.job->steps, known, wanted);
  if (wanted.users.erase(kAutoUser) > 0)
    wanted.own = {unit.name.str(), unit.process.uid_first, unit.process.uid_last};
  return wanted;
}

std::vector<std::string> helper_arguments(const WantedNames& wanted, const std::string& uid_file) {
  std::vector<std::string> arguments{"names"};
  for (const std::string& name : wanted.users)
    arguments.insert(arguments.end(), {"user", name});
  for (const std::string& name : wanted.groups)
    arguments.insert(arguments.end(), {"group", name});
  if (const auto& own = wanted.own)
    arguments.insert(arguments.end(), {kAutoUser, uid_file, std::to_string(own->first),
                                       std::to_string(own->last), own->unit});
  return arguments;
}

NameLookup::NameLookup(os::EventLoop& loop, Reaper& reaper, Question question, Done done)
    : loop_(loop),
      reaper_(reaper),
      question_(std::move(question)),
      done_(std::move(done)),
      on_answer_([this](os::Events) { read_answer(); }) {
  reaper_.expect(question_.helper.pid, [this](const os::ExitStatus& status) { on_exit(status); });
  loop_.watch(question_.answer.borrow(), true, false, on_answer_);
}

NameLookup::~NameLookup() {
  loop_.unwatch(question_.answer.borrow());
  if (question_.helper.pid == 0)
    return;
  kill();
  reaper_.forget(question_.helper.pid);
}

void NameLookup::kill() {
  os::signal_process(question_.helper.pidfd.borrow(), question_.helper.pid, SIGKILL);
}

void NameLookup::read_answer() {
  char buffer[kReadSize];
  for (;;) {
    const os::Transfer got = os::read_some(question_.answer.borrow(), buffer);
    if (got.state == os::TransferState::would_block)
      return;
    if (got.state != os::TransferState::done || answer_.size() + got.size > kMostAnswer)
      break;
    answer_.append(buffer, got.size);
  }
  loop_.unwatch(question_.answer.borrow());
  question_.answer.reset();
}

void NameLookup::on_exit(const os::ExitStatus& status) {
  question_.helper.pid = 0;
  if (question_.answer.is_open())
    read_answer();
  const auto done = std::move(done_);
  done(judge(status));  // the last thing: this object may be gone now
}

Result<FoundNames> NameLookup::judge(const os::ExitStatus& status) const {
  std::optional<os::ChildFailure> failure;
  if (os::read_report(question_.helper.report.borrow(), failure) == os::ReportState::failed)
    return Error{ErrorCode::unavailable,
                 "the helper cannot be started: " + std::string(os::to_string(failure->stage))};
  if (status.how == os::ExitStatus::How::signaled && status.value == SIGALRM)
    return Error{ErrorCode::unavailable, "the name services do not answer in time"};
  if (status != os::ExitStatus{})
    return Error{ErrorCode::unavailable, "the helper ended with " + status.str()};
  return wire::decode<FoundNames>(answer_);
}

}  // namespace berth
