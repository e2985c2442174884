// Pipes and a loop for the tests of the log: whole texts go in at one end and come out at the
// other.
#pragma once

#include <array>
#include <csignal>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "init/os/event_loop.h"
#include "init/os/pipe.h"
#include "init/os/stream.h"
#include "tests/fakes/fake_clock.h"

namespace berth {

/// A pipe whose both ends are non-blocking.
inline os::Pipe test_pipe() {
  auto pipe = os::make_pipe();
  EXPECT_TRUE(pipe.has_value());
  os::make_nonblocking((*pipe).write_end.borrow());
  return *std::move(pipe);
}

/// Writes as much as the pipe takes; returns how much that was.
inline std::size_t fill(os::BorrowedFd pipe, std::string_view text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const os::Transfer result = os::write_some(pipe, text.substr(written));
    if (result.state != os::TransferState::done)
      break;
    written += result.size;
  }
  return written;
}

/// All that is in the pipe now.
inline std::string take(os::BorrowedFd pipe) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const os::Transfer result = os::read_some(pipe, buffer);
    if (result.state != os::TransferState::done)
      return text;
    text.append(buffer.data(), result.size);
  }
}

inline bool is_at_end(os::BorrowedFd pipe) {
  std::array<char, 1> buffer{};
  return os::read_some(pipe, buffer).state == os::TransferState::ended;
}

/// A loop under a clock that stands still, and an output that the test reads.
class LogTest : public testing::Test {
 protected:
  LogTest() : output_(test_pipe()) { std::signal(SIGPIPE, SIG_IGN); }

  /// Turns the loop until nothing more can have been waiting.
  void turn(int turns = 4) {
    for (int i = 0; i < turns; ++i)
      loop_.run_once(std::chrono::milliseconds(0));
  }
  std::string written() { return take(output_.read_end.borrow()); }
  /// Turns the loop and reads until the output has nothing more to say.
  std::string written_to_the_end() {
    std::string all;
    for (;;) {
      const std::string more = written();
      if (more.empty())
        return all;
      all += more;
      turn();
    }
  }

  FakeClock clock_;
  os::EventLoop loop_{clock_};
  os::Pipe output_;
};

}  // namespace berth
