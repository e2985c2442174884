// Process groups and their terminal.
#include "init/os/terminal.h"

#include <csignal>

#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace berth::os {

bool take_terminal() {
  const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
  if (foreground < 0) {
    if (::setsid() < 0)
      return false;
    // ENOTTY: no terminal; EPERM: it is another session's. Both are fine.
    ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    return true;
  }
  const bool is_foreground = foreground == ::getpgrp();
  if (::setpgid(0, 0) != 0)
    return false;
  if (is_foreground)
    ::tcsetpgrp(STDIN_FILENO, ::getpid());
  return true;
}

void give_terminal(pid_t group) {
  if (::tcgetpgrp(STDIN_FILENO) == ::getpgrp())
    ::tcsetpgrp(STDIN_FILENO, group);
}

void take_back_terminal(pid_t group) {
  if (::tcgetpgrp(STDIN_FILENO) == group)
    ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
}

bool was_stopped_by_terminal(pid_t child) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(child), &info, WSTOPPED | WNOHANG) != 0 || info.si_pid == 0)
    return false;
  return info.si_status == SIGTSTP || info.si_status == SIGTTIN || info.si_status == SIGTTOU;
}

void continue_group(pid_t group) {
  ::kill(-group, SIGCONT);
}

bool is_job_of_a_shell() {
  return ::getpid() != 1 && ::getsid(0) != ::getpid();
}

void stop_itself() {
  ::raise(SIGSTOP);
}

}  // namespace berth::os
