// berthctl's commands against a berth that answers as told: output whole, exit statuses.
#include "init/ctl/commands.h"

#include <sstream>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "init/os/pipe.h"
#include "init/os/stream.h"
#include "tests/ctl/fake_berth_link.h"

namespace berth::ctl {
namespace {

constexpr std::uint64_t kNow = 1'000'000'000;
constexpr std::uint64_t kMinute = 60'000;

class Commands : public ::testing::Test {
 protected:
  Commands() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    berth_.units = {
        {"initialize", "job", "failed", true, "tenants' list", "exit status 1", 0, kNow - kMinute,
         0, ""},
        {"tenant@b", "tenant", "inactive", false, "", "", 0, 0, 0, ""},
        {"redis", "service", "running", true, "a cache", "", 14, kNow - 3 * kMinute, 0,
         "127.0.0.1:6379"},
        {"cable", "service", "waiting", true, "", "redis (starting)", 0, kNow, 0, ""},
        {"tenant@a", "tenant", "running", true, "", "", 20, kNow - 5000, 0, "127.0.0.1:4000"},
        {"web", "proxy", "running", true, "", "", 12, kNow - 3 * kMinute, 0, ""},
    };
  }

  int run(const std::vector<std::string>& words) {
    const auto invocation = parse_command_line(words);
    if (!invocation)
      return kUsage;
    const Output output{out_, err_, terminal_, false, invocation->json, kNow};
    return run_command(*invocation, berth_, output);
  }

