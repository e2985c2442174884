// `berthctl events` against a feed that a test writes.
#include "init/ctl/event_command.h"

#include <sstream>

#include <gtest/gtest.h>

#include "init/ctl/commands.h"
#include "init/os/pipe.h"
#include "init/os/stream.h"
#include "tests/ctl/fake_berth_link.h"

namespace berth::ctl {
namespace {

class Events : public ::testing::Test {
 protected:
  Events() {
    berth_.units = {{"redis", "service", "starting", true, "", "", 0, 0, 0, ""},
                    {"web", "proxy", "running", true, "", "", 0, 0, 0, ""}};
  }

  /// A feed that says this; it ends unless the test keeps the result.
  os::UniqueFd feed(const std::string& text) {
    auto pipe = os::make_pipe();
    os::write_some(pipe->write_end.borrow(), text);
    berth_.feeds.push_back(std::move(pipe->read_end));
    return std::move(pipe->write_end);
  }
  int run(const std::vector<std::string>& words) {
    const auto invocation = parse_command_line(words);
    EXPECT_TRUE(invocation) << invocation.error().message;
    const Output output{out_, err_, false, false, invocation->json, 1000};
    return run_command(*invocation, berth_, output);
  }

  FakeBerthLink berth_;
  std::ostringstream out_, err_;
};

constexpr const char* kRunning = "state\t12345678\t2000\tredis\tstarting\trunning\tab\t\n";
constexpr const char* kWaiting = "state\t7\t2000\tweb\tinactive\twaiting\t\tredis (starting)\n";

TEST_F(Events, SaysFirstThatItIsSubscribed) {
  feed(std::string(kWaiting) + kRunning);

  EXPECT_EQ(run({"events"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "    5.000001  subscribed to 2 units\n"
            "    0.000007  web: inactive -> waiting (redis (starting))\n"
            "   12.345678  redis: starting -> running\n");
}

TEST_F(Events, AreJsonForPrograms) {
  feed(std::string(kRunning) + "dropped\t3\n");

  EXPECT_EQ(run({"events", "--json"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "{\"event\":\"subscribed\",\"monotonic_us\":5000001,\"time_ms\":1000,"
            "\"states\":{\"redis\":\"starting\",\"web\":\"running\"}}\n"
            "{\"event\":\"state\",\"monotonic_us\":12345678,\"time_ms\":2000,\"unit\":\"redis\","
            "\"from\":\"starting\",\"to\":\"running\",\"reason\":\"\",\"invocation_id\":\"ab\"}\n"
            "{\"event\":\"dropped\",\"count\":3}\n");
}

TEST_F(Events, ShowOnlyTheUnitsThatWereAskedFor) {
  feed(std::string(kWaiting) + kRunning + "dropped\t3\n");

  EXPECT_EQ(run({"events", "redis"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "    5.000001  subscribed to 1 unit\n"
            "   12.345678  redis: starting -> running\n"
            "dropped 3\n");
}

TEST_F(Events, EndAtOnceIfTheStateIsReachedAlready) {
  EXPECT_EQ(run({"events", "--until", "web=running"}), kSuccess);
  EXPECT_EQ(out_.str(), "    5.000001  subscribed to 1 unit\n");
}

TEST_F(Events, EndWhenAllStatesWereReached) {
  const auto open = feed(std::string(kWaiting) + kRunning);

  EXPECT_EQ(run({"events", "--until=redis=failed,running", "--until", "web=waiting"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "    5.000001  subscribed to 2 units\n"
            "    0.000007  web: inactive -> waiting (redis (starting))\n"
            "   12.345678  redis: starting -> running\n");
}

TEST_F(Events, SayWhatWasNotReachedInTime) {
  const auto open = feed(kWaiting);

  EXPECT_EQ(run({"events", "--until", "redis=running,failed", "--timeout", "20ms"}), kFailure);

  EXPECT_EQ(err_.str(), "berthctl: redis was not running or failed: the time is over\n");
}

TEST_F(Events, SayWhatWasNotReachedWhenBerthEnds) {
  feed(kWaiting);

  EXPECT_EQ(run({"events", "--until", "redis=running"}), kFailure);

  EXPECT_EQ(err_.str(), "berthctl: redis was not running: berth has ended\n");
}

TEST_F(Events, EndAfterATimeThatWasGiven) {
  const auto open = feed(kRunning);

  EXPECT_EQ(run({"events", "--timeout", "20ms"}), kSuccess);
}

TEST_F(Events, LookAgainAfterAGapInWhichTheStateMayHaveBeenReached) {
  const auto open = feed("dropped\t2\n");
  const auto other = feed(kRunning);

  EXPECT_EQ(run({"events", "--until", "redis=running"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "    5.000001  subscribed to 1 unit\n"
            "dropped 2\n"
            "   12.345678  redis: starting -> running\n");
}

TEST_F(Events, SayThatThereIsNoSuchUnit) {
  EXPECT_EQ(run({"events", "rdis"}), kNoSuchUnit);
  EXPECT_EQ(run({"events", "--until", "weg=running"}), kNoSuchUnit);
  EXPECT_EQ(err_.str(),
            "berthctl: there is no unit rdis; did you mean \"redis\"?\n"
            "berthctl: there is no unit weg; did you mean \"web\"?\n");
}

TEST_F(Events, RefuseWhatTheyDoNotUnderstand) {
  feed("nonsense\n");

  EXPECT_EQ(run({"events"}), kFailure);
  EXPECT_EQ(err_.str(), "berthctl: \"nonsense\" is no event\n");
}

}  // namespace
}  // namespace berth::ctl
