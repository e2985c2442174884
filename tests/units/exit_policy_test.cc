// Restart policy.
#include "units/exit_policy.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

using std::chrono::milliseconds;

Unit service(Restart restart) {
  Unit unit;
  unit.service.restart = restart;
  return unit;
}

ExitFacts exited(int code) {
  ExitFacts facts;
  facts.value = code;
  return facts;
}

ExitFacts killed(int signal) {
  ExitFacts facts;
  facts.by_signal = true;
  facts.value = signal;
  return facts;
}

Verdict classify(const Unit& unit, const ExitFacts& facts) {
  RestartHistory history;
  return classify_exit(unit, facts, history, milliseconds(0));
}

TEST(ExitPolicy, ZeroAndSuccessExitAreSuccess) {
  Unit unit = service(Restart::on_failure);
  unit.service.success_codes = {3};
  unit.service.success_signals = {1};

  EXPECT_EQ(classify(unit, exited(0)), Verdict::done);
  EXPECT_EQ(classify(unit, exited(3)), Verdict::done);
  EXPECT_EQ(classify(unit, killed(1)), Verdict::done);
  EXPECT_EQ(classify(unit, exited(1)), Verdict::retry);
  EXPECT_EQ(classify(unit, killed(9)), Verdict::retry);
}

TEST(ExitPolicy, EndingByTheStopSignalThatBerthSentIsSuccess) {
  ExitFacts by_signal = killed(15);
  ExitFacts as_code = exited(143);
  EXPECT_FALSE(is_success(ServiceSpec{}, by_signal));
  EXPECT_FALSE(is_success(ServiceSpec{}, as_code));
  by_signal.stop_sent = true;
  as_code.stop_sent = true;

  EXPECT_TRUE(is_success(ServiceSpec{}, by_signal));
  EXPECT_TRUE(is_success(ServiceSpec{}, as_code));
}

TEST(ExitPolicy, AJobIsTriedAgainAsOftenAsItSaysAndThenHasFailed) {
  Unit job;
  job.kind = UnitKind::job;
  job.job.emplace().retries = 2;
  RestartHistory history;
  const auto verdict = [&](int code) {
    return classify_exit(job, exited(code), history, milliseconds(0));
  };

  EXPECT_EQ(verdict(1), Verdict::retry);
  EXPECT_EQ(verdict(1), Verdict::retry);
  EXPECT_EQ(verdict(1), Verdict::failed);
  EXPECT_EQ(verdict(1), Verdict::retry);
  EXPECT_EQ(verdict(0), Verdict::done);
  EXPECT_EQ(verdict(1), Verdict::retry);
}

TEST(ExitPolicy, AJobThatCannotBeExecutedIsNotTriedAgain) {
  Unit job;
  job.kind = UnitKind::job;
  job.job.emplace().retries = 2;
  ExitFacts facts = exited(1);
  facts.never_started = true;

  EXPECT_EQ(classify(job, facts), Verdict::failed);
}

TEST(ExitPolicy, AUnitThatIsNotWantedAnyMoreIsStoppedHoweverItEnded) {
  ExitFacts facts = exited(1);
  facts.wanted_up = false;

  EXPECT_EQ(classify(service(Restart::always), facts), Verdict::stopped);
}

TEST(ExitPolicy, NeverMeansDoneOrFailed) {
  EXPECT_EQ(classify(service(Restart::never), exited(0)), Verdict::done);
  EXPECT_EQ(classify(service(Restart::never), exited(1)), Verdict::failed);
}

TEST(ExitPolicy, AlwaysRestartsAfterSuccessToo) {
  EXPECT_EQ(classify(service(Restart::always), exited(0)), Verdict::retry);
}

TEST(ExitPolicy, WhatCouldNotEvenStartFailsAtOnceUnlessItRestartsAlways) {
  ExitFacts facts = exited(127);
  facts.never_started = true;

  EXPECT_EQ(classify(service(Restart::on_failure), facts), Verdict::failed);
  EXPECT_EQ(classify(service(Restart::always), facts), Verdict::retry);
}

