// What a reload would change.
#include "units/catalog_diff.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using testing::File;
using testing::Lines;
using testing::load;

constexpr const char* kRedis = "[service]\ncommand = \"redis-server\"\n";

CatalogDiff diff_of(const std::vector<File>& before, const std::vector<File>& after) {
  const Catalog old = load(before);
  Definitions definitions;
  for (const auto& [name, unit] : old.units)
    definitions[name] = &unit;
  return compare(definitions, old.errors, load(after), [](const Unit&) { return true; });
}

Lines lines_of(const CatalogDiff& diff) {
  // What is called "up…" is up.
  return diff.lines([](const std::string& name) { return name.starts_with("up"); }, 10);
}

TEST(CatalogDiff, NamesWhatIsAddedRemovedAndChanged) {
  const CatalogDiff diff =
      diff_of({{"same.toml", kRedis}, {"gone.toml", kRedis}, {"other.toml", kRedis}},
              {{"same.toml", kRedis},
               {"new.toml", kRedis},
               {"other.toml", "[service]\ncommand = \"redis-server\"\nrestart = \"never\"\n"}});

  EXPECT_EQ((Lines{"added new: starts", "removed gone", "changed other: restart"}), lines_of(diff));
  EXPECT_TRUE(diff.new_errors.empty());
}

TEST(CatalogDiff, SaysWhatBecomesOfWhatIsUp) {
  const std::string idle = "[unit]\non_change = \"when-idle\"\n";
  const std::string other = "[service]\ncommand = \"other\"\n";
  const CatalogDiff diff = diff_of({{"up-a.toml", kRedis},
                                    {"up-b.toml", kRedis},
                                    {"up-c.toml", idle + kRedis},
                                    {"up-d.toml", kRedis},
                                    {"up-e.toml", "[job]\ncommand = \"a\"\n"}},
                                   {{"up-a.toml", other},
                                    {"up-b.toml", std::string(kRedis) + "restart = \"never\"\n"},
                                    {"up-c.toml", idle + other + "[process]\nnice = 1\n"},
                                    {"up-e.toml", "[job]\ncommand = \"b\"\n"}});

  EXPECT_EQ((Lines{"removed up-d: stops", "changed up-a: command; restarts",
                   "changed up-b: restart; counts at once",
                   "changed up-c: command, process.nice; restarts when idle",
                   "changed up-e: steps; counts from its next start on"}),
            lines_of(diff));
}

TEST(CatalogDiff, DoesNotCountAPlaceAsAChange) {
  const CatalogDiff diff =
      diff_of({{"redis.toml", kRedis}}, {{"redis.toml", "\n# moved\n" + std::string(kRedis)}});

  EXPECT_EQ(Lines{}, lines_of(diff));
}

TEST(CatalogDiff, CountsAnotherKindAsAChange) {
  const CatalogDiff diff =
      diff_of({{"redis.toml", kRedis}}, {{"redis.toml", "[job]\ncommand = \"redis-server\"\n"}});

  EXPECT_EQ((Lines{"changed redis: the kind of unit"}), lines_of(diff));
}

TEST(CatalogDiff, CountsLongLists) {
  std::vector<File> many;
  for (char name = 'a'; name < 'a' + 13; ++name)
    many.push_back(
        {std::string(1, name) + ".toml", "[unit]\nstart = \"manual\"\n" + std::string(kRedis)});

  EXPECT_EQ((Lines{"added a", "added b", "added c", "added d", "added e", "added f", "added g",
                   "added h", "added i", "added j", "added 3 more"}),
            lines_of(diff_of({}, many)));
}

TEST(CatalogDiff, TellsOnlyErrorsThatWereNotThere) {
  const File wrong{"wrong.toml", "[service]\ncommand = 1\n"};
  const File worse{"worse.toml", "[service]\ncommand = 2\n"};

  EXPECT_TRUE(diff_of({wrong}, {wrong}).new_errors.empty());
  const CatalogDiff diff = diff_of({wrong}, {wrong, worse});
  ASSERT_EQ(1U, diff.new_errors.size());
  EXPECT_EQ("worse.toml", diff.new_errors[0].place.file);
}

}  // namespace
}  // namespace berth
