// Variables in values: at load, and the rest of them at start.
#include "units/expansion.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

class Expansion : public ::testing::Test {
 protected:
  Expansion() {
    scope_.environment = &environment_;
    scope_.values = {{"owner", "Boston"}, {"unit_like", "${port}"}, {"empty", ""}};
    scope_.declared = {"owner", "logo", "empty", "unit_like"};
    scope_.unit = "tenant@2025/boston";
    scope_.instance = "2025/boston";
    scope_.instance_dashed = "2025-boston";
    scope_.run_dir = "/run/berth/units-run/tenant@2025%2Fboston";
    scope_.has_endpoint = true;
  }

  std::string at_load(std::string_view text) { return *expand(text, scope_, ExpandAt::load); }
  std::string at_start(std::string_view text) {
    return expand_at_start(*expand(text, scope_, ExpandAt::start), {{"port", "4000"}});
  }
  std::string complaint(std::string_view text) {
    return expand(text, scope_, ExpandAt::load).error().message;
  }

  std::map<std::string, std::string> environment_{
      {"HOME", "/root"}, {"owner", "env"}, {"logo", "env.gif"}, {"unit", "env"}, {"port", "env"}};
  Scope scope_;
};

TEST_F(Expansion, LooksInTheInstanceThenTheUnitThenTheEnvironment) {
  EXPECT_EQ("Boston", at_load("${owner}"));
  EXPECT_EQ("tenant@2025/boston", at_load("${unit}"));
  EXPECT_EQ("2025/boston 2025-boston", at_load("${instance} ${instance_dashed}"));
  EXPECT_EQ("/run/berth/units-run/tenant@2025%2Fboston", at_load("${run_dir}"));
  EXPECT_EQ("/root", at_load("${HOME}"));
}

TEST_F(Expansion, KeepsADeclaredNameFromTheEnvironment) {
  EXPECT_EQ("none", at_load("${logo:-none}"));
  EXPECT_EQ("undefined variable \"logo\"", complaint("${logo}"));
}

TEST_F(Expansion, TakesTheDefaultForUndefinedAndEmpty) {
  EXPECT_EQ("x", at_load("${NOTHING:-x}"));
  EXPECT_EQ("x", at_load("${empty:-x}"));
  EXPECT_EQ("", at_load("${empty}"));
  EXPECT_EQ("", at_load("${NOTHING:-}"));
  EXPECT_EQ("/root/x", at_load("${NOTHING:-${HOME}/x}"));
  EXPECT_EQ("{a}", at_load("{${NOTHING:-a}}"));
}

TEST_F(Expansion, LeavesEveryOtherDollarAlone) {
  EXPECT_EQ("$", at_load("$"));
  EXPECT_EQ("$HOME", at_load("$HOME"));
  EXPECT_EQ("$1 ${} ${1x} ${param.X} ${HOME", at_load("$1 ${} ${1x} ${param.X} ${HOME"));
  EXPECT_EQ("^/x$", at_load("^/x$"));
}

TEST_F(Expansion, ReadsTwoDollarsAsOne) {
  EXPECT_EQ("$", at_load("$$"));
  EXPECT_EQ("${HOME}", at_load("$${HOME}"));
  EXPECT_EQ("$/root", at_load("$$${HOME}"));
}

TEST_F(Expansion, SaysWhatIsUndefined) {
  EXPECT_EQ("undefined variable \"NOTHING\"", complaint("a ${NOTHING}"));
  EXPECT_EQ("undefined variable \"ower\"; did you mean \"owner\"?", complaint("${ower}"));
  EXPECT_EQ("undefined variable \"instanse\"; did you mean \"instance\"?",
            complaint("${instanse}"));
  EXPECT_EQ("undefined variable \"B\"", complaint("${NOTHING:-${B}}"));
  EXPECT_EQ("\"${A:-\" is never closed by \"}\"", complaint("${A:-x"));
}

TEST_F(Expansion, BoundsDefaultsWithinDefaults) {
  std::string text = "x";
  for (int i = 0; i < 8; ++i) {
    text = "${A:-" + text + "}";
  }
  EXPECT_EQ("x", at_load(text));
  EXPECT_EQ("defaults within defaults are nested too deeply", complaint("${A:-" + text + "}"));
}

TEST_F(Expansion, RefusesThePortWhereItIsNotKnownYet) {
  EXPECT_EQ(
      "\"${port}\" is known only when the unit starts: it may stand in commands, env and ready",
      complaint("${port}"));
}

TEST_F(Expansion, KeepsThePortUntilTheStart) {
  EXPECT_EQ("${port}", *expand("${port}", scope_, ExpandAt::start));
  EXPECT_EQ("-p ${port} -s ${socket}", *expand("-p ${port} -s ${socket}", scope_, ExpandAt::start));
  EXPECT_EQ("${port}", *expand("${port:-80}", scope_, ExpandAt::start));
  EXPECT_EQ("http://127.0.0.1:4000/", at_start("http://127.0.0.1:${port}/"));
}

TEST_F(Expansion, HasAPortOnlyInATenant) {
  scope_.has_endpoint = false;
  EXPECT_EQ("env", at_load("${port}"));
  EXPECT_EQ("undefined variable \"socket\"", complaint("${socket}"));
}

TEST_F(Expansion, ExpandsNothingTwice) {
  EXPECT_EQ("${port}", at_start("$${port}"));
  EXPECT_EQ("$${port}", at_start("$$$${port}"));
  EXPECT_EQ("$4000", at_start("$$${port}"));
  EXPECT_EQ("$$4000", at_start("$$$$${port}"));
  EXPECT_EQ("${port}", at_start("${unit_like}"));
  EXPECT_EQ("${port}4000${port}", at_start("$${port}${port}${unit_like}"));
  EXPECT_EQ("$$ $ $$x", at_start("$$$$ $$ $$$$x"));
}

TEST(ExpansionAtStart, LeavesUnknownNamesAlone) {
  EXPECT_EQ("${HOME} $$ ${port", expand_at_start("${HOME} $$ ${port", {{"port", "1"}}));
  EXPECT_EQ("", expand_at_start("", {}));
}

}  // namespace
}  // namespace berth
