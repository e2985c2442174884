// Which unit's end is berth's, and the exit status that follows.
#include "init/outcome.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

class OutcomeTest : public testing::Test {
 protected:
  UnitRuntime& add(const std::string& name) {
    Unit unit;
    unit.name = *UnitName::parse(name);
    return table_.add(std::move(unit));
  }
  UnitRuntime& add_main() {
    UnitRuntime& app = add("app");
    app.unit.info.main = true;
    return app;
  }
  std::optional<std::string> comes_to_rest(UnitRuntime& unit, UnitState state, int exit_code,
                                           bool shutting_down = false) {
    unit.state = state;
    unit.life.exit_code = exit_code;
    unit.last_exit = "exit status " + std::to_string(exit_code);
    return outcome_.on_state(unit, shutting_down);
  }

  UnitTable table_;
  Outcome outcome_{table_};
};

TEST_F(OutcomeTest, IsTheMainUnitsOwnForEveryExitCode) {
  UnitRuntime& app = add_main();
  for (int code = 0; code <= 255; ++code) {
    EXPECT_EQ("the main unit app ended: exit status " + std::to_string(code),
              comes_to_rest(app, UnitState::exited, code));
    EXPECT_EQ(code, outcome_.exit_status(false));
  }
}

TEST_F(OutcomeTest, Is128AndTheSignalThatKilledTheMainUnit) {
  UnitRuntime& app = add_main();
  for (int signal = 1; signal <= 64; ++signal) {
    const os::ExitStatus killed{os::ExitStatus::How::signaled, signal};
    comes_to_rest(app, UnitState::failed, killed.shell_code());
    EXPECT_EQ(128 + signal, outcome_.exit_status(false));
  }
}

TEST_F(OutcomeTest, Is1WhenTheMainUnitFailsWith0OrWithoutAProcess) {
  UnitRuntime& app = add_main();
  comes_to_rest(app, UnitState::failed, 0);
  EXPECT_EQ(1, outcome_.exit_status(false));

  app.life.exit_code.reset();
  app.reason = "requires redis, which has failed";
  EXPECT_EQ("the main unit app failed: requires redis, which has failed",
            outcome_.on_state(app, false));
  EXPECT_EQ(1, outcome_.exit_status(false));
}

TEST_F(OutcomeTest, IsNotOverWhileTheMainUnitStartsAgain) {
  UnitRuntime& app = add_main();

  EXPECT_EQ(std::nullopt, comes_to_rest(app, UnitState::backoff, 3));
  app.wanted_up = true;
  EXPECT_EQ(std::nullopt, comes_to_rest(app, UnitState::inactive, 3));
  EXPECT_EQ(std::nullopt, comes_to_rest(app, UnitState::failed, 3));
}

TEST_F(OutcomeTest, IsNotOverWhenTheMainUnitIsStoppedByHandOrSkipped) {
  UnitRuntime& app = add_main();

  EXPECT_EQ(std::nullopt, comes_to_rest(app, UnitState::inactive, 143));
  EXPECT_EQ(std::nullopt, comes_to_rest(app, UnitState::skipped, 0));
  EXPECT_EQ(0, outcome_.exit_status(false));
}

TEST_F(OutcomeTest, CountsHowTheMainUnitEndsInAShutdown) {
  UnitRuntime& app = add_main();

  comes_to_rest(app, UnitState::inactive, 143, true);

  EXPECT_EQ(143, outcome_.exit_status(false));
}

TEST_F(OutcomeTest, IsOverWhenAnEssentialUnitFails) {
  UnitRuntime& redis = add("redis");
  redis.unit.info.essential = true;
  redis.reason = "exit status 7";

  EXPECT_EQ(std::nullopt, comes_to_rest(redis, UnitState::exited, 0));
  EXPECT_EQ(std::nullopt, comes_to_rest(redis, UnitState::inactive, 143));
  EXPECT_EQ(0, outcome_.exit_status(false));
  EXPECT_EQ("the essential unit redis failed: exit status 7",
            comes_to_rest(redis, UnitState::failed, 7));
  EXPECT_EQ(1, outcome_.exit_status(false));
}

TEST_F(OutcomeTest, IsOverWhenAnEssentialUnitIsBroughtDownByAFailure) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add("app");
  app.unit.info.essential = true;
  app.stopped_with = "redis";

  EXPECT_EQ(std::nullopt, comes_to_rest(app, UnitState::inactive, 143)) << "redis was stopped";
  redis.state = UnitState::failed;
  EXPECT_TRUE(comes_to_rest(app, UnitState::inactive, 143).has_value());
}

TEST_F(OutcomeTest, IsNotOverWhenALaterRunOfAnEssentialJobFails) {
  UnitRuntime& job = add("job");
  job.unit.kind = UnitKind::job;
  job.unit.info.essential = true;
  job.job_succeeded = true;

  EXPECT_EQ(std::nullopt, comes_to_rest(job, UnitState::failed, 1));
}

TEST_F(OutcomeTest, IsNothingToAnyOtherUnit) {
  EXPECT_EQ(std::nullopt, comes_to_rest(add("cable"), UnitState::failed, 9));
  EXPECT_EQ(0, outcome_.exit_status(false));
}

TEST_F(OutcomeTest, Is1WhereItWouldBe0AndSomethingWasCutShort) {
  EXPECT_EQ(1, outcome_.exit_status(true));
  comes_to_rest(add_main(), UnitState::exited, 5);
  EXPECT_EQ(5, outcome_.exit_status(true));
}

}  // namespace
}  // namespace berth
