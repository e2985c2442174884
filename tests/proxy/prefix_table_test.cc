// Longest prefixes among many.
#include "proxy/prefix_table.h"

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

PrefixTable showcase() {
  PrefixTable table;
  table.insert("", "/showcase/", 0);
  table.insert("", "/showcase/2025/boston/", 1);
  table.insert("", "/showcase/2025/raleigh/disney/", 2);
  table.insert("one.example.org", "/", 3);
  return table;
}

TEST(PrefixTable, FindsTheLongestPrefix) {
  const PrefixTable table = showcase();

  EXPECT_EQ(table.find("", "/showcase/2025/boston/people").value, 1U);
  EXPECT_EQ(table.find("", "/showcase/2025/raleigh/disney/").value, 2U);
  EXPECT_EQ(table.find("", "/showcase/2025/raleigh/x").value, 0U);
  EXPECT_EQ(table.find("", "/other").value, PrefixTable::kNone);
}

TEST(PrefixTable, MatchesAtSegmentBordersOnly) {
  const PrefixTable table = showcase();

  EXPECT_EQ(table.find("", "/showcase/2025/bostonian").value, 0U);
  EXPECT_EQ(table.find("", "/showcases/").value, PrefixTable::kNone);
}

TEST(PrefixTable, SaysThatASlashIsMissing) {
  const PrefixTable::Match match = showcase().find("", "/showcase/2025/boston");

  EXPECT_EQ(match.value, 1U);
  EXPECT_TRUE(match.needs_slash);
  EXPECT_TRUE(showcase().find("", "/showcase").needs_slash);
}

TEST(PrefixTable, PrefersEntriesOfTheHost) {
  const PrefixTable table = showcase();

  EXPECT_EQ(table.find("one.example.org", "/showcase/2025/boston/").value, 3U);
  EXPECT_EQ(table.find("two.example.org", "/showcase/2025/boston/").value, 1U);
}

TEST(PrefixTable, HoldsThousands) {
  PrefixTable table;
  for (std::uint32_t i = 0; i < 10'000; ++i)
    table.insert("", "/e/" + std::to_string(i) + "/", i);

  for (std::uint32_t i = 0; i < 10'000; ++i)
    ASSERT_EQ(table.find("", "/e/" + std::to_string(i) + "/x").value, i);
}

TEST(PrefixTable, ComparesAFewHoweverManyThereAre) {
  PrefixTable few, many;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const std::string prefix =
        "/showcase/20" + std::to_string(i % 100) + "/studio-" + std::to_string(i) + "/";
    many.insert("", prefix, i);
    if (i < 100)
      few.insert("", prefix, i);
  }

  // Linear probing at half load: about as long as the logarithm of the number.
  EXPECT_LE(few.longest_run(), 30U);
  EXPECT_LE(many.longest_run(), 60U);
}

TEST(PrefixTable, IsNotSlowedByDeepPaths) {
  const std::string deep(8000, '/');

  EXPECT_EQ(showcase().find("", deep).value, PrefixTable::kNone);
}

}  // namespace
}  // namespace berth::proxy
