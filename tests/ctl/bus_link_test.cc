// berthctl's link and berth-admin's server, talking D-Bus over a real socket.
#include "init/ctl/bus_link.h"

#include <array>

#include <gtest/gtest.h>
#include <poll.h>

#include "init/os/stream.h"
#include "tests/fakes/fake_pid1.h"

namespace berth::ctl {
namespace {

Pid1Script two_units() {
  Pid1Script script;
  script.snapshot.version = "0.1.0";
  script.snapshot.system_state = "running";
  script.snapshot.berth_pid = 1;
  script.snapshot.admin_pid = 2;
  script.snapshot.now_ms = 1000;
  UnitStatus redis = unit_status("redis", UnitKind::service, UnitState::running);
  redis.description = "a cache \xFF";
  redis.main_pid = 10;
  redis.pids = {10, 11};
  redis.requires_units = {"initialize"};
  UnitStatus tenant = unit_status("tenant@2025/boston", UnitKind::tenant, UnitState::inactive);
  tenant.path = "/showcase/2025/boston/";
  tenant.idle_timeout_ms = 300'000;
  script.snapshot.units = {redis, tenant};
  return script;
}

TEST(BusLink, ListsTheUnitsOfTheSnapshot) {
  const AdminSite site(two_units());
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto units = (*link)->list_units();

  ASSERT_TRUE(units);
  ASSERT_EQ(units->size(), 2U);
  EXPECT_EQ((*units)[0].name, "redis");
  EXPECT_EQ((*units)[0].kind, "service");
  EXPECT_EQ((*units)[0].state, "running");
  EXPECT_EQ((*units)[0].description, "a cache \xEF\xBF\xBD");
  EXPECT_EQ((*units)[0].main_pid, 10U);
  EXPECT_EQ((*units)[1].kind, "tenant");
}

TEST(BusLink, ListsTheTenants) {
  const AdminSite site(two_units());
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto tenants = (*link)->list_tenants();

  ASSERT_TRUE(tenants);
  ASSERT_EQ(tenants->size(), 1U);
  EXPECT_EQ((*tenants)[0].path, "/showcase/2025/boston/");
  EXPECT_EQ((*tenants)[0].idle_timeout_ms, 300'000U);
}

TEST(BusLink, TellsEverythingAboutOneUnit) {
  const AdminSite site(two_units());
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto unit = (*link)->status("redis");

  ASSERT_TRUE(unit);
  EXPECT_EQ(unit->name, "redis");
  EXPECT_EQ(unit->pids, (std::vector<std::uint32_t>{10, 11}));
  EXPECT_EQ(unit->requires_units, std::vector<std::string>{"initialize"});
}

TEST(BusLink, SaysThatThereIsNoSuchUnit) {
  const AdminSite site(two_units());
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto unit = (*link)->status("rdis");

  ASSERT_FALSE(unit);
  EXPECT_EQ(unit.error(), (Error{ErrorCode::not_found, "there is no unit rdis"}));
}

TEST(BusLink, TellsTheStateOfBerth) {
  const AdminSite site(two_units());
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto system = (*link)->system();

  ASSERT_TRUE(system);
  EXPECT_EQ(system->version, "0.1.0");
  EXPECT_EQ(system->state, "running");
  EXPECT_EQ(system->berth_pid, 1U);
}

TEST(BusLink, TellsTheGraphAndItsTimes) {
  Pid1Script script = two_units();
  script.snapshot.now_us = 9;
  script.snapshot.begun_us = 1;
  script.snapshot.booted_us = 5;
  UnitStatus& redis = script.snapshot.units[0];
  redis.before = {"web"};
  redis.queued_us = 2;
  redis.begun_us = 3;
  redis.up_us = 4;
  script.snapshot.units[1].stock = true;
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto graph = (*link)->graph();

  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->now_us, 9U);
  EXPECT_EQ(graph->begun_us, 1U);
  EXPECT_EQ(graph->booted_us, 5U);
  ASSERT_EQ(graph->nodes.size(), 2U);
  const GraphNode& node = graph->nodes[0];
  EXPECT_EQ(node.kind + " " + node.name + " " + node.state + " " + node.start,
            "service redis running boot");
  ASSERT_EQ(node.bonds.size(), 2U);
  EXPECT_EQ(node.bonds[0].key + " " + node.bonds[0].unit, "requires initialize");
  EXPECT_EQ(node.bonds[1].key + " " + node.bonds[1].unit, "before web");
  EXPECT_EQ(node.queued_us, 2U);
  EXPECT_EQ(node.begun_us, 3U);
  EXPECT_EQ(node.up_us, 4U);
  EXPECT_EQ(graph->nodes[1].start, "stock");
}

TEST(BusLink, WaitsForTheEndOfAJob) {
  Pid1Script script = two_units();
  script.result = control::JobResult::failed;
  script.lines = {"exit status 1"};
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto job = (*link)->begin_job(JobVerb::start, "redis");
  ASSERT_TRUE(job);
  const auto outcome = (*link)->wait_job(*job);

  ASSERT_TRUE(outcome);
  EXPECT_EQ(*job, "/org/berth/job/1");
  EXPECT_EQ(outcome->result, "failed");
  EXPECT_EQ(outcome->reasons, std::vector<std::string>{"exit status 1"});
  ASSERT_EQ(site.pid1().commands().size(), 1U);
  EXPECT_EQ(site.pid1().commands()[0], (control::Command{1, 0, control::Verb::start, "redis"}));
}

TEST(BusLink, PassesOnWhyACommandWasDenied) {
  Pid1Script script = two_units();
  script.denied = control::Denied{0, control::DenyCode::shutting_down, "berth is shutting down"};
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto job = (*link)->begin_job(JobVerb::start, "redis");

  ASSERT_FALSE(job);
  EXPECT_EQ(job.error(), (Error{ErrorCode::invalid, "berth is shutting down"}));
}

TEST(BusLink, ReloadTellsWhatIsWrong) {
  Pid1Script script = two_units();
  script.result = control::JobResult::failed;
  script.lines = {"redis.toml:4:1: unknown key"};
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto outcome = (*link)->reload(ReloadMode::dry_run);

  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->ok);
  EXPECT_EQ(outcome->messages, script.lines);
  EXPECT_EQ(site.pid1().commands()[0].verb, control::Verb::reload_dry_run);
}

TEST(BusLink, ShutdownIsAnsweredWhenItHasBegun) {
  const AdminSite site(two_units());
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  EXPECT_TRUE((*link)->shutdown(false));
  EXPECT_TRUE((*link)->shutdown(true));

  EXPECT_EQ(site.pid1().commands()[0].verb, control::Verb::shutdown);
  EXPECT_EQ(site.pid1().commands()[1].verb, control::Verb::reboot);
}

TEST(BusLink, GivesTheNewestLinesOfALog) {
  Pid1Script script = two_units();
  script.log.lines = {{1, LogStream::out, "one"}, {2, LogStream::err, "two"}};
  script.log.dropped = 7;
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto log = (*link)->log("redis", 1);

  ASSERT_TRUE(log);
  ASSERT_EQ(log->records.size(), 1U);
  EXPECT_EQ(log->records[0].text, "two");
  EXPECT_EQ(log->records[0].stream, "err");
  EXPECT_EQ(log->dropped, 7U);
}

TEST(BusLink, FollowsALogThroughAPipe) {
  Pid1Script script = two_units();
  script.log.lines = {{1, LogStream::out, "kept"}};
  script.later_lines = "later\n";
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto followed = (*link)->follow_log("redis", 0);

  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->first.records.size(), 1U);
  pollfd watched{followed->second.raw(), POLLIN, 0};
  ASSERT_EQ(::poll(&watched, 1, 5000), 1);
  std::array<char, 64> buffer{};
  const auto got = os::read_some(followed->second.borrow(), buffer);
  EXPECT_EQ(std::string(buffer.data(), got.size), "later\n");
}

