// The command line of berth: every message whole.
#include "init/options.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

using Words = std::vector<std::string>;

Result<Options> parse(Words words) {
  words.insert(words.begin(), "berth");
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), argv.data());
}

std::string error_of(const Words& words) {
  const auto options = parse(words);
  return options ? "" : options.error().message;
}

TEST(Options, HaveDefaults) {
  const auto options = parse({});

  ASSERT_TRUE(options);
  EXPECT_EQ(Words{}, options->folders.given);
  EXPECT_EQ("/run/berth", options->folders.run_dir);
  EXPECT_EQ("", options->folders.config);
  EXPECT_FALSE(options->help);
  EXPECT_FALSE(options->version);
}

TEST(Options, TakeFoldersInTheirOrder) {
  const auto options = parse({"--units", "/a", "--units=/b", "--run-dir", "/r", "--config=/c"});

  ASSERT_TRUE(options);
  EXPECT_EQ((Words{"/a", "/b"}), options->folders.given);
  EXPECT_EQ("/r", options->folders.run_dir);
  EXPECT_EQ("/c", options->folders.config);
}

TEST(Options, KnowHelpAndVersion) {
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_TRUE(parse({"-h"})->help);
  EXPECT_TRUE(parse({"--version"})->version);
}

TEST(Options, SayWhatIsWrong) {
  EXPECT_EQ("unknown option --unit-files", error_of({"--unit-files", "/a"}));
  EXPECT_EQ("unknown option -x", error_of({"-x"}));
  EXPECT_EQ("unknown option -x", error_of({"-xy"}));
  EXPECT_EQ("--units wants a value", error_of({"--units"}));
  EXPECT_EQ("unexpected argument /a", error_of({"/a"}));
  EXPECT_EQ("--run-dir wants an absolute path", error_of({"--run-dir", "run"}));
  EXPECT_EQ("--run-dir wants an absolute path", error_of({"--run-dir", ""}));
}

TEST(Options, EndWhereACommandBegins) {
  const auto options = parse({"--units", "/a", "--", "ls", "--units", "--", "-x"});

  ASSERT_TRUE(options);
  EXPECT_EQ(Words{"/a"}, options->folders.given);
  EXPECT_EQ((Words{"ls", "--units", "--", "-x"}), options->command);
  EXPECT_EQ(Words{}, parse({})->command);
  EXPECT_EQ("no command after --", error_of({"--"}));
  EXPECT_EQ("unexpected argument ls", error_of({"ls", "--", "ls"}));
}

TEST(Options, CanBeReadTwice) {
  EXPECT_EQ("unknown option -x", error_of({"-x"}));
  EXPECT_EQ("unknown option -x", error_of({"-x"}));
}

}  // namespace
}  // namespace berth
