// Durations, read and written.
#include <gtest/gtest.h>

#include "units/values.h"

namespace berth {
namespace {

std::int64_t milliseconds(std::string_view text) {
  return parse_duration(text)->count();
}
std::string complaint(std::string_view text) {
  return parse_duration(text).error().message;
}

TEST(Duration, KnowsEveryUnit) {
  EXPECT_EQ(250, milliseconds("250ms"));
  EXPECT_EQ(5'000, milliseconds("5s"));
  EXPECT_EQ(120'000, milliseconds("2m"));
  EXPECT_EQ(7'200'000, milliseconds("2h"));
  EXPECT_EQ(604'800'000, milliseconds("7d"));
  EXPECT_EQ(1'209'600'000, milliseconds("2w"));
  EXPECT_EQ(31'536'000'000, milliseconds("1y"));
}

TEST(Duration, AddsItsParts) {
  EXPECT_EQ(90'000, milliseconds("1m30s"));
  EXPECT_EQ(31'536'000'000 + 604'800'000 + 86'400'000 + 3'600'000 + 60'000 + 1'000 + 1,
            milliseconds("1y1w1d1h1m1s1ms"));
}

TEST(Duration, TakesZeroWithoutAUnit) {
  EXPECT_EQ(0, milliseconds("0"));
  EXPECT_EQ(0, milliseconds("0s"));
}

TEST(Duration, SaysWhatIsWrong) {
  EXPECT_EQ("it is empty", complaint(""));
  EXPECT_EQ("a number lacks its unit (ms, s, m, h, d, w, y)", complaint("5"));
  EXPECT_EQ("a number lacks its unit (ms, s, m, h, d, w, y)", complaint("1m5"));
  EXPECT_EQ("\" parsecs\" is no unit of time (ms, s, m, h, d, w, y)", complaint("5 parsecs"));
  EXPECT_EQ("a number is missing before \"s\"", complaint("s"));
  EXPECT_EQ("a number is missing before \"-5s\"", complaint("-5s"));
  EXPECT_EQ("\".\" is no unit of time (ms, s, m, h, d, w, y)", complaint("1.5s"));
  EXPECT_EQ("units go from the largest to the smallest, each once", complaint("30s1m"));
  EXPECT_EQ("units go from the largest to the smallest, each once", complaint("1s1s"));
}

TEST(Duration, HasALongestValue) {
  EXPECT_TRUE(parse_duration("290y").has_value());
  EXPECT_EQ("it is longer than 290 years", complaint("293y"));
  EXPECT_EQ("it is longer than 290 years", complaint("99999999999999999999s"));
  EXPECT_EQ("it is longer than 290 years", complaint("292y60w"));
}

TEST(Duration, IsWrittenAsItIsRead) {
  for (const char* text : {"0s", "1ms", "999ms", "1s", "1m30s", "1h", "1d", "1w", "1y", "2h1ms"}) {
    EXPECT_EQ(text, format_duration(*parse_duration(text)));
  }
  EXPECT_EQ("1m30s", format_duration(Milliseconds{90'000}));
  EXPECT_EQ("1w", format_duration(*parse_duration("7d")));
}

}  // namespace
}  // namespace berth