TEST(BusLink, FollowsTheStatesAndMayDoSoAgain) {
  Pid1Script script = two_units();
  script.snapshot.now_us = 17;
  script.later_lines = "later\n";
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  for (int i = 0; i < 2; ++i) {
    const auto followed = (*link)->follow_states();

    ASSERT_TRUE(followed);
    EXPECT_EQ(followed->states, (std::map<std::string, std::string>{
                                    {"redis", "running"}, {"tenant@2025/boston", "inactive"}}));
    EXPECT_EQ(followed->now_us, 17U);
    pollfd watched{followed->pipe.raw(), POLLIN, 0};
    ASSERT_EQ(::poll(&watched, 1, 5000), 1);
    std::array<char, 64> buffer{};
    const auto got = os::read_some(followed->pipe.borrow(), buffer);
    EXPECT_EQ(std::string(buffer.data(), got.size), "later\n");
  }
}

TEST(BusLink, ResetsWhatHasFailed) {
  const AdminSite site(two_units());
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  EXPECT_TRUE((*link)->begin_job(JobVerb::reset_failed, "redis"));

  EXPECT_EQ(site.pid1().commands()[0].verb, control::Verb::reset_failed);
}

TEST(BusLink, MeasuresTheUnitsThatHaveProcesses) {
  Pid1Script script = two_units();
  script.probe_lines = "1 2000 900 800 0\n2 3000 1000 700 0\n10 100 50 40 0\n11 10 5 4 1\n";
  const AdminSite site(script);
  const auto link = BusLink::connect(site.run_dir());
  ASSERT_TRUE(link);

  const auto report = (*link)->measure_memory();

  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete);
  ASSERT_EQ(report->rows.size(), 3U);
  EXPECT_EQ(report->rows[0].name, "berth");
  EXPECT_EQ(report->rows[1].name, "berth-admin");
  EXPECT_EQ(report->rows[2].name, "redis");
  EXPECT_EQ(report->rows[2].processes, 2U);
  EXPECT_EQ(report->rows[2].figures.rss, Figure(110 * 1024));
  EXPECT_EQ(report->rows[2].figures.swap, Figure(1024));
}

TEST(BusLink, SaysThatNobodyListens) {
  const auto link = BusLink::connect("/nowhere/run%2F dir");

  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code, ErrorCode::unavailable);
  EXPECT_EQ(link.error().message,
            "cannot reach berth at /nowhere/run%2F dir/admin.sock: No such file or directory; "
            "is it running? (--run-dir)");
}

TEST(BusLink, SeveralClientsAreServedSideBySide) {
  const AdminSite site(two_units());
  const auto one = BusLink::connect(site.run_dir());
  const auto other = BusLink::connect(site.run_dir());
  ASSERT_TRUE(one);
  ASSERT_TRUE(other);

  EXPECT_TRUE((*one)->list_units());
  EXPECT_TRUE((*other)->list_units());
  EXPECT_TRUE((*one)->system());
}

}  // namespace
}  // namespace berth::ctl
