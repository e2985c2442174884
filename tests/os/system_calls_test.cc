// What a process can still do that has given up dangerous system calls. In children: it cannot be
// taken back.
#include "init/os/system_calls.h"

#include <cerrno>
#include <functional>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace berth::os {
namespace {

/// The errno of `call` in a child without dangerous calls; 0 = it succeeded, -1 = no filter.
int errno_of(const std::function<bool()>& call) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!give_up_dangerous_calls())
      ::_exit(255);
    errno = 0;
    ::_exit(call() ? 0 : errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

TEST(SystemCalls, NoProgramIsExecuted) {
  EXPECT_EQ(EPERM, errno_of([] { return ::execl("/bin/true", "true", nullptr) == 0; }));
}

TEST(SystemCalls, NoNamespaceIsMade) {
  EXPECT_EQ(EPERM, errno_of([] { return ::unshare(CLONE_NEWUSER) == 0; }));
  EXPECT_EQ(EPERM, errno_of([] { return ::mount("x", "/mnt", "tmpfs", 0, nullptr) == 0; }));
}

TEST(SystemCalls, AChildCanBeForkedAndHasGivenThemUpToo) {
  EXPECT_EQ(0, errno_of([] {
              const pid_t child = ::fork();
              if (child == 0)
                ::_exit(::execl("/bin/true", "true", nullptr) == -1 && errno == EPERM ? 7 : 8);
              int status = 0;
              return ::waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7;
            }));
}

TEST(SystemCalls, SocketsAndFilesAreAsBefore) {
  EXPECT_EQ(0, errno_of([] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }));
  EXPECT_EQ(0, errno_of([] { return ::access("/etc/passwd", R_OK) == 0; }));
}

}  // namespace
}  // namespace berth::os
