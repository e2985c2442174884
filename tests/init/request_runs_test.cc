// Who may have which job run, and what the proxy hears of it.
#include "init/request_runs.h"

#include "init/os/pipe.h"
#include "init/os/stream.h"
#include "tests/init/leases_site.h"

namespace berth {
namespace {

class RequestRunsTest : public LeasesTest {
 protected:
  RequestRunsTest() {
    links_.set_runner(runs_);
    Unit definition = LeasesTest::definition("update", UnitKind::job);
    definition.job.emplace();
    definition.job->interface = JobInterface::cgi;
    job_ = &table_.add(std::move(definition));
    configure({"update"});
  }
  void configure(const Words& jobs) {
    ProxyConfig config;
    for (const std::string& name : jobs)
      config.spec.routes.emplace_back().job = name;
    links_.configure("web", config);
    web_.heard();
    web_.say(control::Configured{web_.table()->generation});
    turn();
  }
  void ask(std::uint32_t id, const std::string& job, const cgi::Variables& variables = {}) {
    const auto pipes = os::make_pipe_pair();
    web_.say(control::RunJob{id, job, variables},
             {pipes->input.read_end.borrow(), pipes->output.write_end.borrow()});
    turn();
  }
  void become(UnitState state) {
    job_->state = state;
    if (is_at_rest(state))
      job_->wanted_up = false;
    runs_.on_state(*job_);
  }
  /// A run that has come so far.
  void start(std::uint32_t id) {
    ask(id, "update");
    become(UnitState::starting);
    become(UnitState::running);
    requests_.take();
    web_.heard();
  }

  RequestRuns runs_{table_, links_, requests_};
  UnitRuntime* job_ = nullptr;
};

TEST_F(RequestRunsTest, StartsAJobThatARouteNames) {
  ask(7, "update", {{"REQUEST_METHOD", "POST"}});

  EXPECT_EQ(Words{"up update"}, requests_.take());
  EXPECT_EQ(Words{"run 7 accepted"}, web_.heard());
  ASSERT_TRUE(job_->job().request);
  EXPECT_TRUE(os::is_pipe(job_->job().request->input.borrow()));
  EXPECT_TRUE(os::is_pipe(job_->job().request->output.borrow()));
  EXPECT_EQ("POST", job_->job().request->variables.at("REQUEST_METHOD"));
  EXPECT_EQ(JobTrigger::request, job_->job().cause);
}

TEST_F(RequestRunsTest, SaysHowARunHasEnded) {
  start(1);
  become(UnitState::exited);
  EXPECT_EQ(Words{"run 1 done"}, web_.heard());
  EXPECT_FALSE(job_->job().request);

  start(2);
  job_->life.exit_code = 1;
  become(UnitState::failed);
  EXPECT_EQ(Words{"run 2 failed"}, web_.heard());

  start(3);
  job_->life.exit_code = 128 + 9;
  become(UnitState::failed);
  EXPECT_EQ(Words{"run 3 broken"}, web_.heard());

  start(4);
  become(UnitState::inactive);
  EXPECT_EQ(Words{"run 4 broken"}, web_.heard());
}

TEST_F(RequestRunsTest, IsBusyWhileTheJobRuns) {
  start(1);
  ask(2, "update");
  EXPECT_EQ(Words{"run 2 busy"}, web_.heard());
  become(UnitState::exited);
  EXPECT_EQ(Words{"run 1 done"}, web_.heard());

  // Whoever started it.
  become(UnitState::running);
  ask(3, "update");
  EXPECT_EQ(Words{"run 3 busy"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(RequestRunsTest, EndsTheRunWhoseClientHasLeft) {
  start(1);
  web_.say(control::StopRun{2});
  turn();
  EXPECT_EQ(Words{}, requests_.take());
  web_.say(control::StopRun{1});
  turn();

  EXPECT_EQ(Words{"down update: whoever has started it by a request has left"}, requests_.take());
  become(UnitState::inactive);
  EXPECT_EQ(Words{"run 1 broken"}, web_.heard());
}

TEST_F(RequestRunsTest, ARunThatHasNotBegunEndsAtOnce) {
  ask(1, "update");
  web_.say(control::StopRun{1});
  turn();

  EXPECT_EQ((Words{"run 1 accepted", "run 1 broken"}), web_.heard());
  EXPECT_FALSE(job_->job().request);
}

TEST_F(RequestRunsTest, EndsTheRunsOfAProxyThatIsGone) {
  start(1);
  web_.hang_up();
  turn();

  EXPECT_EQ(Words{"down update: whoever has started it by a request has left"}, requests_.take());
}

TEST_F(RequestRunsTest, RefusesWhileBerthShutsDown) {
  requests_.refuse_with({ErrorCode::unavailable, "berth is shutting down"});
  ask(1, "update");

  EXPECT_EQ(Words{"run 1 refused"}, web_.heard());
  EXPECT_FALSE(job_->job().request);
}

TEST_F(RequestRunsTest, AProxyThatNamesAnotherJobIsReplaced) {
  service("redis");
  ask(1, "redis");

  EXPECT_EQ(Words{"web"}, replaced_);
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(RequestRunsTest, AProxyThatHasAnOlderTableIsOnlyRefused) {
  ProxyConfig config;
  links_.configure("web", config);
  ask(1, "update");

  EXPECT_EQ((Words{"configure 2", "run 1 refused"}), web_.heard());
  EXPECT_EQ(Words{}, replaced_);
}

TEST_F(RequestRunsTest, AProxyThatSetsOtherVariablesIsReplaced) {
  ask(1, "update", {{"LD_PRELOAD", "/tmp/x.so"}});

  EXPECT_EQ(Words{"web"}, replaced_);
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(RequestRunsTest, AProxyThatSendsNoPipesIsReplaced) {
  web_.say(control::RunJob{1, "update", {}});
  turn();

  EXPECT_EQ(Words{"web"}, replaced_);
}

TEST_F(RequestRunsTest, AProxyThatSendsSomethingElseThanPipesIsReplaced) {
  const auto pair = os::packet_pair();
  web_.say(control::RunJob{1, "update", {}}, {pair->first.borrow(), pair->second.borrow()});
  turn();

  EXPECT_EQ(Words{"web"}, replaced_);
}

}  // namespace
}  // namespace berth
