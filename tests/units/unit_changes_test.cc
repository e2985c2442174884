// Which keys a change touches, and what a reload does about it.
#include "units/unit_changes.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using testing::Lines;

/// The unit x (or x@1) of one file.
Unit unit_of(const std::string& text, const std::string& name = "x.toml") {
  const Catalog catalog = testing::load({{name, text}, {"i.toml", "[instances.x]\n1 = {}\n"}});
  const Unit* unit = catalog.find(name == "x.toml" ? "x" : "x@1");
  return unit == nullptr ? Unit{} : *unit;
}

constexpr const char* kService = "[service]\ncommand = \"a\"\n";

Adoption adopts(const std::string& before, const std::string& after,
                const std::string& name = "x.toml", bool takes_limits = true) {
  const Unit changed = unit_of(after, name);
  return adoption(changes_between(unit_of(before, name), changed), changed, takes_limits);
}

TEST(UnitChanges, NameTheKeys) {
  const Unit before = unit_of("[service]\ncommand = \"a\"\n[process]\numask = \"0022\"\n");
  const Unit after = unit_of(
      "[unit]\ndescription = \"X\"\n[service]\ncommand = \"b\"\nlisten = \":1\"\n"
      "[process]\nenv = { A = \"1\" }\n[log]\nformat = \"json\"\n");

  EXPECT_EQ((Lines{"unit.description", "command", "address", "listen", "process.env",
                   "process.umask", "log.format"}),
            changes_between(before, after).keys);
}

TEST(UnitChanges, AreNoneIfOnlyThePlaceDiffers) {
  const UnitChanges changes =
      changes_between(unit_of(kService), unit_of("\n" + std::string(kService)));

  EXPECT_EQ(Lines{}, changes.keys);
  EXPECT_FALSE(changes.of_process);
}

TEST(UnitChanges, ReplaceAServiceOnlyForWhatItsProcessIsMadeOf) {
  const std::string service = kService;
  for (const char* beside :
       {"stop_timeout = \"1s\"\n", "restart = \"always\"\n", "ready = { tcp = \":1\" }\n",
        "after_stop = [\"x\"]\n", "[unit]\ndescription = \"x\"\n", "[log]\nformat = \"json\"\n"})
    EXPECT_EQ(Adoption::in_place, adopts(service, service + beside)) << beside;
  for (const char* made_of :
       {"listen = \":1\"\n", "[process]\nnice = 1\n", "[process]\nenv = { A = \"1\" }\n",
        "[process]\nlimits = { nofile = 9 }\n"})
    EXPECT_EQ(Adoption::restart, adopts(service, service + made_of)) << made_of;
}

TEST(UnitChanges, OfLimitsReplaceAProcessThatDoesNotTakeThem) {
  for (const char* limit : {"[memory]\nlimit = \"1G\"\n", "[memory]\nhigh = \"1G\"\n",
                            "[process]\ncpu_weight = 9\n", "[process]\npids_max = 9\n"}) {
    const std::string limited = std::string(kService) + limit;
    EXPECT_EQ(Adoption::in_place, adopts(kService, limited)) << limit;
    EXPECT_EQ(Adoption::restart, adopts(kService, limited, "x.toml", false)) << limit;
  }
}

TEST(UnitChanges, FollowWhatTheUnitSays) {
  const std::string other = "[service]\ncommand = \"b\"\n";
  EXPECT_EQ(Adoption::when_idle, adopts(kService, other + "[unit]\non_change = \"when-idle\"\n"));
  EXPECT_EQ(Adoption::next_life, adopts(kService, other + "[unit]\non_change = \"keep\"\n"));
  EXPECT_EQ(Adoption::next_life, adopts("[job]\ncommand = \"a\"\n", "[job]\ncommand = \"b\"\n"));
}

TEST(UnitChanges, LetATenantFinishItsLife) {
  const std::string tenant = "[tenant]\ncommand = \"a\"\n";
  const std::string other = "[tenant]\ncommand = \"b\"\n";
  EXPECT_EQ(Adoption::next_life, adopts(tenant, other, "x@.toml"));
  EXPECT_EQ(Adoption::restart,
            adopts(tenant, other + "[unit]\non_change = \"restart\"\n", "x@.toml"));
  EXPECT_EQ(Adoption::in_place, adopts(tenant, tenant + "idle_timeout = \"1m\"\n", "x@.toml"));
}

TEST(UnitChanges, ReplaceAProxyForItsSocketsAndItsProcess) {
  const std::string proxy = "[proxy]\nlisten = \":1\"\n";
  EXPECT_EQ(Adoption::in_place, adopts(proxy, proxy + "[proxy.health]\npath = \"/up\"\n"));
  EXPECT_EQ(Adoption::restart, adopts(proxy, "[proxy]\nlisten = \":2\"\n"));
  EXPECT_EQ(Adoption::restart, adopts(proxy, proxy + "user = \"nobody\"\n"));
}

}  // namespace
}  // namespace berth
