// Signals that arrive through the loop.
#include "init/os/signal_fd.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace berth::os {
namespace {

using namespace std::chrono_literals;

TEST(SignalFd, HandsSignalsToTheCallbackInsteadOfActingOnThem) {
  const SystemClock clock;
  EventLoop loop(clock);
  std::vector<SignalInfo> seen;
  const SignalFd signals(loop, {SIGTERM, SIGRTMIN + 3},
                         [&](const SignalInfo& info) { seen.push_back(info); });

  ::kill(::getpid(), SIGTERM);
  ::kill(::getpid(), SIGRTMIN + 3);
  loop.run_once(0ms);

  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].signal, SIGTERM);
  EXPECT_EQ(seen[0].sender, ::getpid());
  EXPECT_EQ(seen[0].sender_uid, ::getuid());
  EXPECT_EQ(seen[1].signal, SIGRTMIN + 3);
}

TEST(SignalFd, BringsTheMaskBackWhenItEnds) {
  const SystemClock clock;
  EventLoop loop(clock);
  {
    const SignalFd signals(loop, {SIGUSR2}, [](const SignalInfo&) {});
  }

  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, nullptr, &mask);

  EXPECT_EQ(::sigismember(&mask, SIGUSR2), 0);
}

}  // namespace
}  // namespace berth::os
