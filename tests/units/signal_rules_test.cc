// [signals]: what it may say, and what holds without it.
#include "units/signal_rules.h"

#include <algorithm>
#include <csignal>

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using testing::Lines;

using Action = SignalRule::Action;

Catalog load_config(const std::string& config) {
  const std::vector<SourceFile> files{
      testing::source({"web.toml", "[service]\ncommand = \"true\"\n"}),
      testing::source({"worker@.toml", "[tenant]\ncommand = \"true\"\n"}),
      testing::source({"proxy.toml", "[proxy]\nlisten = \":80\"\n"})};
  const SourceFile berth_toml = testing::source({"berth.toml", config});
  return load_catalog(files, &berth_toml, testing::context());
}

Lines errors_of(const std::string& rules) {
  return testing::messages(load_config("[signals]\n" + rules));
}

TEST(SignalRules, HaveDefaultsForWhatContainersSend) {
  const BerthConfig config;

  for (const int signal : {SIGTERM, SIGINT, SIGPWR, 37, 38})
    EXPECT_EQ((SignalRule{Action::shutdown, ""}), signal_rule(config, signal)) << signal;
  EXPECT_EQ((SignalRule{Action::restart, ""}), signal_rule(config, 39));
  EXPECT_EQ((SignalRule{Action::reload, ""}), signal_rule(config, SIGHUP));
  for (const int signal : {SIGUSR1, SIGUSR2, SIGQUIT, SIGWINCH, SIGALRM, 34, 64})
    EXPECT_EQ((SignalRule{Action::forward, ""}), signal_rule(config, signal)) << signal;
}

TEST(SignalRules, AreWhatTheConfigurationSays) {
  const Catalog catalog = load_config(
      "[signals]\nSIGUSR1 = \"forward:web\"\nHUP = \"ignore\"\n\"RTMIN+3\" = \"reload\"\n"
      "\"12\" = \"shutdown\"\nSIGTERM = \"restart\"\n");

  ASSERT_EQ(Lines{}, testing::messages(catalog));
  EXPECT_EQ((SignalRule{Action::forward, "web"}), signal_rule(catalog.config, SIGUSR1));
  EXPECT_EQ((SignalRule{Action::ignore, ""}), signal_rule(catalog.config, SIGHUP));
  EXPECT_EQ((SignalRule{Action::reload, ""}), signal_rule(catalog.config, 37));
  EXPECT_EQ((SignalRule{Action::shutdown, ""}), signal_rule(catalog.config, SIGUSR2));
  EXPECT_EQ((SignalRule{Action::restart, ""}), signal_rule(catalog.config, SIGTERM));
  EXPECT_EQ((SignalRule{Action::shutdown, ""}), signal_rule(catalog.config, SIGINT));
}

TEST(SignalRules, SayWhatIsWrong) {
  EXPECT_EQ((Lines{"berth.toml:2:1: \"SIGUSR3\" in [signals] is no signal; did you mean "
                   "\"SIGUSR1\"?"}),
            errors_of("SIGUSR3 = \"reload\"\n"));
  EXPECT_EQ((Lines{"berth.toml:2:1: \"KILL\" in [signals] is a signal that berth cannot act on"}),
            errors_of("KILL = \"shutdown\"\n"));
  EXPECT_EQ((Lines{"berth.toml:2:1: \"SIGCHLD\" in [signals] is a signal that berth cannot act "
                   "on"}),
            errors_of("SIGCHLD = \"ignore\"\n"));
  EXPECT_EQ((Lines{"berth.toml:2:11: \"SIGUSR1\" in [signals] must be \"forward:UNIT\", "
                   "\"reload\", \"shutdown\", \"restart\" or \"ignore\", not \"forward:\""}),
            errors_of("SIGUSR1 = \"forward:\"\n"));
  EXPECT_EQ((Lines{"berth.toml:2:11: \"SIGUSR1\" in [signals] must be \"forward:UNIT\", "
                   "\"reload\", \"shutdown\", \"restart\" or \"ignore\", not a number"}),
            errors_of("SIGUSR1 = 1\n"));
  EXPECT_EQ((Lines{"berth.toml:3:1: \"USR1\" in [signals] is a second name of SIGUSR1"}),
            errors_of("SIGUSR1 = \"reload\"\nUSR1 = \"reload\"\n"));
  EXPECT_EQ((Lines{"berth.toml:1:11: \"signals\" in berth.toml must be a table of signals"}),
            testing::messages(load_config("signals = \"all\"\n")));
}

TEST(SignalRules, AreForwardedToUnitsThatExist) {
  EXPECT_EQ((Lines{"berth.toml:2:11: forward to \"wep\", which does not exist; did you mean "
                   "\"web\"?"}),
            errors_of("SIGUSR1 = \"forward:wep\"\n"));
  EXPECT_EQ((Lines{"berth.toml:2:11: forward to \"worker@\", which is a template: name one of its "
                   "instances"}),
            errors_of("SIGUSR1 = \"forward:worker@\"\n"));
}

TEST(SignalRules, TakeNoSignalThatIsAFaultOfBerths) {
  const std::vector<int> taken = signals_taken();

  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGKILL, SIGSTOP, 32, 33})
    EXPECT_EQ(taken.end(), std::find(taken.begin(), taken.end(), signal)) << signal;
  for (const int signal : {SIGCHLD, SIGPIPE, SIGTERM, SIGPWR, 34, 64})
    EXPECT_NE(taken.end(), std::find(taken.begin(), taken.end(), signal)) << signal;
}

}  // namespace
}  // namespace berth
