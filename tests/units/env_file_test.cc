// Environment files: what is a value, and where an error is.
#include "units/env_file.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

Variables parsed(std::string_view text) {
  auto variables = parse_env_file(text, "/etc/app.env");
  EXPECT_TRUE(variables) << variables.error().message;
  return variables ? *std::move(variables) : Variables{};
}

/// The value of the only variable.
std::string value_of(std::string_view text) {
  const Variables variables = parsed("A=" + std::string(text));
  EXPECT_EQ(variables.size(), 1U);
  return variables.empty() ? "none" : variables.front().second;
}

std::string error_of(std::string_view text) {
  const auto variables = parse_env_file(text, "/etc/app.env");
  return variables ? "no error" : variables.error().message;
}

TEST(EnvFile, TakesLinesCommentsAndExports) {
  EXPECT_EQ(parsed("# a comment\n; another\n\nA=1\n  export B=2\n\texport\tC=3\nexport=4\nD="),
            (Variables{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"export", "4"}, {"D", ""}}));
  EXPECT_EQ(parsed(""), Variables{});
}

TEST(EnvFile, KeepsWhatAValueHoldsAndTrimsItsEnds) {
  EXPECT_EQ(value_of(" redis://:x@y/1?a=b#c \t\n"), "redis://:x@y/1?a=b#c");
  EXPECT_EQ(value_of("a  b\r\n"), "a  b");
  EXPECT_EQ(value_of("$HOME ${X} `id`"), "$HOME ${X} `id`");
}

TEST(EnvFile, KnowsQuotes) {
  EXPECT_EQ(value_of("'a \"b\" \\ $c' \n"), "a \"b\" \\ $c");
  EXPECT_EQ(value_of(R"("a \"b\" \\ \$c \n")"), "a \"b\" \\ $c \\n");
  EXPECT_EQ(value_of("'one\n# two\n'"), "one\n# two\n");
  EXPECT_EQ(value_of("\" a \"' b '"), " a  b ");
  EXPECT_EQ(value_of("it\\'s\\ "), "it's ");
}

TEST(EnvFile, JoinsLinesAtABackslash) {
  EXPECT_EQ(value_of("one\\\ntwo"), "onetwo");
  EXPECT_EQ(value_of("one\\\r\ntwo"), "onetwo");
  EXPECT_EQ(value_of("\"one\\\ntwo\""), "onetwo");
  EXPECT_EQ(value_of("end\\"), "end");
}

TEST(EnvFile, TellsTheLineOfAnError) {
  EXPECT_EQ(error_of("A='\n\n'\nB\n"), "/etc/app.env:4: a line must be NAME=value or a comment");
  EXPECT_EQ(error_of("A=1\n2B=secret"),
            "/etc/app.env:2: the name of a variable is made of letters, digits and _");
  EXPECT_EQ(error_of("A B=1"),
            "/etc/app.env:1: the name of a variable is made of letters, digits and _");
  EXPECT_EQ(error_of("A=1\nB=\"x\n\n"), "/etc/app.env:2: a quote \" is never closed");
}

TEST(EnvFile, HasNoZeroByteAnywhere) {
  using namespace std::string_view_literals;
  for (const auto text : {"A=1\nB=\0"sv, "A=1\nB=\\\0"sv, "A=1\nB=\"\\\0\""sv, "A=1\nB='\0'"sv,
                          "A=1\nB\0=2"sv, "A=1\n#\0"sv}) {
    EXPECT_EQ(error_of(text), "/etc/app.env:2: a zero byte");
  }
}

}  // namespace
}  // namespace berth