TEST(ExitPolicy, AJobIsNotRestarted) {
  Unit job = service(Restart::on_failure);
  job.kind = UnitKind::job;

  EXPECT_EQ(classify(job, exited(0)), Verdict::done);
  EXPECT_EQ(classify(job, exited(1)), Verdict::failed);
}

TEST(ExitPolicy, NotGettingReadyIsAFailureEvenIfTheExitLooksClean) {
  ExitFacts facts = exited(0);
  facts.gave_up_waiting = true;

  EXPECT_EQ(classify(service(Restart::never), facts), Verdict::failed);
  EXPECT_EQ(classify(service(Restart::on_failure), facts), Verdict::retry);
}

TEST(RestartHistory, AllowsTheLimitWithinTheWindowAndNoMore) {
  ServiceSpec spec;
  spec.restart_limit = 3;
  spec.restart_window = milliseconds(1000);
  RestartHistory history;

  EXPECT_TRUE(history.admit(spec, milliseconds(0)));
  EXPECT_TRUE(history.admit(spec, milliseconds(10)));
  EXPECT_TRUE(history.admit(spec, milliseconds(20)));
  EXPECT_FALSE(history.admit(spec, milliseconds(999)));
  EXPECT_TRUE(history.admit(spec, milliseconds(1000)));
}

TEST(RestartHistory, WithoutALimitItNeverSaysNo) {
  ServiceSpec spec;
  spec.restart_limit = 0;
  RestartHistory history;

  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(history.admit(spec, milliseconds(i)));
}

TEST(RestartHistory, TheDelayDoublesUpToItsMaximum) {
  ServiceSpec spec;
  spec.restart_limit = 0;
  spec.restart_delay = milliseconds(100);
  spec.restart_delay_max = milliseconds(500);
  RestartHistory history;
  std::vector<long> delays;
  for (int i = 0; i < 5; ++i) {
    history.admit(spec, milliseconds(0));
    delays.push_back(history.delay(spec).count());
  }

  EXPECT_EQ(delays, (std::vector<long>{100, 200, 400, 500, 500}));
}

TEST(RestartHistory, AtOnceIsMeantForTheFirstTimeOnly) {
  ServiceSpec spec;
  spec.restart_limit = 0;
  spec.restart_delay = milliseconds(0);
  spec.restart_delay_max = milliseconds(30);
  RestartHistory history;
  std::vector<long> delays;
  for (int i = 0; i < 4; ++i) {
    history.admit(spec, milliseconds(0));
    delays.push_back(history.delay(spec).count());
  }

  EXPECT_EQ(delays, (std::vector<long>{0, 10, 20, 30}));
}

TEST(RestartHistory, ForgettingBeginsAnew) {
  ServiceSpec spec;
  spec.restart_limit = 1;
  RestartHistory history;
  history.admit(spec, milliseconds(0));
  ASSERT_FALSE(history.admit(spec, milliseconds(1)));

  history.forget();

  EXPECT_TRUE(history.admit(spec, milliseconds(2)));
  EXPECT_EQ(history.delay(spec), spec.restart_delay);
}

TEST(ExitPolicy, EachVerdictHasItsTwoEvents) {
  EXPECT_EQ(exit_event(Verdict::stopped), UnitEvent::exit_done);
  EXPECT_EQ(exit_event(Verdict::done), UnitEvent::exit_done);
  EXPECT_EQ(exit_event(Verdict::retry), UnitEvent::exit_retry);
  EXPECT_EQ(exit_event(Verdict::failed), UnitEvent::exit_fail);
  EXPECT_EQ(cleaned_event(Verdict::stopped), UnitEvent::cleaned);
  EXPECT_EQ(cleaned_event(Verdict::done), UnitEvent::cleaned_done);
  EXPECT_EQ(cleaned_event(Verdict::retry), UnitEvent::cleaned_retry);
  EXPECT_EQ(cleaned_event(Verdict::failed), UnitEvent::cleaned_fail);
}

}  // namespace
}  // namespace berth
