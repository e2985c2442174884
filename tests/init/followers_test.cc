// Who follows gets the lines as they come, or loses them, and never holds up anybody.
#include "init/followers.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/init/log_pipes.h"

namespace berth {
namespace {

class FollowersTest : public LogTest {
 protected:
  Followers followers_{loop_, lines_lost};
  os::Pipe pipe_ = test_pipe();
};

TEST_F(FollowersTest, GetsTheLinesOfItsUnit) {
  followers_.add("redis", std::move(pipe_.write_end));
  followers_.tell("redis", "one");
  followers_.tell("cable", "two");
  followers_.tell("redis", "");

  EXPECT_EQ("one\n\n", take(pipe_.read_end.borrow()));
}

TEST_F(FollowersTest, LosesLinesWhenItDoesNotReadAndIsToldHowMany) {
  constexpr std::size_t kTold = 10'000;
  const std::string line(99, 'x');
  followers_.add("redis", std::move(pipe_.write_end));
  for (std::size_t i = 0; i < kTold; ++i)
    followers_.tell("redis", line);
  std::string text = take(pipe_.read_end.borrow());
  turn();
  followers_.tell("redis", "after");
  text += take(pipe_.read_end.borrow());

  const std::size_t whole = text.find("x\n9");
  ASSERT_NE(std::string::npos, whole);
  const std::size_t got = (whole + 2) / (line.size() + 1);
  EXPECT_EQ(std::to_string(kTold - got) + " lines lost: the reader is slow\nafter\n",
            text.substr(whole + 2));
}

TEST_F(FollowersTest, GetsTheRestOfALineWithoutWaitingForTheNext) {
  const std::string line(16'000, 'x');
  followers_.add("redis", std::move(pipe_.write_end));
  for (int i = 0; i < 5; ++i)
    followers_.tell("redis", line);
  std::string text = take(pipe_.read_end.borrow());
  turn();
  text += take(pipe_.read_end.borrow());

  EXPECT_EQ('\n', text.back());
  EXPECT_EQ(0, text.size() % (line.size() + 1));
}

TEST_F(FollowersTest, IsDroppedWhenItHasGoneAlthoughNobodySpeaks) {
  followers_.add("redis", std::move(pipe_.write_end));
  EXPECT_EQ(1, followers_.count());
  pipe_.read_end.reset();
  turn();

  EXPECT_EQ(0, followers_.count());
}

TEST_F(FollowersTest, IsDroppedByALineThatItCannotTake) {
  followers_.add("redis", std::move(pipe_.write_end));
  pipe_.read_end.reset();
  followers_.tell("redis", "one");

  EXPECT_EQ(0, followers_.count());
}

TEST_F(FollowersTest, AreBoundedInNumber) {
  std::vector<os::Pipe> pipes;
  for (std::size_t i = 0; i < kMaxFollowers + 1; ++i) {
    pipes.push_back(test_pipe());
    followers_.add("redis", std::move(pipes.back().write_end));
  }

  EXPECT_EQ(kMaxFollowers, followers_.count());
  EXPECT_TRUE(is_at_end(pipes.back().read_end.borrow()));
  EXPECT_FALSE(is_at_end(pipes.front().read_end.borrow()));
}

TEST_F(FollowersTest, MustBePipes) {
  int ends[2];
  ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  const os::UniqueFd other(ends[1]);
  followers_.add("redis", os::UniqueFd(ends[0]));

  EXPECT_EQ(0, followers_.count());
}

TEST_F(FollowersTest, CannotBeMadeToBlockByWhoeverSharesTheDescription) {
  const os::UniqueFd shared(::fcntl(pipe_.write_end.raw(), F_DUPFD_CLOEXEC, 0));
  followers_.add("redis", std::move(pipe_.write_end));
  ASSERT_EQ(0, ::fcntl(shared.raw(), F_SETFL, 0));
  for (int i = 0; i < 10'000; ++i)
    followers_.tell("redis", "a line that would block for ever");

  EXPECT_EQ(1, followers_.count());
}

TEST(FollowersEnd, MayComeBeforeTheLoopsTurnEnds) {
  std::signal(SIGPIPE, SIG_IGN);
  FakeClock clock;
  os::EventLoop loop(clock);
  auto followers = std::make_unique<Followers>(loop, lines_lost);
  os::Pipe pipe = test_pipe();
  followers->add("redis", std::move(pipe.write_end));
  pipe.read_end.reset();
  followers->tell("redis", "dropped by this line, destroyed at the end of the turn");
  followers.reset();
  loop.run_once(std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace berth
