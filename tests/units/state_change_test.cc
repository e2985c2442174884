// Changes of state as lines of text.
#include "units/state_change.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

StateChange change_of_redis() {
  return {12'345'678, 1'700'000'000'123, "redis", "starting", "running", "0a1b", "as asked"};
}

TEST(StateChange, IsALineOfFieldsBetweenTabs) {
  EXPECT_EQ(format_feed_line(change_of_redis()),
            "state\t12345678\t1700000000123\tredis\tstarting\trunning\t0a1b\tas asked");
  EXPECT_EQ(format_feed_line(ChangesDropped{7}), "dropped\t7");
}

TEST(StateChange, IsReadBack) {
  const auto change = parse_feed_line(format_feed_line(change_of_redis()));
  const auto dropped = parse_feed_line("dropped\t7");

  ASSERT_TRUE(change);
  EXPECT_EQ(*change, FeedLine(change_of_redis()));
  ASSERT_TRUE(dropped);
  EXPECT_EQ(*dropped, FeedLine(ChangesDropped{7}));
}

TEST(StateChange, StaysOneLineWhateverTheReasonIs) {
  StateChange change = change_of_redis();
  change.reason = "a\tb\nc" + std::string(5000, 'x');

  const std::string line = format_feed_line(change);
  const auto read = parse_feed_line(line);

  EXPECT_EQ(line.find('\n'), std::string::npos);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<StateChange>(*read).reason.substr(0, 6), "a b cx");
  EXPECT_EQ(std::get<StateChange>(*read).reason.size(), 1024U);
}

TEST(StateChange, MayHaveNoReasonAndNoLife) {
  StateChange change = change_of_redis();
  change.reason.clear();
  change.invocation_id.clear();

  const auto read = parse_feed_line(format_feed_line(change));

  ASSERT_TRUE(read);
  EXPECT_EQ(*read, FeedLine(change));
}

TEST(StateChange, IsNothingElse) {
  for (const char* line :
       {"", "state", "state\t1\t2\tredis\ta\tb\tc", "state\tx\t2\tredis\ta\tb\tc\td", "dropped",
        "dropped\t", "dropped\t-1", "dropped\t1\t2", "other\t1"}) {
    const auto read = parse_feed_line(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().message, "\"" + std::string(line) + "\" is no event");
  }
}

}  // namespace
}  // namespace berth
