// LogHub with real pipes and a real loop: whole texts in, whole texts out.
#include "init/log_hub.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/init/log_pipes.h"

namespace berth {
namespace {

const LogSpec kPrefix{};
const LogSpec kJson = [] {
  LogSpec spec;
  spec.format = LogFormat::json;
  return spec;
}();

class LogHubTest : public LogTest {
 protected:
  ~LogHubTest() override {
    set_log_sink(nullptr);
    set_log_level("info");
  }
  /// The write end of a new pipe of `unit`.
  os::UniqueFd attach(const std::string& unit, const LogSpec& spec = kPrefix,
                      LogStream stream = LogStream::out) {
    os::Pipe pipe = test_pipe();
    hub_.attach(unit, spec, stream, std::move(pipe.read_end));
    return std::move(pipe.write_end);
  }
  std::vector<std::string> texts(const std::string& unit) const {
    std::vector<std::string> result;
    for (const LogLine& line : hub_.tail(unit).lines)
      result.push_back(line.text);
    return result;
  }

  LogHub hub_{loop_, std::move(output_.write_end)};
};

using Texts = std::vector<std::string>;

TEST_F(LogHubTest, WritesAndKeepsTheLinesOfAUnit) {
  const os::UniqueFd redis = attach("redis");
  const os::UniqueFd redis_err = attach("redis", kPrefix, LogStream::err);
  fill(redis.borrow(), "one\ntw");
  turn();
  fill(redis.borrow(), "o\n");
  turn();
  fill(redis_err.borrow(), "three\n");
  turn();

  EXPECT_EQ("[redis] one\n[redis] two\n[redis] three\n", written());
  const std::uint64_t now = clock_.wall_ms();
  const LogTail expected{
      {{now, LogStream::out, "one"}, {now, LogStream::out, "two"}, {now, LogStream::err, "three"}},
      0};
  EXPECT_EQ(expected, hub_.tail("redis"));
}

TEST_F(LogHubTest, TakesALastLineWithoutItsEnd) {
  os::UniqueFd redis = attach("redis");
  fill(redis.borrow(), "Segmentation fault");
  redis.reset();
  turn();

  EXPECT_EQ("[redis] Segmentation fault\n", written());
}

TEST_F(LogHubTest, ReadsTheLastWordsBeforeTheEndIsReported) {
  const os::UniqueFd redis = attach("redis");
  fill(redis.borrow(), "last\nwords");
  hub_.drain("redis");
  hub_.unit_line("redis", LogLevel::error, "exit status 1");

  EXPECT_EQ("[redis] last\n[redis] words\n[berth] error: redis: exit status 1\n", written());
  EXPECT_EQ((Texts{"last", "words", "error: exit status 1"}), texts("redis"));
}

TEST_F(LogHubTest, ReadsThePipesOfTwoLives) {
  const os::UniqueFd first = attach("redis");
  const os::UniqueFd second = attach("redis");
  fill(first.borrow(), "old\n");
  turn();
  fill(second.borrow(), "new\n");
  turn();

  EXPECT_EQ("[redis] old\n[redis] new\n", written());
}

TEST_F(LogHubTest, ShowsTheLinesOfAUnitToWhoeverWatches) {
  Texts seen;
  const os::UniqueFd redis = attach("redis"), other = attach("other");
  hub_.watch("redis", [&](std::string_view line) { seen.emplace_back(line); });
  fill(redis.borrow(), "one\ntwo\n");
  fill(other.borrow(), "not this\n");
  turn();
  hub_.unit_line("redis", LogLevel::info, "nor what berth says");
  hub_.unwatch("redis");
  fill(redis.borrow(), "nor this\n");
  turn();

  EXPECT_EQ((Texts{"one", "two"}), seen);
}

TEST_F(LogHubTest, BoundsThePipesOfAUnit) {
  std::vector<os::UniqueFd> lives;
  for (int i = 0; i < 20; ++i) {
    lives.push_back(attach("redis"));
    fill(lives.back().borrow(), "life " + std::to_string(i) + "\n");
  }
  turn();

  EXPECT_EQ(20, texts("redis").size());
  EXPECT_EQ(0, fill(lives.front().borrow(), "nobody reads"));
  EXPECT_EQ(5, fill(lives.back().borrow(), "read\n"));
}

TEST_F(LogHubTest, WritesBerthsOwnLinesWithALevelWordBeforeEachLine) {
  set_log_sink(&hub_);
  log_info("started");
  log_warning("two\nlines");
  log_error("bad");
  log_debug("hidden");

  EXPECT_EQ("[berth] started\n[berth] warning: two\n[berth] warning: lines\n[berth] error: bad\n",
            written());
  EXPECT_EQ((Texts{"started", "warning: two", "warning: lines", "error: bad"}), texts(""));
}

TEST_F(LogHubTest, LeavesOutWhatIsBelowTheLevelButKeepsItWithTheUnit) {
  set_log_sink(&hub_);
  set_log_level("warning");
  log_info("hidden");
  hub_.unit_line("redis", LogLevel::info, "started");
  hub_.unit_line("redis", LogLevel::warning, "slow");

  EXPECT_EQ("[berth] warning: redis: slow\n", written());
  EXPECT_EQ((Texts{"started", "warning: slow"}), texts("redis"));
}

TEST_F(LogHubTest, TreatsAPercentOrABraceAsText) {
  set_log_sink(&hub_);
  log_info("100% {} {0}");

  EXPECT_EQ("[berth] 100% {} {0}\n", written());
}

TEST_F(LogHubTest, WritesJsonForAUnitAndForItself) {
  BerthConfig config;
  config.log_format = LogFormat::json;
  hub_.configure(config);
  const os::UniqueFd tenant = attach("tenant@2025/boston", kJson);
  fill(tenant.borrow(), "up\n{\"@timestamp\":\"x\"}\n");
  turn();
  hub_.unit_line("tenant@2025/boston", LogLevel::info, "ready");
  hub_.berth_line(LogLevel::info, "done");

  EXPECT_EQ(
      R"({"@timestamp":"2023-11-14T22:13:20.123Z","source":"tenant@2025/boston","stream":"stdout","message":"up","tenant":"2025/boston"}
{"@timestamp":"x"}
{"@timestamp":"2023-11-14T22:13:20.123Z","source":"berth","stream":"berth","level":"info","message":"tenant@2025/boston: ready","tenant":"2025/boston"}
{"@timestamp":"2023-11-14T22:13:20.123Z","source":"berth","stream":"berth","level":"info","message":"done"}
)",
      written());
}

TEST_F(LogHubTest, KeepsWhatTheOutputDropped) {
  const os::UniqueFd flood = attach("flood");
  std::size_t lines = 0;
  for (int i = 0; i < 1000; ++i) {
    for (const std::string line = "line " + std::to_string(lines) + "\n";
         fill(flood.borrow(), line) == line.size() && ++lines % 100 != 0;) {
    }
    turn(1);
  }

  EXPECT_TRUE(written_to_the_end().ends_with(" lines dropped: standard output is stalled\n"));
  EXPECT_EQ(lines, hub_.tail("flood").lines.size() + hub_.tail("flood").dropped);
}

TEST_F(LogHubTest, StaysSmallInAFloodAndHearsTheOthers) {
  constexpr std::size_t kFlood = 100'000'000;
  const std::string chunk = [] {
    std::string text;
    while (text.size() < std::size_t{64} * 1024)
      text += "the flood says something that nobody wants to know\n";
    return text;
  }();
  const os::UniqueFd flood = attach("flood");
  const os::UniqueFd quiet = attach("quiet");
  std::size_t sent = 0;
  std::size_t most_memory = 0;
  std::size_t heard = 0;
  std::size_t spoken = 0;
  const std::size_t memory_before = ::mallinfo2().uordblks;
  while (sent < kFlood) {
    sent += fill(flood.borrow(), chunk);
    if (++spoken % 100 == 0)
      fill(quiet.borrow(), "here I am\n");
    turn(1);
    most_memory = std::max(most_memory, ::mallinfo2().uordblks - memory_before);
    if (written().find("[quiet] here I am\n") != std::string::npos)
      ++heard;
  }

  EXPECT_GE(heard + 1, spoken / 100);
  EXPECT_LT(most_memory, 512U * 1024);
}

TEST_F(LogHubTest, ReadsOneUnitNoLongerThanATurn) {
  const os::UniqueFd flood = attach("flood");
  ASSERT_EQ(1 << 20, ::fcntl(flood.raw(), F_SETPIPE_SZ, 1 << 20));
  const std::string text(1 << 20, '\n');
  fill(flood.borrow(), text);
  turn(1);

  EXPECT_LT(hub_.tail("flood").dropped, 70U * 1024);
}

TEST_F(LogHubTest, SurvivesBinaryGarbage) {
  os::UniqueFd unit = attach("x", kJson);
  std::string garbage;
  std::uint32_t state = 1;
  for (int i = 0; i < 60'000; ++i) {
    state = state * 1'664'525U + 1'013'904'223U;
    garbage += static_cast<char>(state >> 24U);
  }
  fill(unit.borrow(), garbage);
  unit.reset();
  turn();

  EXPECT_FALSE(hub_.tail("x").lines.empty());
  EXPECT_FALSE(written_to_the_end().empty());
}

TEST_F(LogHubTest, LetsABlockingUnitWaitAndLosesNothingOfIt) {
  LogSpec spec;
  spec.on_stall = OnStall::block;
  const os::UniqueFd unit = attach("x", spec);
  std::string expected, got;
  std::size_t sent = 0;
  while (sent < 40'000) {
    const std::string line = std::to_string(sent) + "\n";
    if (fill(unit.borrow(), line) != line.size())
      break;
    expected += "[x] " + line;
    ++sent;
    if (sent % 500 == 0)
      turn(1);
  }
  EXPECT_LT(sent, 40'000) << "it never had to wait";

  EXPECT_EQ(expected, written_to_the_end());
  EXPECT_EQ(5, fill(unit.borrow(), "more\n"));
  turn();
  EXPECT_EQ("[x] more\n", written());
}

TEST_F(LogHubTest, WaitsForNobodyAtTheVeryEnd) {
  LogSpec spec;
  spec.on_stall = OnStall::block;
  const os::UniqueFd unit = attach("x", spec);
  while (fill(unit.borrow(), "a line\n") == 7)
    turn(1);

  hub_.flush(std::chrono::milliseconds(0));

  EXPECT_TRUE(is_at_end(output_.read_end.borrow()) || !written().empty());
}

TEST_F(LogHubTest, TellsFollowersOfAUnitAndOfBerth) {
  os::Pipe of_redis = test_pipe();
  os::Pipe of_berth = test_pipe();
  hub_.follow("redis", std::move(of_redis.write_end));
  hub_.follow("", std::move(of_berth.write_end));
  const os::UniqueFd redis = attach("redis");
  fill(redis.borrow(), "one\n");
  turn();
  hub_.unit_line("redis", LogLevel::error, "two");
  hub_.berth_line(LogLevel::info, "three");

  EXPECT_EQ("one\nerror: two\n", take(of_redis.read_end.borrow()));
  EXPECT_EQ("three\n", take(of_berth.read_end.borrow()));
}

TEST_F(LogHubTest, ForgetsARetiredUnitAfterTenMinutes) {
  hub_.unit_line("x", LogLevel::info, "text");
  hub_.retire("x");
  clock_.advance(std::chrono::minutes(10) - std::chrono::milliseconds(1));
  turn();
  EXPECT_EQ(Texts{"text"}, texts("x"));
  clock_.advance(std::chrono::milliseconds(1));
  turn();

  EXPECT_EQ(Texts{}, texts("x"));
}

TEST_F(LogHubTest, KeepsTheLinesOfARetiredUnitThatComesBack) {
  hub_.unit_line("x", LogLevel::info, "text");
  hub_.retire("x");
  const os::UniqueFd pipe = attach("x");
  clock_.advance(std::chrono::minutes(20));
  turn();

  EXPECT_EQ(Texts{"text"}, texts("x"));
}

TEST_F(LogHubTest, WritesWhatIsStillInThePipesAtTheEnd) {
  const os::UniqueFd redis = attach("redis");
  fill(redis.borrow(), "last words");
  hub_.flush(std::chrono::milliseconds(100));

  EXPECT_EQ("[redis] last words\n", written());
  EXPECT_TRUE(is_at_end(output_.read_end.borrow()));
}

}  // namespace
}  // namespace berth
