// From real unit files to units, and again.
#include "init/reloader.h"

#include "tests/fakes/fake_proxy.h"
#include "tests/init/manager_site.h"
#include "tests/init/temp_folder.h"

namespace berth {
namespace {

constexpr const char* kRedis = "[service]\ncommand = \"redis-server\"\n";
constexpr const char* kWeb = "[proxy]\nlisten = \":8080\"\n";
constexpr const char* kTenant =
    "[tenant]\ncommand = \"puma\"\nendpoint = \"activated\"\nvars = []\n";

class ReloaderTest : public ManagerTest {
 protected:
  ReloaderTest() {
    settings_.folders.given = {folder_.path("units")};
    settings_.folders.run_dir = folder_.path("run");
    EXPECT_TRUE(os::make_folder(folder_.path("units"), 0755).has_value());
    EXPECT_TRUE(os::make_folder(folder_.path("run"), 0755).has_value());
    manager_.set_observer([this](UnitRuntime& unit) {
      if (unit.is_job())
        reloader_.on_job(unit);
      activation_.on_state(unit);
      reloader_.on_state(unit);
    });
  }

  void write(const std::string& name, const std::string& text) const {
    folder_.write("units/" + name, text);
  }
  void erase(const std::string& name) const { os::remove_file(folder_.path("units/" + name)); }
  std::string path(const std::string& name) const { return folder_.path("units/" + name); }
  void boot() {
    reloader_.boot();
    manager_.drain();
  }
  /// What changed, or what is wrong.
  Words reload() {
    const auto lines = reloader_.reload();
    manager_.drain();
    return lines ? *lines : Words{"refused", lines.error().message};
  }
  /// What a turn of the loop does.
  void turn() { pass(std::chrono::milliseconds(0)); }
  UnitState state(const std::string& name) const { return table_.find(name)->state; }

