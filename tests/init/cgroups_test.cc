// What is written into the groups of a unit, and read from them, in folders that stand for groups.
#include "init/cgroups.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fakes/fake_clock.h"
#include "tests/init/temp_folder.h"

namespace berth {
namespace {

class CgroupsTest : public testing::Test {
 protected:
  CgroupsTest() : unit_(definition(), 0) {
    for (const char* folder :
         {"v2", "v2/b", "v2/b/unit-app@x%2Fy", "memory", "memory/b", "memory/b/unit-app@x%2Fy"})
      ::mkdir(root_.path(folder).c_str(), 0755);
  }
  static Unit definition() {
    Unit unit;
    unit.name = *UnitName::parse("app@x/y");
    return unit;
  }
  // Files of the unit's group, as the kernel would have made them.
  void files(const std::string& hierarchy,
             std::initializer_list<std::pair<const char*, const char*>> files) {
    for (const auto& [name, text] : files)
      root_.write(hierarchy + "/b/unit-app@x%2Fy/" + name, text);
  }
  std::string text(const std::string& hierarchy, const std::string& name) {
    return os::read_group_file(root_.path(hierarchy + "/b/unit-app@x%2Fy/" + name)).value_or("");
  }

  TempFolder root_;
  FakeClock clock_;
  os::EventLoop loop_{clock_};
  Shortfalls shortfalls_;
  CgroupLayout layout_;
  UnitRuntime unit_;
};

TEST_F(CgroupsTest, WritesTheLimitsOfVersionTwo) {
  files("v2", {{"memory.max", ""}, {"memory.high", ""}, {"pids.max", ""}, {"cpu.weight", ""}});
  layout_.v2 = root_.path("v2");
  layout_.v2_memory = layout_.v2_pids = layout_.v2_cpu = true;
  unit_.unit.memory.limit = Bytes{64 << 20};
  unit_.unit.process.pids_max = 7;
  unit_.unit.process.cpu_weight = 50;
  Cgroups groups{loop_, layout_, "b", shortfalls_};

  groups.open(unit_);

  EXPECT_EQ(text("v2", "memory.max"), "67108864");
  EXPECT_EQ(text("v2", "memory.high"), "max");  // of whoever had the group before
  EXPECT_EQ(text("v2", "pids.max"), "7");
  EXPECT_EQ(text("v2", "cpu.weight"), "50");
}

TEST_F(CgroupsTest, WritesTheLimitsOfVersionOne) {
  files("memory", {{"memory.limit_in_bytes", ""},
                   {"memory.soft_limit_in_bytes", ""},
                   {"memory.max_usage_in_bytes", "9"}});
  layout_.v1_memory = root_.path("memory");
  unit_.unit.memory.high = Bytes{64 << 20};
  Cgroups groups{loop_, layout_, "b", shortfalls_};

  groups.open(unit_);

  EXPECT_EQ(text("memory", "memory.limit_in_bytes"), "-1");
  EXPECT_EQ(text("memory", "memory.soft_limit_in_bytes"), "67108864");
  EXPECT_EQ(groups.entry(unit_).by_writing.size(), 1U);
}

TEST_F(CgroupsTest, HasNoGroupOfVersionOneForAUnitWithoutLimits) {
  layout_.v1_memory = layout_.v1_pids = layout_.v1_cpu = root_.path("memory");
  Cgroups groups{loop_, layout_, "b", shortfalls_};

  groups.open(unit_);

  EXPECT_TRUE(groups.entry(unit_).by_writing.empty());
  EXPECT_FALSE(groups.memory(unit_).has_value());
}

TEST_F(CgroupsTest, LetsChildrenEnterAKilledGroupByWriting) {
  layout_.v2 = root_.path("v2");
  ::rmdir(root_.path("v2/b/unit-app@x%2Fy").c_str());
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.open(unit_);
  EXPECT_TRUE(groups.entry(unit_).at_fork.is_open());
  EXPECT_TRUE(groups.entry(unit_).by_writing.empty());
  files("v2", {{"cgroup.kill", ""}});

  EXPECT_TRUE(groups.kill(unit_));

  EXPECT_FALSE(groups.entry(unit_).at_fork.is_open());
  EXPECT_EQ(groups.entry(unit_).by_writing.size(), 1U);
}

TEST_F(CgroupsTest, LetsChildrenEnterAGroupThatWasThereByWriting) {
  layout_.v2 = root_.path("v2");
  Cgroups groups{loop_, layout_, "b", shortfalls_};

  groups.open(unit_);

  EXPECT_FALSE(groups.entry(unit_).at_fork.is_open());
  EXPECT_EQ(groups.entry(unit_).by_writing.size(), 1U);
}

TEST_F(CgroupsTest, ReadsFiguresWithoutThePageCache) {
  files("v2", {{"memory.max", ""},
               {"memory.high", ""},
               {"memory.current", "1000\n"},
               {"memory.peak", "2000\n"},
               {"memory.swap.current", "5\n"},
               {"memory.stat", "anon 500\nactive_file 100\ninactive_file 200\n"}});
  layout_.v2 = root_.path("v2");
  layout_.v2_memory = true;
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.open(unit_);

  const auto memory = groups.memory(unit_);

  ASSERT_TRUE(memory.has_value());
  EXPECT_EQ(memory->current, 1000U);
  EXPECT_EQ(memory->peak, 2000U);
  EXPECT_EQ(groups.memory_in_use(unit_), 705U);
}

TEST_F(CgroupsTest, TellsAnOomKillByTheLimitFromOneByTheContainer) {
  files("v2", {{"memory.max", ""}, {"memory.high", ""}, {"memory.events", "max 3\noom_kill 1\n"}});
  layout_.v2 = root_.path("v2");
  layout_.v2_memory = true;
  unit_.unit.memory.limit = Bytes{64 << 20};
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.open(unit_);

  EXPECT_EQ(groups.why_killed(unit_), std::nullopt);  // that was a life before

  files("v2", {{"memory.events", "max 4\noom_kill 2\n"}});
  EXPECT_EQ(groups.why_killed(unit_), "out of memory (limit 64M)");
  EXPECT_EQ(groups.why_killed(unit_), std::nullopt);  // told

  groups.open(unit_);
  files("v2", {{"memory.events", "max 4\noom_kill 3\n"}});
  EXPECT_EQ(groups.why_killed(unit_), "out of memory (of the container or the machine)");
}

TEST_F(CgroupsTest, WritesNewLimitsAndNoOthers) {
  files("v2", {{"memory.max", ""}, {"memory.high", ""}, {"pids.max", ""}, {"cpu.weight", ""}});
  layout_.v2 = root_.path("v2");
  layout_.v2_memory = layout_.v2_pids = layout_.v2_cpu = true;
  unit_.unit.memory.high = Bytes{32 << 20};
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.open(unit_);
  files("v2", {{"memory.high", "untouched"}, {"pids.max", ""}});

  const Unit before = unit_.unit;
  unit_.unit.memory.limit = Bytes{64 << 20};
  unit_.unit.process.pids_max = 7;
  groups.adjust(unit_, before);

  EXPECT_EQ(text("v2", "memory.max"), "67108864");
  EXPECT_EQ(text("v2", "memory.high"), "untouched");
  EXPECT_EQ(text("v2", "pids.max"), "7");

  files("v2", {{"memory.max", ""}});
  const Unit limited = unit_.unit;
  unit_.unit.memory.limit.reset();
  groups.adjust(unit_, limited);

  EXPECT_EQ(text("v2", "memory.max"), "max");
}

TEST_F(CgroupsTest, TakesNoLimitBelowWhatIsUsed) {
  files("v2", {{"memory.max", ""}, {"memory.high", ""}, {"memory.current", "1000\n"}});
  layout_.v2 = root_.path("v2");
  layout_.v2_memory = true;
  unit_.unit.memory.high = Bytes{500};
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.open(unit_);
  Unit next = unit_.unit;

  next.memory.limit = Bytes{1001};
  EXPECT_TRUE(groups.takes_limits(unit_, next));
  next.memory.limit = Bytes{1000};
  EXPECT_FALSE(groups.takes_limits(unit_, next));
  next.memory.limit.reset();
  next.memory.high = Bytes{400};
  EXPECT_FALSE(groups.takes_limits(unit_, next));
  next.memory.high.reset();
  EXPECT_TRUE(groups.takes_limits(unit_, next));
}

TEST_F(CgroupsTest, TakesNoLimitForWhichAGroupOfVersionOneWouldHaveToBeEntered) {
  files("memory", {{"memory.limit_in_bytes", ""},
                   {"memory.soft_limit_in_bytes", ""},
                   {"memory.max_usage_in_bytes", "9"},
                   {"memory.usage_in_bytes", "1000\n"}});
  layout_.v1_memory = layout_.v1_pids = root_.path("memory");
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.open(unit_);
  Unit next = unit_.unit;
  next.memory.limit = Bytes{2000};

  EXPECT_FALSE(groups.takes_limits(unit_, next));

  unit_.unit.memory.limit = Bytes{3000};
  groups.open(unit_);
  const Unit before = unit_.unit;
  EXPECT_TRUE(groups.takes_limits(unit_, next));
  unit_.unit = next;
  groups.adjust(unit_, before);
  EXPECT_EQ(text("memory", "memory.limit_in_bytes"), "2000");
  next.process.pids_max = 7;
  EXPECT_FALSE(groups.takes_limits(unit_, next));
}

TEST_F(CgroupsTest, TakesAnyLimitWhereBerthKeepsIt) {
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.open(unit_);
  Unit next = unit_.unit;
  next.memory.limit = Bytes{1};
  next.process.pids_max = 1;

  EXPECT_TRUE(groups.takes_limits(unit_, next));
}

TEST_F(CgroupsTest, SeesWhomTheKernelKillsInAGroupThatIsOnlyRead) {
  root_.write("v2/memory.events", "oom_kill 1\n");
  layout_.own_memory = root_.path("v2");
  layout_.own_memory_is_v2 = true;
  Cgroups groups{loop_, layout_, "b", shortfalls_};
  groups.begin(true);
  groups.open(unit_);

  EXPECT_EQ(groups.why_killed(unit_), std::nullopt);

  root_.write("v2/memory.events", "oom_kill 2\n");
  EXPECT_EQ(groups.why_killed(unit_), "out of memory (of the container or the machine)");
}

TEST_F(CgroupsTest, NamesItselfAfterTheRunDir) {
  EXPECT_EQ(cgroup_name(root_.path()), cgroup_name(root_.path()));
  EXPECT_NE(cgroup_name(root_.path()), cgroup_name(root_.path("v2")));
  EXPECT_NE(cgroup_name(""), cgroup_name(""));  // there is no next berth to find it
}

}  // namespace
}  // namespace berth
