// Globs, and that none of them takes long.
#include "units/glob.h"

#include <string>

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(glob_matches("ready", "ready"));
  EXPECT_FALSE(glob_matches("ready", "ready!"));
  EXPECT_FALSE(glob_matches("ready", "not ready"));
  EXPECT_TRUE(glob_matches("", ""));
  EXPECT_FALSE(glob_matches("", "x"));
  EXPECT_FALSE(glob_matches("x", ""));
}

TEST(Glob, AStarTakesAnythingAndAQuestionMarkOneByte) {
  EXPECT_TRUE(glob_matches("*Ready to accept connections*",
                           "1:M 01 Jan 2026 * Ready to accept connections tcp"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a**b", "ab"));
  EXPECT_TRUE(glob_matches("*ab*ab", "abaab ab"));
  EXPECT_FALSE(glob_matches("*ab*abc", "abab"));
  EXPECT_TRUE(glob_matches("port ????", "port 3000"));
  EXPECT_FALSE(glob_matches("port ????", "port 300"));
}

TEST(Glob, ASetTakesOneOfItsBytes) {
  EXPECT_TRUE(glob_matches("[a-c]x[!0-9]", "bxy"));
  EXPECT_FALSE(glob_matches("[a-c]x[!0-9]", "bx7"));
  EXPECT_TRUE(glob_matches("[]]", "]"));
  EXPECT_TRUE(glob_matches("[a-]", "-"));
  EXPECT_TRUE(glob_matches("[open", "[open")) << "never closed: no set";
}

TEST(Glob, ABackslashTakesTheNextCharacterAsItIs) {
  EXPECT_TRUE(glob_matches("\\*\\[x]\\\\", "*[x]\\"));
  EXPECT_FALSE(glob_matches("\\*", "x"));
  EXPECT_TRUE(glob_matches("x\\", "x\\")) << "at the end it is itself";
}

TEST(Glob, ManyStarsDoNotMakeItSlow) {
  std::string pattern;
  for (int i = 0; i < 100; ++i)
    pattern += "*a";
  pattern += "b";

  EXPECT_FALSE(glob_matches(pattern, std::string(16'384, 'a')));
}

}  // namespace
}  // namespace berth
