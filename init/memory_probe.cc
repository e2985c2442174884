// Asking helpers for memory figures.
#include "init/memory_probe.h"

#include <array>
#include <utility>

#include "init/log.h"
#include "init/os/pipe.h"
#include "init/os/stream.h"

namespace berth {
namespace {

constexpr std::chrono::seconds kTimeLimit{1};
constexpr std::size_t kMostLines = std::size_t{256} * 1024;  // some 6,000 processes

}  // namespace

bool MemoryProbe::start(const std::map<std::string, Wanted>& by_user, Done done) {
  if (helpers_ > 0 || done_)
    return false;
  auto pipe = os::make_pipe();
  if (!pipe)
    return false;
  pipe_ = std::move(pipe->read_end);
  handler_ = std::make_unique<os::FunctionHandler>([this](os::Events) { read_lines(); });
  if (!loop_.watch(pipe_.borrow(), true, false, *handler_)) {
    pipe_.reset();
    return false;
  }
  lines_.clear();
  done_ = std::move(done);
  deadline_ = loop_.after(kTimeLimit, [this] { finish(); });
  for (const auto& [user, wanted] : by_user)
    ask(user, wanted, pipe->write_end.borrow());
  return true;
}

void MemoryProbe::ask(const std::string& user, const Wanted& wanted, os::BorrowedFd output) {
  std::vector<std::string> arguments{"memory"};
  for (const pid_t pid : wanted.pids)
    arguments.push_back(std::to_string(pid));
  Command command;
  command.argv = launcher_.helper_argv(std::move(arguments));
  const auto spawned = launcher_.spawn_probe(user, wanted.names, command, output);
  if (!spawned)
    return log_debug("measuring memory: " + spawned.error().message);
  ++helpers_;
  reaper_.expect(spawned->pid, [this](const os::ExitStatus&) { --helpers_; });
}

void MemoryProbe::read_lines() {
  std::array<char, 4096> buffer;
  for (;;) {
    const os::Transfer got = os::read_some(pipe_.borrow(), buffer);
    if (got.state == os::TransferState::would_block)
      return;
    if (got.state != os::TransferState::done || lines_.size() > kMostLines)
      return finish();
    lines_.append(buffer.data(), got.size);
  }
}

void MemoryProbe::finish() {
  close();
  if (const Done done = std::exchange(done_, nullptr))
    done(parse_probe_lines(std::exchange(lines_, {})));
}

void MemoryProbe::close() {
  loop_.disarm(deadline_);
  if (!pipe_.is_open())
    return;
  loop_.unwatch(pipe_.borrow());
  pipe_.reset();
}

}  // namespace berth
