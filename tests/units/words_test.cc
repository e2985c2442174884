// Command lines and signals.
#include <csignal>

#include <gtest/gtest.h>

#include "units/values.h"

namespace berth {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
  return *split_words(text);
}

TEST(Words, AreSeparatedByBlanks) {
  EXPECT_EQ((Words{"a", "b", "c"}), words("  a\tb \n c "));
  EXPECT_EQ(Words{}, words(""));
  EXPECT_EQ(Words{}, words(" \t"));
}

TEST(Words, KeepWhatIsQuoted) {
  EXPECT_EQ((Words{"a b", "c d", ""}), words("'a b' \"c d\" ''"));
  EXPECT_EQ((Words{"ab c"}), words("a'b c'"));
  EXPECT_EQ((Words{"$HOME;|>"}), words("$HOME;|>"));
}

TEST(Words, EscapeWithABackslash) {
  EXPECT_EQ((Words{"a b", "c\\", "\""}), words("a\\ b c\\\\ \\\""));
  EXPECT_EQ((Words{"a\"b\\n\\"}), words("\"a\\\"b\\n\\\\\""));
  EXPECT_EQ((Words{"a\\b"}), words("'a\\b'"));
}

TEST(Words, SayWhatIsWrong) {
  EXPECT_EQ("a quote ' is never closed", split_words("a 'b").error().message);
  EXPECT_EQ("a quote \" is never closed", split_words("\"a\\\"").error().message);
  EXPECT_EQ("a backslash at the end escapes nothing", split_words("a \\").error().message);
}

TEST(Signals, AreReadByNameAndNumber) {
  EXPECT_EQ(SIGTERM, *parse_signal("SIGTERM"));
  EXPECT_EQ(SIGTERM, *parse_signal("TERM"));
  EXPECT_EQ(SIGTERM, *parse_signal("15"));
  EXPECT_EQ(SIGRTMIN, *parse_signal("RTMIN"));
  EXPECT_EQ(SIGRTMIN + 3, *parse_signal("SIGRTMIN+3"));
  EXPECT_EQ(SIGRTMAX, *parse_signal(std::to_string(SIGRTMAX)));
}

TEST(Signals, HaveTheNamesTheyAreReadBy) {
  for (int signal = 1; signal < 32; ++signal) {
    EXPECT_EQ(signal, *parse_signal(signal_name(signal)));
  }
  EXPECT_EQ("SIGTERM", signal_name(15));
  EXPECT_EQ("signal 55", signal_name(55));
}

TEST(Signals, SayWhatIsWrong) {
  EXPECT_EQ("signals are numbered from 1 to 64", parse_signal("0").error().message);
  EXPECT_EQ("signals are numbered from 1 to 64", parse_signal("65").error().message);
  EXPECT_EQ("signals are numbered from 1 to 64", parse_signal("-1").error().message);
  for (const char* text : {"", "SIG", "SIGFOO", "sigterm", "RTMIN+99", "RTMIN-1", "RTMIN+"}) {
    EXPECT_EQ("\"" + std::string(text) + "\" is no signal's name",
              parse_signal(text).error().message);
  }
}

}  // namespace
}  // namespace berth
