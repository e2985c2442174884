// What the container has to grant.
#include "units/container_needs.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

/// What `unit` adds to the descriptors of a berth without units.
std::uint64_t cost_of(Unit unit) {
  const Catalog nothing;
  Catalog catalog;
  catalog.units["x"] = std::move(unit);
  return descriptors_needed(catalog) - descriptors_needed(nothing);
}

TEST(DescriptorsNeeded, AreTheSameForEveryUnitWithoutCompany) {
  Unit job;
  job.job.emplace();
  Unit tenant;
  tenant.tenant.emplace().endpoint = Endpoint::socket;

  EXPECT_EQ(cost_of(Unit{}), 6U);
  EXPECT_EQ(cost_of(job), 6U);
  EXPECT_EQ(cost_of(tenant), 6U);
}

TEST(DescriptorsNeeded, IncludeCommandsBesideTheMainProcess) {
  Unit greeted;
  greeted.service.after_start.emplace_back();
  Unit reloaded;
  reloaded.service.reload_command.emplace();
  Unit with_port;
  with_port.tenant.emplace().endpoint = Endpoint::port;

  EXPECT_EQ(cost_of(greeted), 10U);
  EXPECT_EQ(cost_of(reloaded), 10U);
  EXPECT_EQ(cost_of(with_port), 10U);
}

TEST(DescriptorsNeeded, IncludeTheListenerOfAnActivatedTenant) {
  Unit activated;
  activated.tenant.emplace().endpoint = Endpoint::activated;

  EXPECT_EQ(cost_of(activated), 7U);
}

TEST(DescriptorsNeeded, IncludeTheVariablesOfFiles) {
  Unit unit;
  unit.process.secrets = "/run/secrets";

  EXPECT_EQ(cost_of(unit), 7U);
}

TEST(DescriptorsNeeded, IncludeTheSocketsOfAProxy) {
  Unit proxy;
  proxy.proxy.emplace().listen = {Address{}, Address{}};

  EXPECT_EQ(cost_of(proxy), 9U);
}

TEST(DescriptorsNeeded, IncludeTheBackgroundStepsOfAJob) {
  Unit job;
  job.job.emplace().steps.resize(3);
  job.job->steps[0].background = true;
  job.job->steps[1].background = true;

  EXPECT_EQ(cost_of(job), 14U);
}

TEST(DescriptorsNeeded, AddUp) {
  Catalog one;
  one.units["a"] = Unit{};
  Catalog two = one;
  two.units["b"] = Unit{};

  EXPECT_EQ(descriptors_needed(two) - descriptors_needed(one), cost_of(Unit{}));
}

TEST(CapabilitiesNeeded, AreWhatUnitsKeepButNoProxy) {
  const auto bit = [](const char* name) { return CapabilitySet{1} << *capability_number(name); };
  Catalog catalog;
  catalog.units["a"].process.capabilities = bit("net_bind_service");
  catalog.units["b"].process.capabilities = bit("sys_nice");
  catalog.units["c"];
  catalog.units["web"].process.capabilities = bit("sys_admin");
  catalog.units["web"].proxy.emplace();

  const CapabilitiesNeeded needed = capabilities_needed(catalog);

  EXPECT_EQ("net_bind_service, sys_nice", to_string(needed.kept));
  EXPECT_EQ("sys_nice", to_string(needed.extra));
}

TEST(StopGrace, LeavesRoomForTheLastWords) {
  BerthConfig config;

  EXPECT_EQ(shutdown_limit(config), Milliseconds(9'000));
  EXPECT_EQ(stop_grace(config), std::chrono::seconds(10));  // what `docker stop` gives by default
}

TEST(StopGrace, IncludesTheTimeForBackups) {
  BerthConfig config;
  config.shutdown_timeout = Milliseconds(20'500);
  config.shutdown_after_stop = Milliseconds(60'000);

  EXPECT_EQ(shutdown_limit(config), Milliseconds(80'500));
  EXPECT_EQ(stop_grace(config), std::chrono::seconds(81));
}

}  // namespace
}  // namespace berth
