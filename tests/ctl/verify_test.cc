// What `berthctl verify` prints.
#include "init/ctl/verify.h"

#include <sstream>

#include <gtest/gtest.h>

#include "init/ctl/options.h"
#include "units/container_needs.h"

namespace berth::ctl {
namespace {

class Verify : public testing::Test {
 protected:
  Verify() { catalog_.units["redis"] = Unit{}; }

  std::string needed() const { return std::to_string(descriptors_needed(catalog_)); }
  int show(std::optional<std::uint64_t> limit, bool json = false) {
    return show_verification(catalog_, limit, Output{out_, err_, false, false, json, 0});
  }
  void break_a_unit() {
    catalog_.errors.push_back(LoadError{{"web.toml", 2, 1}, "web", "unknown key \"x\""});
  }

  Catalog catalog_;
  std::ostringstream out_, err_;
};

TEST_F(Verify, SaysWhatTheUnitsNeed) {
  EXPECT_EQ(show(1'048'576), kSuccess);

  EXPECT_EQ(out_.str(),
            "1 unit, 0 templates: nothing is wrong\n"
            "descriptors: at most " +
                needed() +
                " of 1048576\n"
                "shutdown: over within 9s: docker stop -t 10\n");
}

TEST_F(Verify, SaysThatThereIsNoLimit) {
  show(std::nullopt);

  EXPECT_NE(out_.str().find("descriptors: at most " + needed() + " of any number\n"),
            std::string::npos);
}

TEST_F(Verify, ReportsALimitThatIsTooLowWithoutBlamingTheUnits) {
  EXPECT_EQ(show(64), kSuccess);

  EXPECT_NE(out_.str().find("descriptors: at most " + needed() +
                            " of 64\n"
                            "error: berth may not open so many: raise the hard limit (docker run "
                            "--ulimit nofile=" +
                            needed() + ")\n"),
            std::string::npos)
      << out_.str();
}

TEST_F(Verify, ReportsErrorsWithTheirPlaces) {
  break_a_unit();

  EXPECT_EQ(show(1'048'576), kFailure);

  EXPECT_TRUE(
      out_.str().starts_with("web.toml:2:1: unknown key \"x\"\n"
                             "1 unit, 0 templates: 1 error\n"))
      << out_.str();
}

TEST_F(Verify, TellsProgramsTheSame) {
  break_a_unit();

  EXPECT_EQ(show(64, true), kFailure);

  EXPECT_EQ(out_.str(),
            "{\"ok\":false,\"units\":1,\"templates\":0,\"errors\":[{\"file\":\"web.toml\","
            "\"line\":2,\"column\":1,\"unit\":\"web\",\"message\":\"unknown key \\\"x\\\"\"}],"
            "\"descriptors\":{\"needed\":" +
                needed() +
                ",\"limit\":64,\"enough\":false},"
                "\"shutdown_ms\":9000,\"stop_grace_ms\":10000}\n");
}

}  // namespace
}  // namespace berth::ctl
