// The forms of a line on the output, compared whole.
#include "init/log_format.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000'123;

std::string formatted(LogFormat format, const LineView& line) {
  std::string out;
  append_line(out, format, line);
  return out;
}

LineView unit_line(std::string_view unit, std::string_view text) {
  return {unit, LogStream::out, text, kNow, LogLevel::info};
}

LineView berth_line(LogLevel level, std::string_view unit, std::string_view text) {
  return {unit, LogStream::berth, text, kNow, level};
}

TEST(LogFormat, PutsTheNameOfTheUnitBeforeItsLine) {
  EXPECT_EQ("[redis] Ready to accept connections\n",
            formatted(LogFormat::prefix, unit_line("redis", "Ready to accept connections")));
}

TEST(LogFormat, PutsTheLevelBeforeErrorsAndWarningsOfBerthAlone) {
  EXPECT_EQ("[berth] error: no units\n",
            formatted(LogFormat::prefix, berth_line(LogLevel::error, "", "no units")));
  EXPECT_EQ("[berth] warning: no cgroup\n",
            formatted(LogFormat::prefix, berth_line(LogLevel::warning, "", "no cgroup")));
  EXPECT_EQ("[berth] started\n",
            formatted(LogFormat::prefix, berth_line(LogLevel::info, "", "started")));
  EXPECT_EQ("[berth] turn 7\n",
            formatted(LogFormat::prefix, berth_line(LogLevel::debug, "", "turn 7")));
}

TEST(LogFormat, NamesTheUnitThatALineOfBerthIsAbout) {
  EXPECT_EQ("[berth] error: redis: exit status 1\n",
            formatted(LogFormat::prefix, berth_line(LogLevel::error, "redis", "exit status 1")));
}

TEST(LogFormat, WritesJsonWithTheFieldsInOrder) {
  EXPECT_EQ(
      R"({"@timestamp":"2023-11-14T22:13:20.123Z","source":"redis","stream":"stdout","message":"up"})"
      "\n",
      formatted(LogFormat::json, unit_line("redis", "up")));
}

TEST(LogFormat, NamesTheTenantOfAnInstanceInJson) {
  LineView line = unit_line("tenant@2025/boston", "up");
  line.stream = LogStream::err;

  EXPECT_EQ(
      R"({"@timestamp":"2023-11-14T22:13:20.123Z","source":"tenant@2025/boston","stream":"stderr","message":"up","tenant":"2025/boston"})"
      "\n",
      formatted(LogFormat::json, line));
}

TEST(LogFormat, WritesTheLevelOfALineOfBerthInJson) {
  EXPECT_EQ(
      R"({"@timestamp":"2023-11-14T22:13:20.123Z","source":"berth","stream":"berth","level":"error","message":"redis: gone"})"
      "\n",
      formatted(LogFormat::json, berth_line(LogLevel::error, "redis", "gone")));
}

TEST(LogFormat, EscapesWhatJsonCannotHoldAndReplacesInvalidUtf8) {
  EXPECT_EQ(
      R"({"@timestamp":"2023-11-14T22:13:20.123Z","source":"x","stream":"stdout","message":"a\"\\\t\u001b[0m)"
      "\xEF\xBF\xBD\xC3\xA9\"}\n",
      formatted(LogFormat::json, unit_line("x", "a\"\\\t\x1b[0m\xff\xC3\xA9")));
}

TEST(LogFormat, LeavesALineThatIsJsonWithATimestampAsItIs) {
  constexpr std::string_view kLine = R"({"level":3,"@timestamp":"2020-01-01T00:00:00Z"})";

  EXPECT_EQ(std::string(kLine) + "\n", formatted(LogFormat::json, unit_line("x", kLine)));
}

TEST(LogFormat, DoesNotBelieveALineThatOnlyLooksLikeJson) {
  EXPECT_EQ(
      R"({"@timestamp":"2023-11-14T22:13:20.123Z","source":"x","stream":"stdout","message":"{\"@timestamp\":1} }"})"
      "\n",
      formatted(LogFormat::json, unit_line("x", R"({"@timestamp":1} })")));
}

TEST(LogFormat, ChangesNothingOfRawLines) {
  EXPECT_EQ("\xff\x01 x\n", formatted(LogFormat::raw, unit_line("x", "\xff\x01 x")));
}

TEST(LogFormat, WritesNoLineOfTheUnitWithNone) {
  EXPECT_EQ("", formatted(LogFormat::none, unit_line("x", "text")));
}

TEST(LogFormat, WritesLinesOfBerthWithEveryFormat) {
  EXPECT_EQ("[berth] x: up\n", formatted(LogFormat::none, berth_line(LogLevel::info, "x", "up")));
  EXPECT_EQ("[berth] x: up\n", formatted(LogFormat::raw, berth_line(LogLevel::info, "x", "up")));
}

TEST(LogFormat, WritesTimesOfEveryYear) {
  EXPECT_EQ("1970-01-01T00:00:00.000Z", format_timestamp(0));
  EXPECT_EQ("2024-02-29T23:59:59.999Z", format_timestamp(1'709'251'199'999));
}

}  // namespace
}  // namespace berth
