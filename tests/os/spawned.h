// Runs a real program through spawn() and collects what it said and how it ended.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/os/process.h"

namespace berth::os {

struct Finished {
  std::string output;  ///< standard output
  ReportState report = ReportState::pending;
  std::optional<ChildFailure> failure;
  std::vector<ChildFailure> passed_over;
  int wait_status = -1;  ///< as of waitpid(2); -1 = could not be spawned
};

inline ExecImage image_of(std::vector<std::string> argv) {
  ExecImage image;
  image.program = argv.front();
  image.argv = std::move(argv);
  image.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  return image;
}

inline std::string read_to_end(BorrowedFd fd) {
  std::string text;
  char chunk[4096];
  for (ssize_t got = 0; (got = ::read(fd.raw(), chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(got));
  return text;
}

inline Finished finish(const Spawned& child) {
  Finished result;
  ::waitpid(child.pid, &result.wait_status, 0);
  while ((result.report = read_report(child.report.borrow(), result.failure,
                                      &result.passed_over)) == ReportState::pending) {
    pollfd readable{child.report.raw(), POLLIN, 0};
    ::poll(&readable, 1, -1);
  }
  return result;
}

inline Finished run_to_end(ExecImage image) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return {};
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  image.standard_output = write_end.borrow();
  const Result<Spawned> child = spawn(image);
  write_end.reset();
  if (!child)
    return {};
  std::string output = read_to_end(read_end.borrow());
  Finished result = finish(*child);
  result.output = std::move(output);
  return result;
}

/// Runs `check` in a forked process that may do to itself what it likes; true if it returned true.
template <typename Check>
bool holds_in_fork(Check check) {
  const pid_t pid = ::fork();
  if (pid == 0)
    ::_exit(check() ? 0 : 1);
  int status = -1;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace berth::os
