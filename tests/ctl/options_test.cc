// The command line, and whether the man page tells the same.
#include "init/ctl/options.h"

#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace berth::ctl {
namespace {

std::string error_of(const std::vector<std::string>& words) {
  const auto invocation = parse_command_line(words);
  return invocation ? "" : invocation.error().message;
}

TEST(Options, MayStandAnywhere) {
  const auto invocation =
      parse_command_line({"--json", "logs", "-n", "5", "redis", "--run-dir=/run/x", "-f"});

  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->command, CommandId::logs);
  EXPECT_EQ(invocation->arguments, std::vector<std::string>{"redis"});
  EXPECT_TRUE(invocation->json);
  EXPECT_TRUE(invocation->follow);
  EXPECT_EQ(invocation->lines, 5U);
  EXPECT_EQ(invocation->folders.run_dir, "/run/x");
}

TEST(Options, TakeArgumentsInEachUsualForm) {
  EXPECT_EQ(parse_command_line({"logs", "-n5"})->lines, 5U);
  EXPECT_EQ(parse_command_line({"logs", "--lines=5"})->lines, 5U);
  EXPECT_EQ(parse_command_line({"logs", "--lines", "5"})->lines, 5U);
}

TEST(Options, FoldersOfVerifyAddUp) {
  const auto invocation =
      parse_command_line({"verify", "--units", "a", "--units", "b", "--config", "c"});

  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->folders.given, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(invocation->folders.config, "c");
}

TEST(Options, NothingIsAnOptionAfterTwoDashes) {
  EXPECT_EQ(parse_command_line({"list", "--", "--json"})->arguments,
            std::vector<std::string>{"--json"});
}

TEST(Options, HelpWinsOverEverything) {
  EXPECT_EQ(parse_command_line({"-h"})->command, CommandId::help);
  EXPECT_EQ(parse_command_line({"start", "--help"})->command, CommandId::help);
}

TEST(Options, SayWhatIsWrong) {
  EXPECT_EQ(error_of({}), "no command; see: berthctl help");
  EXPECT_EQ(error_of({"lits"}), "there is no command \"lits\"; did you mean \"list\"?");
  EXPECT_EQ(error_of({"list", "--jsn"}), "there is no option \"--jsn\"; did you mean \"json\"?");
  EXPECT_EQ(error_of({"list", "--json=yes"}), "\"--json=yes\" takes no argument");
  EXPECT_EQ(error_of({"logs", "-n"}), "\"-n\" needs an argument: NUMBER");
  EXPECT_EQ(error_of({"logs", "-n", "0"}), "\"0\" is no number of lines");
  EXPECT_EQ(error_of({"list", "-f"}), "\"--follow\" belongs to \"berthctl logs\"");
  EXPECT_EQ(error_of({"list", "--until", "a=running"}),
            "\"--until\" belongs to \"berthctl events\"");
  EXPECT_EQ(error_of({"blame", "--units", "a"}),
            "\"--units\" belongs to \"berthctl verify|plan|graph\"");
  EXPECT_EQ(error_of({"events", "--until", "redis"}), "\"redis\" is not UNIT=STATE");
  EXPECT_EQ(error_of({"events", "--until", "redis=runing"}),
            "there is no state \"runing\"; did you mean \"running\"?");
  EXPECT_EQ(error_of({"events", "--timeout", "5"}), parse_duration("5").error().message);
  EXPECT_EQ(error_of({"start"}), "\"start\" needs more: berthctl start UNIT ...");
  EXPECT_EQ(error_of({"memory", "redis"}), "\"memory\" takes less: berthctl memory");
}

/// The first words of the list items (".It") of one section of the page.
std::set<std::string> items(const std::string& page, const std::string& section,
                            const std::string& macro) {
  std::set<std::string> found;
  std::istringstream lines(page);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, 3, ".Sh") == 0)
      inside = line == ".Sh " + section;
    const std::string start = ".It " + macro + ' ';
    if (!inside || line.compare(0, start.size(), start) != 0)
      continue;
    std::istringstream words(line.substr(start.size()));
    for (std::string word; words >> word && word != "Ar" && word != "Op";) {
      if (word != "Fl" && word != ",")
        found.insert(word);
    }
  }
  return found;
}

std::string man_page() {
  std::ifstream file(BERTH_SOURCE_DIR "/man/berthctl.1");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ManPage, HasEveryCommandAndNoOther) {
  std::set<std::string> expected;
  for (const CommandSpec& command : commands())
    expected.insert(command.name);

  EXPECT_EQ(items(man_page(), "COMMANDS", "Cm"), expected);
}

TEST(ManPage, HasEveryOptionAndNoOther) {
  std::set<std::string> expected;
  for (const OptionSpec& option : options()) {
    expected.insert(std::string("-") + option.name);
    if (option.letter != 0)
      expected.insert(std::string(1, option.letter));
  }

  EXPECT_EQ(items(man_page(), "OPTIONS", "Fl"), expected);
}

TEST(Help, NamesEveryCommandAndOption) {
  const std::string help = help_text();
  for (const CommandSpec& command : commands())
    EXPECT_NE(help.find(std::string("  ") + command.name), std::string::npos) << command.name;
  for (const OptionSpec& option : options())
    EXPECT_NE(help.find(std::string("--") + option.name), std::string::npos) << option.name;
}

}  // namespace
}  // namespace berth::ctl
