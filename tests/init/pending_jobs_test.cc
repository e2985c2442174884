// When an admin's command is over, and how.
#include "init/pending_jobs.h"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace berth {
namespace {

using control::JobResult;
using Goal = PendingJobs::Goal;
using Outcome = std::pair<JobResult, std::vector<std::string>>;

class PendingJobsTest : public testing::Test {
 protected:
  static Unit definition(UnitKind kind) {
    Unit unit;
    unit.name = *UnitName::parse("redis");
    unit.kind = kind;
    return unit;
  }
  void want(Goal goal) {
    jobs_.add(unit_, goal, [this](JobResult result, std::vector<std::string> lines) {
      EXPECT_FALSE(outcome_) << "told twice";
      outcome_ = Outcome(result, std::move(lines));
    });
  }
  /// What was told when the unit came into this state.
  std::optional<Outcome> become(UnitState state) {
    unit_.state = state;
    jobs_.on_state(unit_);
    return outcome_;
  }
  void new_life() { ++unit_.life.epoch; }

  UnitRuntime unit_{definition(UnitKind::service), 0};
  PendingJobs jobs_;
  std::optional<Outcome> outcome_;
};

TEST_F(PendingJobsTest, AStartIsDoneWhenTheUnitIsUp) {
  want(Goal::up);

  EXPECT_EQ(std::nullopt, become(UnitState::waiting));
  EXPECT_EQ(std::nullopt, become(UnitState::preparing));
  EXPECT_EQ(std::nullopt, become(UnitState::starting));
  EXPECT_EQ(1U, jobs_.size());
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::running));
  EXPECT_EQ(0U, jobs_.size());
}

TEST_F(PendingJobsTest, AStartOfAJobWaitsWhileTheJobIsTriedAgain) {
  unit_.unit.kind = UnitKind::job;
  want(Goal::up);

  EXPECT_EQ(std::nullopt, become(UnitState::backoff));
  unit_.reason = "exit status 1";
  EXPECT_EQ(Outcome(JobResult::failed, {"redis: exit status 1"}), become(UnitState::failed));
}

TEST_F(PendingJobsTest, AStartDuringARunWaitsForTheRunThatFollows) {
  unit_.unit.kind = UnitKind::job;
  unit_.state = UnitState::running;
  unit_.job().again = JobTrigger::manual;
  jobs_.add_next_run(unit_, [this](JobResult result, std::vector<std::string> lines) {
    outcome_ = Outcome(result, std::move(lines));
  });

  EXPECT_EQ(std::nullopt, become(UnitState::cleaning));
  EXPECT_EQ(std::nullopt, become(UnitState::failed));
  unit_.job().again.reset();
  EXPECT_EQ(std::nullopt, become(UnitState::waiting));
  new_life();
  EXPECT_EQ(std::nullopt, become(UnitState::running));
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::exited));
}

TEST_F(PendingJobsTest, ARestartWithoutAGapIsDoneWhenTheNextLifeHasTakenOver) {
  unit_.handover = std::make_unique<Handover>();
  unit_.handover->phase = Handover::Phase::under_way;
  want(Goal::up_again);

  EXPECT_EQ(std::nullopt, become(UnitState::running));
  new_life();
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::running));
}

TEST_F(PendingJobsTest, ARestartWithoutAGapFailsWithTheReason) {
  unit_.handover = std::make_unique<Handover>();
  unit_.handover->phase = Handover::Phase::failed;
  unit_.wanted_up = true;
  unit_.reason = "no such user";
  want(Goal::up_again);

  EXPECT_EQ(Outcome(JobResult::failed, {"redis: no such user"}), become(UnitState::running));
}

TEST_F(PendingJobsTest, AStartDuringARunIsCanceledByAStop) {
  unit_.unit.kind = UnitKind::job;
  unit_.state = UnitState::running;
  jobs_.add_next_run(unit_, [this](JobResult result, std::vector<std::string> lines) {
    outcome_ = Outcome(result, std::move(lines));
  });

  EXPECT_EQ(Outcome(JobResult::canceled, {"redis: stopped"}), become(UnitState::inactive));
}

TEST_F(PendingJobsTest, AStartOfAJobIsDoneWhenItHasSucceeded) {
  unit_.unit.kind = UnitKind::job;
  want(Goal::up);

  EXPECT_EQ(std::nullopt, become(UnitState::running));
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::exited));
}

TEST_F(PendingJobsTest, AStartFailsWithTheReason) {
  want(Goal::up);
  unit_.reason = "exit status 1";

  EXPECT_EQ(Outcome(JobResult::failed, {"redis: exit status 1"}), become(UnitState::failed));
}

