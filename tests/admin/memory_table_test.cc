// What memory probes say, joined with units.
#include "init/admin/memory_table.h"

#include <gtest/gtest.h>

namespace berth::admin {
namespace {

constexpr std::uint64_t kKilobyte = 1024;

Snapshot one_unit(std::vector<std::int32_t> pids) {
  Snapshot snapshot;
  snapshot.berth_pid = 1;
  snapshot.admin_pid = 2;
  UnitStatus unit;
  unit.name = "web";
  unit.kind = UnitKind::proxy;
  unit.pids = std::move(pids);
  snapshot.units = {unit};
  return snapshot;
}

TEST(MemoryTable, ReadsAProbesLineInKilobytes) {
  const ProcessTable table = parse_probe_lines("12 100 50 40 3\n");

  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table.at(12),
            (ProcessMemory{100 * kKilobyte, 50 * kKilobyte, 40 * kKilobyte, 3 * kKilobyte}));
}

TEST(MemoryTable, LeavesOutWhatTheProbeCouldNotRead) {
  const ProcessTable table = parse_probe_lines("12 100 - - -\n");

  EXPECT_EQ(table.at(12),
            (ProcessMemory{100 * kKilobyte, std::nullopt, std::nullopt, std::nullopt}));
}

TEST(MemoryTable, IgnoresLinesOfAnotherFormAndTheOneThatWasCutOff) {
  EXPECT_TRUE(parse_probe_lines("").empty());
  EXPECT_TRUE(parse_probe_lines("\n\nnonsense\n12 1 2 3\nx 1 2 3 4\n12 1 2 3 4").empty());
}

TEST(MemoryTable, AddsUpTheProcessesOfAUnit) {
  const ProcessTable table =
      parse_probe_lines("1 1 1 1 1\n2 2 2 2 2\n10 100 50 40 0\n11 10 5 4 1\n");

  const auto units = join_memory(one_unit({10, 11}), table, true);

  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[2],
            (UnitMemory{"web", "proxy", 2,
                        ProcessMemory{110 * kKilobyte, 55 * kKilobyte, 44 * kKilobyte, kKilobyte},
                        "PSS", std::nullopt}));
}

TEST(MemoryTable, SaysWhatTheCgroupOfAUnitCounts) {
  Snapshot snapshot = one_unit({10});
  snapshot.units[0].memory_by = "cgroup v2";
  snapshot.units[0].memory_current = 4711;

  const auto units = join_memory(snapshot, parse_probe_lines("10 100 - - -\n"), true);

  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[2].measured_by, "cgroup v2");
  EXPECT_EQ(units[2].in_cgroup, 4711U);
}

TEST(MemoryTable, SaysWhatItHadToMeasureBy) {
  const auto units = join_memory(one_unit({10}), parse_probe_lines("10 100 - - -\n"), true);

  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[2].measured_by, "RSS");
  EXPECT_EQ(units[2].in_cgroup, std::nullopt);
}

TEST(MemoryTable, ProcessThatNobodySpokeOfIsGoneWhenAllProbesHaveEnded) {
  const ProcessTable table = parse_probe_lines("10 100 50 40 0\n");

  const auto units = join_memory(one_unit({10, 11}), table, true);

  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[2].processes, 1U);
  EXPECT_EQ(units[2].sum.proportional, 50 * kKilobyte);
}

TEST(MemoryTable, ProcessThatNobodySpokeOfInTimeMakesTheUnitsFiguresUnknown) {
  const ProcessTable table = parse_probe_lines("10 100 50 40 0\n");

  const auto units = join_memory(one_unit({10, 11}), table, false);

  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[2].processes, 2U);
  EXPECT_EQ(units[2].sum.proportional, std::nullopt);
}

TEST(MemoryTable, LeavesOutUnitsWithoutProcesses) {
  EXPECT_EQ(join_memory(one_unit({}), {}, true).size(), 2U);
}

}  // namespace
}  // namespace berth::admin
