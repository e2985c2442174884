// What can be said of a regex without a regex library.
#include "units/regex_syntax.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

int groups(std::string_view regex) {
  const auto counted = count_groups(regex);
  EXPECT_TRUE(counted.has_value()) << regex << ": " << (counted ? "" : counted.error().message);
  return counted ? *counted : -1;
}

std::string complaint(std::string_view regex) {
  const auto counted = count_groups(regex);
  return counted ? "" : counted.error().message;
}

TEST(RegexSyntax, CountsTheGroupsThatCapture) {
  EXPECT_EQ(0, groups("^/showcase/?$"));
  EXPECT_EQ(2, groups("^/(a|b)/(.*)$"));
  EXPECT_EQ(1, groups("(?:a|b)(?P<name>c)(?i)d(?i:e)"));
  EXPECT_EQ(0, groups(R"(\(a\)[()]\Q(b)\E)"));
  EXPECT_EQ(1, groups("([]a-c^-])"));
  EXPECT_EQ(0, groups("[[:alpha:]]+[^[:digit:]]*?x{2,5}y{3}z{,w{}"));
}

TEST(RegexSyntax, SaysWhatIsWrong) {
  EXPECT_EQ("a \"(\" is never closed", complaint("^/(a"));
  EXPECT_EQ("a \")\" closes nothing", complaint("a)"));
  EXPECT_EQ("a \"[\" is never closed", complaint("[a-z"));
  EXPECT_EQ("the range \"z-a\" is empty", complaint("[z-a]"));
  EXPECT_EQ("\"*\" has nothing to repeat", complaint("(*a)"));
  EXPECT_EQ("\"+\" has nothing to repeat", complaint("a|+b"));
  EXPECT_EQ("\"+\" repeats what is repeated already", complaint("a*+"));
  EXPECT_EQ("\"{2,1}\" is no number of times", complaint("a{2,1}"));
  EXPECT_EQ("\"{1001}\" is no number of times", complaint("a{1001}"));
  EXPECT_EQ("it ends in a \"\\\"", complaint("a\\"));
  EXPECT_EQ("\"\\y\" means nothing", complaint("\\y"));
  EXPECT_EQ("\"\\1\" would be a back-reference, which there is none", complaint("(a)\\1"));
  EXPECT_EQ("there is no looking around: \"(?!\"", complaint("^/(?!showcase)"));
  EXPECT_EQ("there is no looking around: \"(?<=\"", complaint("(?<=a)b"));
  EXPECT_EQ("\"(?\" begins no group that is known", complaint("(?x:a)"));
}

TEST(RegexSyntax, FindsTheHighestReference) {
  EXPECT_EQ(0, highest_reference("/a/$x/$"));
  EXPECT_EQ(2, highest_reference("/$2/$1"));
}

TEST(RegexSyntax, QuotesWhatAVariableInserts) {
  EXPECT_EQ(R"(a\.b\/c_1\-2)", quote_regex("a.b/c_1-2"));
}

TEST(Routes, InsertVariablesQuotedAndDefaultsToo) {
  const Catalog catalog = testing::load(
      {{"web.toml",
        "[proxy]\nlisten = \":80\"\n"
        "[[proxy.rewrite]]\nfrom = \"^/${unit}.${NOWHERE:-a.b}/(.*)$\"\nto = \"/$1\"\n"}});

  EXPECT_EQ(testing::Lines{}, testing::messages(catalog));
  EXPECT_EQ(R"(^/web.a\.b/(.*)$)", catalog.find("web")->proxy->rewrites[0].from);
}

TEST(Routes, ReferToGroupsThatThereAre) {
  EXPECT_EQ((testing::Lines{
                "web.toml:5:6: \"to\" in [[proxy.redirect]] has $2, but there is one group in the "
                "regex",
                "web.toml:8:6: \"to\" in [[proxy.rewrite]] has $1, but there is no group in the "
                "regex",
                "web.toml:11:10: \"target\" in [[proxy.route]] has $3, but there are 2 groups in "
                "the regex"}),
            testing::errors_of({{"web.toml",
                                 "[proxy]\nlisten = \":80\"\n"
                                 "[[proxy.redirect]]\nfrom = \"^/(.*)$\"\nto = \"/$2\"\n"
                                 "[[proxy.rewrite]]\nfrom = \"^/$\"\nto = \"/$1\"\n"
                                 "[[proxy.route]]\npath = \"^/(a)(b)$\"\n"
                                 "target = \"http://x/$3\"\n"}}));
}

TEST(Routes, HaveOnePlaceAndOneServer) {
  EXPECT_EQ(
      (testing::Lines{"web.toml:3:1: [[proxy.route]] needs either \"prefix\" or \"path\"",
                      "web.toml:3:1: [[proxy.route]] needs either \"unit\", \"target\" or \"job\"",
                      "web.toml:4:1: [[proxy.route]] needs either \"prefix\" or \"path\""}),
      testing::errors_of({{"web.toml",
                           "[proxy]\nlisten = \":80\"\n"
                           "[[proxy.route]]\n"
                           "[[proxy.route]]\nprefix = \"/a\"\npath = \"a\"\n"
                           "target = \"http://x\"\n"}}));
}

}  // namespace
}  // namespace berth
