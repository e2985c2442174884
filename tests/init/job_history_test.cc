// What is kept of the runs of jobs.
#include "init/job_history.h"

#include "tests/init/log_pipes.h"
#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

class JobHistoryTest : public ManagerTest {
 protected:
  JobHistoryTest() {
    manager_.set_observer([this](UnitRuntime& unit) { history_.on_state(unit); });
  }

  UnitRuntime& job(const std::string& name) {
    UnitRuntime& unit = add(name, UnitKind::job);
    pipes_[name] = test_pipe();
    logs_.attach(name, LogSpec{}, LogStream::out, std::move(pipes_[name].read_end));
    return unit;
  }
  void says(const UnitRuntime& unit, const std::string& text) {
    fill(pipes_[unit.name()].write_end.borrow(), text);
    logs_.drain(unit.name());
  }
  void run(UnitRuntime& unit, const std::string& text, int code) {
    unit.job().cause = JobTrigger::manual;
    start(unit);
    says(unit, text);
    clock_.advance(milliseconds(1'500));
    loop_.run_once(milliseconds(0));
    exits(unit, code);
  }

  JobHistory history_{loop_, table_, logs_};
  std::map<std::string, os::Pipe> pipes_;
};

TEST_F(JobHistoryTest, KeepsHowARunEndedAndWhatItSaid) {
  UnitRuntime& sync = job("sync");
  set_order();
  says(sync, "before\n");

  run(sync, "one\ntwo\n", 3);

  ASSERT_EQ(1U, sync.job_data()->runs.size());
  const JobRunStatus& kept = sync.job_data()->runs.front();
  EXPECT_EQ(JobTrigger::manual, kept.trigger);
  EXPECT_EQ(1'500U, kept.duration_ms);
  EXPECT_FALSE(kept.succeeded);
  EXPECT_EQ("exit status 3", kept.result);
  EXPECT_EQ((Words{"one", "two"}), kept.lines);
}

TEST_F(JobHistoryTest, KeepsEachTryAsARun) {
  UnitRuntime& sync = job("sync");
  sync.unit.job->retries = 1;
  set_order();

  run(sync, "one\n", 3);
  pass(milliseconds(1'000));
  exits(sync, 0);

  ASSERT_EQ(2U, sync.job_data()->runs.size());
  EXPECT_EQ("exit status 3", sync.job_data()->runs[0].result);
  EXPECT_EQ(JobTrigger::retry, sync.job_data()->runs[1].trigger);
  EXPECT_EQ("succeeded", sync.job_data()->runs[1].result);
  EXPECT_EQ(Words{}, sync.job_data()->runs[1].lines);
}

TEST_F(JobHistoryTest, KeepsARunThatNeverBegan) {
  UnitRuntime& sync = job("sync");
  sync.unit.info.requires_units = {"nobody"};
  set_order();

  start(sync);

  ASSERT_EQ(1U, sync.job_data()->runs.size());
  EXPECT_EQ("requires nobody, which is not there", sync.job_data()->runs[0].result);
}

TEST_F(JobHistoryTest, KeepsTheNewestRunsAndTheNewestLines) {
  UnitRuntime& sync = job("sync");
  set_order();

  for (int i = 0; i < 10; ++i)
    run(sync,
        std::string(3, '\n') + std::string(600, 'x') + "\n" + std::string(1'900, 'y') + "\nlast\n",
        0);

  ASSERT_EQ(kKeptRuns, sync.job_data()->runs.size());
  const Words& lines = sync.job_data()->runs.back().lines;
  EXPECT_EQ((Words{"", "", "", std::string(512, 'x'), std::string(512, 'y'), "last"}), lines);
}

TEST_F(JobHistoryTest, BoundsTheLinesOfAllJobsTogether) {
  std::vector<UnitRuntime*> jobs;
  for (int i = 0; i < 30; ++i)
    jobs.push_back(&job("sync" + std::to_string(i)));
  set_order();

  for (int round = 0; round < 8; ++round)
    for (UnitRuntime* each : jobs)
      run(*each,
          std::string(510, 'a') + "\n" + std::string(510, 'b') + "\n" + std::string(510, 'c') +
              "\n" + std::string(510, 'd') + "\n",
          0);

  std::size_t size = 0;
  for (const UnitRuntime* each : jobs)
    for (const JobRunStatus& kept : each->job_data()->runs)
      for (const std::string& line : kept.lines)
        size += line.size();
  EXPECT_LE(size, kAllRunLines);
  EXPECT_GT(size, kAllRunLines / 4);
  EXPECT_EQ(4U, jobs.back()->job_data()->runs.back().lines.size());
}

}  // namespace
}  // namespace berth