TEST_F(PendingJobsTest, AStartFailsAtTheFirstBackOffAndTellsThatBerthGoesOn) {
  want(Goal::up);
  unit_.reason = "exit status 1";

  EXPECT_EQ(Outcome(JobResult::failed, {"redis: exit status 1", "redis: berth goes on trying"}),
            become(UnitState::backoff));
}

TEST_F(PendingJobsTest, AStartIsSkippedWhenAConditionDoesNotHold) {
  want(Goal::up);
  unit_.reason = "ENABLE_REDIS is not set";

  EXPECT_EQ(Outcome(JobResult::skipped, {"redis: ENABLE_REDIS is not set"}),
            become(UnitState::skipped));
}

TEST_F(PendingJobsTest, AStartIsCanceledByAStop) {
  want(Goal::up);

  EXPECT_EQ(Outcome(JobResult::canceled, {"redis: stopped"}), become(UnitState::inactive));
}

TEST_F(PendingJobsTest, AStartDuringAStopGoesOnThroughTheRestBetween) {
  unit_.state = UnitState::stopping;
  unit_.wanted_up = true;
  want(Goal::up);

  EXPECT_EQ(std::nullopt, become(UnitState::cleaning));
  EXPECT_EQ(std::nullopt, become(UnitState::inactive));
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::running));
}

TEST_F(PendingJobsTest, AStopIsDoneWhenTheUnitIsAtRest) {
  unit_.state = UnitState::running;
  want(Goal::down);

  EXPECT_EQ(std::nullopt, become(UnitState::stopping));
  EXPECT_EQ(std::nullopt, become(UnitState::killing));
  EXPECT_EQ(std::nullopt, become(UnitState::cleaning));
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::inactive));
}

TEST_F(PendingJobsTest, AStopIsDoneHoweverTheUnitEnded) {
  for (const UnitState state : {UnitState::exited, UnitState::failed, UnitState::skipped}) {
    outcome_.reset();
    want(Goal::down);

    EXPECT_EQ(Outcome(JobResult::done, {}), become(state)) << to_string(state);
  }
}

TEST_F(PendingJobsTest, ARestartIsDoneWhenAnotherLifeIsUp) {
  unit_.state = UnitState::running;
  unit_.wanted_up = true;
  unit_.stop_pending = true;
  want(Goal::up_again);

  EXPECT_EQ(std::nullopt, become(UnitState::running)) << "still the old one";
  EXPECT_EQ(std::nullopt, become(UnitState::stopping));
  EXPECT_EQ(std::nullopt, become(UnitState::cleaning));
  EXPECT_EQ(std::nullopt, become(UnitState::inactive));
  new_life();
  EXPECT_EQ(std::nullopt, become(UnitState::preparing));
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::running));
}

TEST_F(PendingJobsTest, ARestartIsCanceledWhenAStopAndAStartOvertakeIt) {
  unit_.state = UnitState::running;
  unit_.wanted_up = true;
  unit_.stop_pending = true;
  want(Goal::up_again);

  unit_.stop_pending = false;

  EXPECT_EQ(Outcome(JobResult::canceled, {"redis: started again"}), become(UnitState::running));
}

TEST_F(PendingJobsTest, AStartIsNotOverWhileTheFailedLifeBeforeIsFollowedByIt) {
  want(Goal::up);
  unit_.wanted_up = true;

  EXPECT_EQ(std::nullopt, become(UnitState::failed));
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::running));
}

TEST_F(PendingJobsTest, ARestartOfAJobIsNotDoneByTheRunBefore) {
  unit_.unit.kind = UnitKind::job;
  unit_.state = UnitState::running;
  want(Goal::up_again);

  EXPECT_EQ(std::nullopt, become(UnitState::exited));
  new_life();
  EXPECT_EQ(Outcome(JobResult::done, {}), become(UnitState::exited));
}

TEST_F(PendingJobsTest, AnotherUnitIsNobodysBusiness) {
  Unit other = definition(UnitKind::service);
  other.name = *UnitName::parse("cable");
  UnitRuntime cable(std::move(other), 1);
  cable.state = UnitState::running;
  want(Goal::up);

  jobs_.on_state(cable);

  EXPECT_EQ(std::nullopt, outcome_);
}

TEST_F(PendingJobsTest, EverybodyWhoWaitsIsToldOnceAndMayAskForMore) {
  int told = 0;
  for (int i = 0; i < 3; ++i)
    jobs_.add(unit_, Goal::up, [&](JobResult, const std::vector<std::string>&) {
      ++told;
      jobs_.add(unit_, Goal::down, [](JobResult, const std::vector<std::string>&) {});
    });

  become(UnitState::running);
  become(UnitState::running);

  EXPECT_EQ(3, told);
  EXPECT_EQ(3U, jobs_.size());
}

}  // namespace
}  // namespace berth
