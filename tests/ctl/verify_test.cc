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
  Verify() {
    catalog_.units["redis"].name = *UnitName::parse("redis");
    catalog_.config.shutdown_timeout = std::chrono::seconds(40);
  }

  std::string needed() const { return std::to_string(descriptors_needed(catalog_)); }
  int show(std::optional<std::uint64_t> limit, bool json = false) {
    return show_verification(catalog_, limit, libraries_,
                             Output{out_, err_, false, false, json, 0});
  }
  void break_a_unit() {
    catalog_.errors.push_back(LoadError{{"web.toml", 2, 1}, "web", "unknown key \"x\""});
  }

  Catalog catalog_;
  std::vector<std::string> libraries_{"/nowhere"};
  std::ostringstream out_, err_;
};

TEST_F(Verify, SaysWhatTheUnitsNeed) {
  EXPECT_EQ(show(1'048'576), kSuccess);

  EXPECT_EQ(out_.str(),
            "1 unit, 0 templates: nothing is wrong\n"
            "descriptors: at most " +
                needed() +
                " of 1048576\n"
                "shutdown: over within 40s: docker stop -t 41\n"
                "longest stop: 10s, if each takes all of its time: redis (10s)\n");
}

TEST_F(Verify, SaysWhatTheLongestWayToTheEndNeeds) {
  catalog_.config.shutdown_timeout = std::chrono::seconds(9);
  catalog_.units["redis"].service.after_stop.emplace_back();
  Unit& app = catalog_.units["app"];
  app.name = *UnitName::parse("app");
  app.info.requires_units = {"redis"};

  show(1'048'576);

  EXPECT_TRUE(out_.str().ends_with(
      "shutdown: over within 9s: docker stop -t 10\n"
      "longest stop: 50s, if each takes all of its time: app (10s), redis (10s, then 30s)\n"
      "  what does not end before is killed earlier; all of its time it has with [shutdown] "
      "timeout = \"40s\", after_stop = \"30s\": docker stop -t 71\n"))
      << out_.str();
}

TEST_F(Verify, NamesTheFirstOfALongWay) {
  for (int i = 10; i < 30; ++i) {
    Unit& unit = catalog_.units["u" + std::to_string(i)];
    unit.name = *UnitName::parse("u" + std::to_string(i));
    if (i > 10)
      unit.info.after = {"u" + std::to_string(i - 1)};
  }

  show(1'048'576);

  EXPECT_NE(out_.str().find("longest stop: 3m20s, if each takes all of its time: u29 (10s), u28 "),
            std::string::npos)
      << out_.str();
  EXPECT_NE(out_.str().find("u20 (10s), and 10 more\n"), std::string::npos) << out_.str();
}

TEST_F(Verify, SaysWhichCapabilitiesTheContainerNeeds) {
  ProcessSpec& process = catalog_.units["redis"].process;
  const auto bit = [](const char* name) { return CapabilitySet{1} << *capability_number(name); };

  process.capabilities = bit("chown");
  show(1'048'576);
  EXPECT_NE(out_.str().find("\ncapabilities: units keep chown\n"), std::string::npos);

  process.capabilities = bit("chown") | bit("sys_time");
  show(1'048'576);
  EXPECT_NE(out_.str().find("\ncapabilities: units keep chown, sys_time; containers have not by "
                            "themselves sys_time (docker run --cap-add)\n"),
            std::string::npos)
      << out_.str();
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

TEST_F(Verify, ReportsAnAllocatorThatIsNotThereWithoutBlamingTheUnits) {
  catalog_.units["redis"].memory.allocator = Allocator::jemalloc;
  Unit& web = catalog_.units["web"];
  web.name = *UnitName::parse("web");
  web.kind = UnitKind::proxy;  // which does not use it
  web.memory.allocator = Allocator::mimalloc;

  EXPECT_EQ(show(1'048'576), kSuccess);

  EXPECT_NE(out_.str().find("\nerror: [memory] allocator \"jemalloc\": no libjemalloc.so.2 in "
                            "/nowhere; Debian's package is libjemalloc2; without it these cannot "
                            "start: redis\n"),
            std::string::npos)
      << out_.str();
  EXPECT_EQ(out_.str().find("mimalloc"), std::string::npos) << out_.str();
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
                ",\"limit\":64,\"enough\":false},\"missing_libraries\":[],"
                "\"capabilities\":\"\",\"extra_capabilities\":\"\","
                "\"shutdown_ms\":40000,\"stop_grace_ms\":41000,\"longest_stop\":{"
                "\"total_ms\":10000,\"enough\":true,\"timeout_ms\":20000,\"after_stop_ms\":0,"
                "\"stop_grace_ms\":21000,\"units\":[{\"unit\":\"redis\",\"stop_ms\":10000,"
                "\"after_ms\":0}]}}\n");
}

}  // namespace
}  // namespace berth::ctl