  const TempFolder folder_;
  Endpoints endpoints_{settings_};
  Resources resources_{loop_, CgroupLayout{}, ""};
  Launcher launcher_{settings_, logs_, endpoints_, links_, resources_};
  Cleaner cleaner_{loop_, table_, logs_, resources_.groups(), settings_};
  Reaper reaper_;
  Activation activation_{loop_, table_, logs_, manager_, endpoints_.sockets()};
  IdleWatch idle_{loop_, table_, logs_, manager_, leases_};
  MemoryKeeper memory_{{loop_, table_, logs_, resources_.groups(), cleaner_, launcher_, reaper_,
                        manager_, leases_, idle_}};
  Reloader reloader_{{loop_, table_, manager_, leases_, launcher_, links_, logs_, cleaner_,
                      settings_, activation_, idle_, resources_.groups(), memory_}};
};

TEST_F(ReloaderTest, BootsWhatIsRightAndRejectsTheRest) {
  write("redis.toml", kRedis);
  write("manual.toml", std::string(kRedis) + "[unit]\nstart = \"manual\"\n");
  write("wrong.toml", "[service]\ncomand = \"x\"\n");

  boot();

  EXPECT_EQ(UnitState::running, state("redis"));
  EXPECT_EQ(UnitState::inactive, state("manual"));
  EXPECT_EQ(nullptr, table_.find("wrong"));
  EXPECT_EQ((Words{path("wrong.toml") +
                   ":2:1: unknown key \"comand\" in [service]; did you mean \"command\"?"}),
            reloader_.error_lines());
}

TEST_F(ReloaderTest, StartsAUnitOnDemandWhenItIsPulledIn) {
  write("app.toml", std::string(kRedis) + "[unit]\nrequires = [\"redis\"]\n");
  write("redis.toml", std::string(kRedis) + "[unit]\nstart = \"demand\"\n");

  boot();

  EXPECT_EQ(UnitState::running, state("redis"));
  EXPECT_EQ(UnitState::running, state("app"));
}

TEST_F(ReloaderTest, AnErrorChangesNothing) {
  write("redis.toml", kRedis);
  boot();
  actions_.take();

  write("redis.toml", "[service]\ncommand = \"redis-server\"\nnise = 1\n");
  write("cable.toml", kRedis);

  const std::string error = path("redis.toml") + ":3:1: unknown key \"nise\" in [service]";
  EXPECT_EQ(error, reloader_.dry_run().error().message);
  EXPECT_EQ((Words{"refused", error}), reload());
  EXPECT_EQ(Words{}, reloader_.error_lines());
  EXPECT_EQ(nullptr, table_.find("cable"));
  EXPECT_EQ(Words{}, actions_.take());
}

TEST_F(ReloaderTest, AnErrorThatWasThereBeforeStopsNoReload) {
  write("wrong.toml", "[service]\ncommand = 1\n");
  boot();
  const Words errors = reloader_.error_lines();
  ASSERT_EQ(1U, errors.size());

  write("redis.toml", kRedis);

  EXPECT_EQ(Words{"added redis: starts"}, reload());
  EXPECT_EQ(errors, reloader_.error_lines());
  EXPECT_EQ(UnitState::running, state("redis"));
}

TEST_F(ReloaderTest, RemovesAUnitThatIsAboutToStart) {
  write("manual.toml", std::string(kRedis) + "[unit]\nstart = \"manual\"\n");
  boot();
  erase("manual.toml");

  ASSERT_TRUE(manager_.start(*table_.find("manual")).has_value());
  EXPECT_EQ(Words{"removed manual"}, reload());
  turn();

  EXPECT_EQ(nullptr, table_.find("manual"));
  EXPECT_EQ(Words{}, actions_.take());
}

TEST_F(ReloaderTest, CheckTellsWhatWouldChangeAndChangesNothing) {
  write("redis.toml", kRedis);
  boot();
  write("cable.toml", kRedis);
  erase("redis.toml");

  const auto lines = reloader_.dry_run();

  ASSERT_TRUE(lines);
  EXPECT_EQ((Words{"added cable: starts", "removed redis: stops"}), *lines);
  EXPECT_EQ(nullptr, table_.find("cable"));
  EXPECT_EQ(UnitState::running, state("redis"));
}

TEST_F(ReloaderTest, RestartsAChangedServiceAsWhatItIsNow) {
  write("redis.toml", kRedis);
  write("other.toml", kRedis);
  boot();
  actions_.take();

  write("redis.toml", "[service]\ncommand = \"redis-server --port 1\"\n");

  EXPECT_EQ(Words{"changed redis: command; restarts"}, reload());
  EXPECT_EQ(
      (Words{"terminate redis", "clean redis", "prepare redis", "spawn redis", "announce redis"}),
      actions_.take());
  EXPECT_EQ((Words{"redis-server", "--port", "1"}),
            table_.find("redis")->unit.service.command.argv);
}

TEST_F(ReloaderTest, NewLimitsReplaceNoProcess) {
  write("redis.toml", kRedis);
  boot();
  actions_.take();

  write("redis.toml", std::string(kRedis) + "[memory]\nlimit = \"1G\"\n");

  EXPECT_EQ(Words{"changed redis: memory.limit; counts at once"}, reload());
  EXPECT_EQ(Words{}, actions_.take());
  EXPECT_EQ(Bytes{1 << 30}, table_.find("redis")->unit.memory.limit);
}

TEST_F(ReloaderTest, AnotherPlaceInTheFileIsNoChange) {
  write("redis.toml", kRedis);
  boot();
  actions_.take();

  write("redis.toml", "# moved\n\n" + std::string(kRedis));

  EXPECT_EQ(Words{}, reload());
  EXPECT_EQ(Words{}, actions_.take());
}

TEST_F(ReloaderTest, AChangedTenantFinishesItsLife) {
  write("web.toml", kWeb);
  write("tenant@.toml", kTenant);
  write("all.toml", "[instances.tenant]\nboston = {}\n");
  boot();
  UnitRuntime& boston = *table_.find("tenant@boston");
  start(boston);

  write("tenant@.toml", std::string(kTenant) + "[process]\nnice = 1\n");
  EXPECT_EQ(Words{"changed tenant@boston: process.nice; counts from its next start on"}, reload());
  EXPECT_EQ(UnitState::running, boston.state);
  EXPECT_EQ(std::nullopt, boston.unit.process.nice);
  EXPECT_EQ(Words{}, reload()) << "it is known already";
  restart(boston);

  EXPECT_EQ(1, boston.unit.process.nice);
}

TEST_F(ReloaderTest, WhatItsProcessIsNotMadeOfCountsAtOnce) {
  write("redis.toml", kRedis);
  boot();
  actions_.take();

  write("redis.toml", std::string(kRedis) + "stop_timeout = \"1s\"\nafter_stop = [\"x\"]\n");

  EXPECT_EQ((Words{"changed redis: after_stop, stop_timeout; counts at once"}), reload());
  EXPECT_EQ(Words{}, actions_.take());
  EXPECT_EQ(Milliseconds(1'000), table_.find("redis")->unit.service.stop_timeout);
}

TEST_F(ReloaderTest, KeepsAChangedServiceThatSaysSo) {
  const std::string kept = "[unit]\non_change = \"keep\"\n";
  write("redis.toml", kept + kRedis);
  boot();
  actions_.take();

  write("redis.toml", kept + "[service]\ncommand = \"other\"\n");

  EXPECT_EQ(Words{"changed redis: command; counts from its next start on"}, reload());
  EXPECT_EQ(Words{}, actions_.take());
  restart(*table_.find("redis"));
  EXPECT_EQ((Words{"other"}), table_.find("redis")->unit.service.command.argv);
}

TEST_F(ReloaderTest, RestartsAChangedServiceThatNobodyCanUseWhenIdle) {
  const std::string idle = "[unit]\non_change = \"when-idle\"\n";
  write("redis.toml", idle + kRedis);
  boot();
  actions_.take();

  write("redis.toml", idle + "[service]\ncommand = \"other\"\n");

  EXPECT_EQ(Words{"changed redis: command; restarts when idle"}, reload());
  EXPECT_EQ(Words{}, actions_.take()) << "not before it was looked at";
  pass(std::chrono::milliseconds(11));
  EXPECT_EQ(
      (Words{"terminate redis", "clean redis", "prepare redis", "spawn redis", "announce redis"}),
      actions_.take());
  EXPECT_EQ((Words{"other"}), table_.find("redis")->unit.service.command.argv);
}

TEST_F(ReloaderTest, NowStopsWhatWouldFinishItsLife) {
  const std::string idle = "[unit]\non_change = \"when-idle\"\n";
  write("web.toml", kWeb);
  write("redis.toml", idle + kRedis);
  write("tenant@.toml", kTenant);
  write("all.toml", "[instances.tenant]\nboston = {}\nraleigh = {}\n");
  boot();
  UnitRuntime& boston = *table_.find("tenant@boston");
  UnitRuntime& raleigh = *table_.find("tenant@raleigh");
  EXPECT_TRUE(manager_.want_up(boston).has_value());
  start(raleigh);
  actions_.take();
  write("tenant@.toml", std::string(kTenant) + "[process]\nnice = 1\n");
  write("redis.toml", idle + kRedis + "[process]\nnice = 1\n");

  EXPECT_TRUE(reloader_.reload_now().has_value());
  manager_.drain();

  EXPECT_EQ(UnitState::inactive, boston.state);
  EXPECT_EQ(UnitState::running, raleigh.state) << "it was started by hand to stay";
  EXPECT_EQ(1, raleigh.unit.process.nice);
  EXPECT_EQ(UnitState::running, state("redis"));
  EXPECT_EQ(1, table_.find("redis")->unit.process.nice);
}

TEST_F(ReloaderTest, StopsWhatIsRemovedAndForgetsIt) {
  write("redis.toml", kRedis);
  write("idle.toml", std::string(kRedis) + "[unit]\nstart = \"manual\"\n");
  boot();
  actions_.take();
  erase("redis.toml");
  erase("idle.toml");

  EXPECT_EQ((Words{"removed idle", "removed redis: stops"}), reload());
  turn();

  EXPECT_EQ((Words{"terminate redis", "clean redis"}), actions_.take());
  EXPECT_TRUE(table_.all().empty());
}

TEST_F(ReloaderTest, WhatComesBackWhileItStopsStartsAgain) {
  write("redis.toml", kRedis);
  boot();
  UnitRuntime& redis = *table_.find("redis");
  actions_.hold(redis, Step::terminate);
  erase("redis.toml");
  EXPECT_EQ(Words{"removed redis: stops"}, reload());
  ASSERT_EQ(UnitState::stopping, redis.state);

  write("redis.toml", "[service]\ncommand = \"redis-server --port 1\"\n");
  EXPECT_EQ(Words{"added redis: starts"}, reload());
  exits(redis, 0);
  turn();

  ASSERT_EQ(&redis, table_.find("redis"));
  EXPECT_EQ(UnitState::running, redis.state);
  EXPECT_EQ((Words{"redis-server", "--port", "1"}), redis.unit.service.command.argv);
}

TEST_F(ReloaderTest, NeverRunsAJobOfTheBootAgain) {
  write("setup.toml", "[job]\ncommand = \"setup\"\n");
  boot();
  exits(*table_.find("setup"), 0);
  ASSERT_EQ(UnitState::exited, state("setup"));
  actions_.take();

  write("setup.toml", "[job]\ncommand = \"setup again\"\n");
  EXPECT_EQ(Words{"changed setup: steps"}, reload());

  EXPECT_EQ(Words{}, actions_.take());
  EXPECT_TRUE(table_.find("setup")->job_succeeded);
}

TEST_F(ReloaderTest, HandsTheProxyItsRoutesAtBootAndWithEachChange) {
  write("web.toml", kWeb);
  write("tenant@.toml", kTenant);
  write("all.toml", "[instances.tenant]\nboston = {}\n");
  FakeProxy web(links_, "web");
  boot();
  EXPECT_EQ(Words{"configure 1"}, web.heard());
  ASSERT_TRUE(web.table().has_value());
  ASSERT_EQ(1U, web.table()->tenants.size());
  EXPECT_EQ("/boston/", web.table()->tenants[0].path);

  write("all.toml", "[instances.tenant]\nboston = {}\nraleigh = {}\n");
  EXPECT_EQ(Words{"added tenant@raleigh"}, reload());
  EXPECT_EQ(Words{"configure 2"}, web.heard());
  EXPECT_EQ(2U, web.table()->tenants.size());

  write("other.toml", kRedis);
  EXPECT_EQ(Words{"added other: starts"}, reload());
  EXPECT_EQ(Words{}, web.heard()) << "its table is the same";

  erase("all.toml");
  EXPECT_EQ((Words{"removed tenant@boston", "removed tenant@raleigh"}), reload());
  EXPECT_EQ(Words{"configure 3"}, web.heard());
  EXPECT_EQ(0U, web.table()->tenants.size());
}

TEST_F(ReloaderTest, EndsTheMaintenanceWithTheFirstSuccessOfItsJob) {
  write("web.toml", std::string(kWeb) + "[proxy.maintenance]\nuntil = \"setup\"\n");
  write("setup.toml", "[job]\ncommand = \"setup\"\n");
  FakeProxy web(links_, "web");
  boot();
  EXPECT_EQ(Words{"configure 1"}, web.heard());
  EXPECT_TRUE(web.table()->maintenance);
  EXPECT_TRUE(reloader_.in_maintenance());
  UnitRuntime& setup = *table_.find("setup");

  exits(setup, 1);
  EXPECT_EQ(Words{}, web.heard());
  start(setup);
  exits(setup, 0);

  EXPECT_EQ(Words{"configure 2"}, web.heard());
  EXPECT_FALSE(web.table()->maintenance);
  EXPECT_FALSE(reloader_.in_maintenance());
}

TEST_F(ReloaderTest, TheAdminHasTheLastWordOnMaintenance) {
  write("web.toml", std::string(kWeb) + "[proxy.maintenance]\nuntil = \"setup\"\n");
  write("setup.toml", "[job]\ncommand = \"setup\"\n");
  FakeProxy web(links_, "web");
  boot();
  EXPECT_EQ(Words{"configure 1"}, web.heard());

  reloader_.switch_maintenance("web", false);
  EXPECT_EQ(Words{"configure 2"}, web.heard());
  EXPECT_FALSE(web.table()->maintenance);
  reloader_.switch_maintenance("web", true);
  EXPECT_EQ(Words{"configure 3"}, web.heard());
  EXPECT_TRUE(web.table()->maintenance);
  exits(*table_.find("setup"), 0);

  EXPECT_TRUE(reloader_.in_maintenance());
}

TEST_F(ReloaderTest, WaitsForTheJobAgainWhenTheMachineHasSlept) {
  write("web.toml",
        std::string(kWeb) + "[proxy.maintenance]\nuntil = \"setup\"\nuntil_resume = true\n");
  write("setup.toml", "[job]\ncommand = \"setup\"\non = [\"boot\", \"resume\"]\n");
  boot();
  UnitRuntime& setup = *table_.find("setup");
  exits(setup, 0);
  EXPECT_FALSE(reloader_.in_maintenance());

  reloader_.resumed();
  EXPECT_TRUE(reloader_.in_maintenance());
  start(setup);
  exits(setup, 0);

  EXPECT_FALSE(reloader_.in_maintenance());
}

TEST_F(ReloaderTest, AProxyIsRestartedOnlyForWhatItsProcessIsMadeOf) {
  write("web.toml", kWeb);
  boot();
  actions_.take();

  write("web.toml", std::string(kWeb) + "[proxy.health]\npath = \"/up\"\n");
  EXPECT_EQ(Words{"changed web: the route table; counts at once"}, reload());
  EXPECT_EQ(Words{}, actions_.take());

  write("web.toml", "[proxy]\nlisten = \":8081\"\n[proxy.health]\npath = \"/up\"\n");
  EXPECT_EQ(Words{"changed web: listen; restarts"}, reload());
  EXPECT_EQ(Words{"hand over web"}, actions_.take());
}

TEST_F(ReloaderTest, FoldersThatOthersMayWriteToAreRefused) {
  write("redis.toml", kRedis);
  EXPECT_TRUE(os::make_folder(folder_.path("units"), 0777).has_value());

  boot();

  EXPECT_EQ(nullptr, table_.find("redis"));
  EXPECT_EQ(1U, reloader_.error_lines().size());
}

}  // namespace
}  // namespace berth
