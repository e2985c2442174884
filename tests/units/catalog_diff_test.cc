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
  return compare(definitions, old.errors, load(after));
}

TEST(CatalogDiff, NamesWhatIsAddedRemovedAndChanged) {
  const CatalogDiff diff =
      diff_of({{"same.toml", kRedis}, {"gone.toml", kRedis}, {"other.toml", kRedis}},
              {{"same.toml", kRedis},
               {"new.toml", kRedis},
               {"other.toml", "[service]\ncommand = \"redis-server\"\nrestart = \"never\"\n"}});

  EXPECT_EQ((Lines{"added new", "removed gone", "changed other"}), diff.lines());
  EXPECT_TRUE(diff.new_errors.empty());
}

TEST(CatalogDiff, DoesNotCountAPlaceAsAChange) {
  const CatalogDiff diff =
      diff_of({{"redis.toml", kRedis}}, {{"redis.toml", "\n# moved\n" + std::string(kRedis)}});

  EXPECT_EQ(Lines{}, diff.lines());
}

TEST(CatalogDiff, CountsAnotherKindAsAChange) {
  const CatalogDiff diff =
      diff_of({{"redis.toml", kRedis}}, {{"redis.toml", "[job]\ncommand = \"redis-server\"\n"}});

  EXPECT_EQ(Lines{"changed redis"}, diff.lines());
}

TEST(CatalogDiff, CountsLongLists) {
  std::vector<File> many;
  for (char name = 'a'; name < 'a' + 13; ++name)
    many.push_back({std::string(1, name) + ".toml", kRedis});

  EXPECT_EQ((Lines{"added a", "added b", "added c", "added d", "added e", "added f", "added g",
                   "added h", "added i", "added j", "added 3 more"}),
            diff_of({}, many).lines());
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