  FakeBerthLink berth_;
  std::ostringstream out_, err_;
  bool terminal_ = false;
};

TEST_F(Commands, ListIsSortedAndAligned) {
  EXPECT_EQ(run({"list"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "UNIT        KIND     STATE     SINCE  PID  WHAT\n"
            "web         proxy    running  3m ago   12\n"
            "cable       service  waiting     now       waits for redis (starting)\n"
            "redis       service  running  3m ago   14  a cache\n"
            "initialize  job      failed   1m ago       exit status 1\n"
            "tenant@a    tenant   running  5s ago   20\n"
            "\n"
            "6 units: 3 running, 1 waiting, 1 failed, 1 inactive\n"
            "1 tenant at rest not shown; see: berthctl tenants\n");
}

TEST_F(Commands, ListShowsWhatMatchesAPattern) {
  EXPECT_EQ(run({"list", "tenant@*"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "UNIT      KIND    STATE      SINCE  PID\n"
            "tenant@a  tenant  running   5s ago   20\n"
            "tenant@b  tenant  inactive\n"
            "\n"
            "2 units: 1 running, 1 inactive\n");
}

TEST_F(Commands, ListSaysThatNothingMatches) {
  EXPECT_EQ(run({"list", "nothing*"}), kNoSuchUnit);
  EXPECT_EQ(err_.str(), "berthctl: no unit matches nothing*\n");
}

TEST_F(Commands, ListAsJson) {
  EXPECT_EQ(run({"--json", "list", "redis"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "[{\"name\":\"redis\",\"kind\":\"service\",\"state\":\"running\",\"wanted_up\":true,"
            "\"description\":\"a cache\",\"detail\":\"\",\"main_pid\":14,\"since_ms\":999820000,"
            "\"restarts\":0,\"endpoint\":\"127.0.0.1:6379\",\"next_run_ms\":0}]\n");
}

TEST_F(Commands, ListShowsWhatHasFailed) {
  EXPECT_EQ(run({"list", "--failed"}), kNotActive);

  EXPECT_EQ(out_.str(),
            "UNIT        KIND  STATE    SINCE  WHAT\n"
            "initialize  job   failed  1m ago  exit status 1\n"
            "\n"
            "1 unit: 1 failed\n");
}

TEST_F(Commands, ListSaysThatNothingHasFailed) {
  EXPECT_EQ(run({"list", "--failed", "redis"}), kSuccess);
  EXPECT_EQ(run({"list", "--failed", "--json", "redis"}), kSuccess);

  EXPECT_EQ(out_.str(), "nothing has failed\n[]\n");
}

TEST_F(Commands, IsActiveAnswersByItsExitStatus) {
  EXPECT_EQ(run({"is-active", "redis", "web"}), kSuccess);
  EXPECT_EQ(run({"is-active", "redis", "cable"}), kNotActive);
  EXPECT_EQ(run({"is-active", "redis", "rdis"}), kNoSuchUnit);

  EXPECT_EQ(out_.str(),
            "redis: running\nweb: running\n"
            "redis: running\ncable: waiting\n"
            "redis: running\n");
  EXPECT_EQ(err_.str(), "berthctl: there is no unit rdis; did you mean \"redis\"?\n");
}

TEST_F(Commands, IsFailedAnswersByItsExitStatus) {
  EXPECT_EQ(run({"is-failed", "redis"}), kFailure);
  EXPECT_EQ(run({"is-failed", "redis", "initialize"}), kSuccess);
  EXPECT_EQ(run({"is-failed", "--json"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "redis: running\n"
            "redis: running\ninitialize: failed\n"
            "[{\"unit\":\"initialize\",\"state\":\"failed\",\"active\":false,\"failed\":true}]\n");
}

TEST_F(Commands, ResetFailedConcernsAllThatHaveFailed) {
  berth_.outcomes = {{"initialize", {"done", {}}}, {"redis", {"done", {}}}};

  EXPECT_EQ(run({"reset-failed"}), kSuccess);
  EXPECT_EQ(run({"reset-failed", "redis"}), kSuccess);

  EXPECT_EQ(berth_.jobs, (std::vector<std::string>{"initialize", "redis"}));
}

TEST_F(Commands, TenantsShowTheRunningOnesFirst) {
  berth_.tenants = {
      {"tenant@a", "/a/", "inactive", "", 0, 0, 0, 300'000, 0, false, 0, 0},
      {"tenant@b", "/b/", "running", "127.0.0.1:4000", 0, 17, 61'000, 300'000, kNow - kMinute,
       false, kNow - kMinute, 290 << 20},
      {"tenant@c", "/c/", "running", "127.0.0.1:4001", 2, 3, 0, 300'000, kNow - kMinute, true, kNow,
       0},
      {"tenant@d", "/d/", "inactive", "", 0, 5, 0, 300'000, 0, false, kNow - kMinute, 0}};

  EXPECT_EQ(run({"tenants"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "TENANT    PATH  STATE      SINCE  OPEN  ANSWERED  LAST USE  MEMORY  STOPS AFTER  "
            "ENDPOINT\n"
            "tenant@b  /b/   running   1m ago     0        17    1m ago    290M           5m  "
            "127.0.0.1:4000\n"
            "tenant@c  /c/   running   1m ago     2         3       now               pinned  "
            "127.0.0.1:4001\n"
            "tenant@a  /a/   inactive\n"
            "tenant@d  /d/   inactive                       5    1m ago\n"
            "\n"
            "4 tenants: 2 running\n");
}

TEST_F(Commands, MemoryShowsTheSumsThatMatter) {
  constexpr std::uint64_t kMega = 1024 * 1024;
  berth_.report.complete = true;
  berth_.report.rows = {{"berth", "berth", 1, {2 * kMega, kMega, kMega, 0}},
                        {"redis", "service", 1, {20 * kMega, 14 * kMega, 12 * kMega, 0}},
                        {"tenant@a", "tenant", 2, {90 * kMega, 80 * kMega, 70 * kMega, 0}},
                        {"stuck", "service", 1, {4 * kMega, {}, {}, {}}}};

  EXPECT_EQ(run({"memory"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "UNIT      PROCESSES   RSS   PSS  PRIVATE\n"
            "redis             1   20M   14M      12M\n"
            "stuck             1  4.0M     -        -\n"
            "berth             1  2.0M  1.0M     1.0M\n"
            "baseline          3   26M   15M      13M\n"
            "\n"
            "tenant@a          2   90M   80M      70M\n"
            "tenants           2   90M   80M      70M\n"
            "\n"
            "total             5  116M   95M      83M\n"
            "\n"
            "not all could be measured, so the sums are too small: stuck\n");
}

TEST_F(Commands, MemoryShowsWhatMeasuresAUnit) {
  constexpr std::uint64_t kMega = 1024 * 1024;
  berth_.report.complete = true;
  berth_.report.rows = {
      {"redis", "service", 1, {20 * kMega, 14 * kMega, 12 * kMega, 0}, 16 * kMega, "cgroup v2"},
      {"web", "proxy", 1, {9 * kMega, 8 * kMega, 7 * kMega, 0}, {}, "PSS"}};

  EXPECT_EQ(run({"memory"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "UNIT      PROCESSES   RSS   PSS  PRIVATE  CGROUP  BY\n"
            "redis             1   20M   14M      12M     16M  cgroup v2\n"
            "web               1  9.0M  8.0M     7.0M          PSS\n"
            "baseline          2   29M   22M      19M\n"
            "\n"
            "total             2   29M   22M      19M\n");
}

TEST_F(Commands, StatusShowsTheMemoryOfAUnit) {
  constexpr std::uint64_t kMega = 1024 * 1024;
  UnitDetails unit;
  unit.name = "redis";
  unit.kind = "service";
  unit.state = "running";
  unit.memory_by = "cgroup v2";
  unit.memory_current = 12 * kMega;
  unit.memory_peak = 30 * kMega;
  unit.memory_limit = 64 * kMega;
  berth_.details["redis"] = unit;

  EXPECT_EQ(run({"status", "redis"}), kSuccess);

  EXPECT_NE(out_.str().find("    memory: 12M, 30M at most so far (limit 64M; by cgroup v2)\n"),
            std::string::npos)
      << out_.str();
}

TEST_F(Commands, MemoryAsJsonHasNullForWhatIsNotKnown) {
  berth_.report.rows = {{"stuck", "service", 1, {4096, {}, {}, {}}, {}, "RSS"}};

  EXPECT_EQ(run({"memory", "--json"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "{\"units\":[{\"name\":\"stuck\",\"kind\":\"service\",\"processes\":1,\"rss\":4096,"
            "\"pss\":null,\"private\":null,\"swap\":null,\"cgroup\":null,\"measured_by\":\"RSS\"}],"
            "\"baseline\":{\"processes\":1,\"rss\":4096,\"pss\":0,\"private\":0,\"swap\":0,"
            "\"complete\":false},"
            "\"tenants\":{\"processes\":0,\"rss\":0,\"pss\":0,\"private\":0,\"swap\":0,"
            "\"complete\":true},"
            "\"total\":{\"processes\":1,\"rss\":4096,\"pss\":0,\"private\":0,\"swap\":0,"
            "\"complete\":false},\"complete\":false}\n");
}

TEST_F(Commands, StatusTellsTheStoryOfAFailedJob) {
  UnitDetails job;
  job.name = "initialize";
  job.kind = "job";
  job.state = "failed";
  job.description = "tenants' list";
  job.file = "/etc/berth/units/initialize.toml:1";
  job.since_ms = kNow - kMinute;
  job.last_exit = "exit status 1";
  job.reason = "the command failed: exit status 1";
  job.requires_units = {"redis"};
  berth_.details["initialize"] = job;
  berth_.excerpt.records = {{kNow - kMinute, "err", "no \x1B[31mdatabase"}};

  EXPECT_EQ(run({"status", "initialize"}), kNotActive);

  EXPECT_EQ(out_.str(),
            "initialize (job): tenants' list\n"
            "     state: failed since 1970-01-12 13:45:40 (1m ago)\n"
            "    reason: the command failed: exit status 1\n"
            " last exit: exit status 1\n"
            "  requires: redis\n"
            "      file: /etc/berth/units/initialize.toml:1\n"
            "      next: mend the cause, then: berthctl start initialize (all that was said: "
            "berthctl logs initialize)\n"
            "\n"
            "  1970-01-12 13:45:40  no ?[31mdatabase\n");
}

TEST_F(Commands, StatusOfAJobTellsItsLastRunsAndTheNext) {
  UnitDetails job;
  job.name = "backup";
  job.kind = "job";
  job.state = "exited";
  job.next_run_ms = kNow + 5 * kMinute;
  job.runs = {{"boot", kNow - 2 * kMinute, 1'500, false, "exit status 1", {"no d\x1Bisk"}},
              {"schedule", kNow - kMinute, 61'000, true, "succeeded", {"saved"}}};
  berth_.details["backup"] = job;

  EXPECT_EQ(run({"status", "backup"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "backup (job)\n"
            "     state: exited\n"
            "  next run: 1970-01-12 13:51:40 (in 5m)\n"
            "\n"
            "last runs, newest first:\n"
            "  1970-01-12 13:45:40  schedule, 1m: succeeded\n"
            "  1970-01-12 13:44:40  boot, 1s: exit status 1\n"
            "    no d?isk\n");
}

TEST_F(Commands, StatusOfAJobAsJson) {
  UnitDetails job;
  job.name = "backup";
  job.kind = "job";
  job.state = "exited";
  job.next_run_ms = 5;
  job.runs = {{"boot", 1, 2, true, "succeeded", {"saved"}}};
  berth_.details["backup"] = job;

  EXPECT_EQ(run({"--json", "status", "backup"}), kSuccess);

  EXPECT_NE(out_.str().find("\"next_run_ms\":5,\"runs\":[{\"trigger\":\"boot\",\"started_ms\":1,"
                            "\"duration_ms\":2,\"succeeded\":true,\"result\":\"succeeded\","
                            "\"lines\":[\"saved\"]}]"),
            std::string::npos)
      << out_.str();
}

TEST_F(Commands, StatusOfAServingTenantIsSuccess) {
  UnitDetails tenant;
  tenant.name = "tenant@a";
  tenant.kind = "tenant";
  tenant.state = "running";
  tenant.since_ms = kNow - 5000;
  tenant.restarts = 1;
  tenant.main_pid = 20;
  tenant.pids = {20, 21};
  tenant.endpoint = "127.0.0.1:4000";
  tenant.path = "/a/";
  tenant.requests = 1;
  tenant.idle_for_ms = 2000;
  tenant.idle_timeout_ms = 300'000;
  berth_.details["tenant@a"] = tenant;

  EXPECT_EQ(run({"status", "tenant@a"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "tenant@a (tenant)\n"
            "     state: running since 1970-01-12 13:46:35 (5s ago), after 1 automatic restart\n"
            " processes: 20 and 21\n"
            "  endpoint: 127.0.0.1:4000\n"
            "      path: /a/\n"
            "   traffic: 1 request answered, 0 open, idle for 2s; stops after 5m of idleness\n");
}

TEST_F(Commands, StatusOfTheWholeNamesWhatHasFailed) {
  berth_.system_info = {"0.1.0",          "degraded", 1, kNow, {"a.toml:1:1: unknown table"},
                        {"redis: killed"}};

  EXPECT_EQ(run({"status"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "berth 0.1.0 (pid 1): degraded\n"
            "     units: 6: 1 failed, 1 inactive, 3 running, 1 waiting\n"
            "    failed: initialize: exit status 1\n"
            "  rejected: a.toml:1:1: unknown table\n"
            " cut short: at the last shutdown, redis: killed\n");
}

TEST_F(Commands, MisspeltUnitGetsASuggestion) {
  EXPECT_EQ(run({"status", "rediss"}), kNoSuchUnit);
  EXPECT_EQ(err_.str(), "berthctl: there is no unit rediss; did you mean \"redis\"?\n");
}

TEST_F(Commands, StartIsQuietWhenNobodyLooksOn) {
  berth_.outcomes["redis"] = {"done", {}};

  EXPECT_EQ(run({"start", "redis"}), kSuccess);

  EXPECT_EQ(out_.str() + err_.str(), "");
}

TEST_F(Commands, StartShowsProgressOnATerminal) {
  terminal_ = true;
  berth_.outcomes["redis"] = {"done", {}};

  EXPECT_EQ(run({"start", "redis"}), kSuccess);

  EXPECT_EQ(out_.str(), "redis: starting ...\r\033[Kredis: started\n");
}

TEST_F(Commands, JobThatFailsSaysWhyAndTheOthersAreTriedAllTheSame) {
  berth_.outcomes["redis"] = {"failed", {"execute /usr/bin/rdis: No such file or directory"}};
  berth_.outcomes["web"] = {"done", {}};

  EXPECT_EQ(run({"start", "redis", "web"}), kJobFailed);

  EXPECT_EQ(berth_.jobs, (std::vector<std::string>{"redis", "web"}));
  EXPECT_EQ(err_.str(),
            "berthctl: redis: start failed\n"
            "  execute /usr/bin/rdis: No such file or directory\n"
            "  see: berthctl status redis\n");
}

TEST_F(Commands, JobsAsJson) {
  berth_.outcomes["redis"] = {"timeout", {"30s"}};

  EXPECT_EQ(run({"--json", "restart", "redis", "nobody"}), kJobFailed);

  EXPECT_EQ(out_.str(),
            "[{\"unit\":\"redis\",\"command\":\"restart\",\"result\":\"timeout\",\"reasons\":"
            "[\"30s\"]},{\"unit\":\"nobody\",\"command\":\"restart\",\"result\":\"refused\","
            "\"reasons\":[\"there is no unit nobody\"]}]\n");
}

TEST_F(Commands, NoWaitOnlyBegins) {
  berth_.outcomes["redis"] = {"failed", {}};

  EXPECT_EQ(run({"--no-wait", "stop", "redis"}), kSuccess);
  EXPECT_EQ(berth_.jobs, std::vector<std::string>{"redis"});
}

TEST_F(Commands, ReloadPrintsWhatIsWrongAndFails) {
  berth_.reload_outcome = {false, {"redis.toml:4:3: unknown key \"comand\" in [service]"}};

  EXPECT_EQ(run({"reload"}), kFailure);

  EXPECT_EQ(err_.str(),
            "redis.toml:4:3: unknown key \"comand\" in [service]\n"
            "berthctl: nothing was changed\n");
}

TEST_F(Commands, ReloadPrintsWhatChanged) {
  berth_.reload_outcome = {true, {"tenant@a: added"}};

  EXPECT_EQ(run({"reload"}), kSuccess);
  EXPECT_EQ(out_.str(), "tenant@a: added\n");
}

TEST_F(Commands, ReloadSaysWhatItWouldDo) {
  berth_.reload_outcome = {true, {}};

  EXPECT_EQ(run({"reload", "--dry-run"}), kSuccess);
  EXPECT_EQ(out_.str(), "nothing would change\n");
  EXPECT_EQ(berth_.reload_mode, ReloadMode::dry_run);
  EXPECT_EQ(run({"reload", "--now"}), kSuccess);
  EXPECT_EQ(berth_.reload_mode, ReloadMode::now);
  EXPECT_EQ(run({"reload"}), kSuccess);
  EXPECT_EQ(berth_.reload_mode, ReloadMode::apply);
}

TEST_F(Commands, LogsPrintTheKeptLines) {
  berth_.excerpt.records = {{kNow, "out", "ready"}};
  berth_.excerpt.dropped = 2;

  EXPECT_EQ(run({"logs", "redis"}), kSuccess);
  EXPECT_EQ(out_.str(), "2 older lines dropped\n1970-01-12 13:46:40  ready\n");
}

TEST_F(Commands, LogsAsJson) {
  berth_.excerpt.records = {{kNow, "out", "a \"b\""}};

  EXPECT_EQ(run({"logs", "redis", "--json"}), kSuccess);
  EXPECT_EQ(
      out_.str(),
      "{\"unit\":\"redis\",\"dropped\":0,\"lines\":[{\"time_ms\":1000000000,\"stream\":\"out\","
      "\"message\":\"a \\\"b\\\"\"}]}\n");
}

TEST_F(Commands, FollowingEndsWithThePipe) {
  auto pipe = os::make_pipe();
  os::write_some(pipe->write_end.borrow(), "later\nhalf");
  pipe->write_end.reset();
  berth_.followed = std::move(pipe->read_end);

  EXPECT_EQ(run({"logs", "-f", "redis"}), kSuccess);

  ASSERT_GE(out_.str().size(), 6U);
  EXPECT_EQ(out_.str().substr(out_.str().size() - 7), " later\n");
}

TEST_F(Commands, ShutdownSaysSo) {
  EXPECT_EQ(run({"shutdown"}), kSuccess);
  EXPECT_EQ(out_.str(), "berth is shutting down\n");
  EXPECT_FALSE(berth_.reboots);
}

TEST_F(Commands, ShutdownMayRebootTheMachine) {
  EXPECT_EQ(run({"shutdown", "--reboot"}), kSuccess);

  EXPECT_EQ(out_.str(), "berth is shutting down; then the machine restarts\n");
  EXPECT_TRUE(berth_.reboots);
}

TEST_F(Commands, ErrorsHaveTheirExitStatuses) {
  const Output output{out_, err_};
  EXPECT_EQ(report(Error{ErrorCode::not_found, "x"}, output), kNoSuchUnit);
  EXPECT_EQ(report(Error{ErrorCode::denied, "x"}, output), kNotReachable);
  EXPECT_EQ(report(Error{ErrorCode::unavailable, "x"}, output), kNotReachable);
  EXPECT_EQ(report(Error{ErrorCode::invalid, "x"}, output), kFailure);
}

}  // namespace
}  // namespace berth::ctl
