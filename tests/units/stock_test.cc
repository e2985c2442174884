// The unit files that berth ships.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using testing::File;

std::vector<File> stock_files() {
  std::vector<File> files;
  for (const auto& entry : std::filesystem::directory_iterator(BERTH_SOURCE_DIR "/units/stock")) {
    std::ifstream stream(entry.path());
    files.emplace_back(entry.path().filename(),
                       std::string(std::istreambuf_iterator<char>(stream), {}));
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(StockUnits, AreAllWithoutErrors) {
  std::vector<File> files = stock_files();
  files.emplace_back("list.toml", "[instances.tenant]\n\"2025/boston\" = {}\n");

  const Catalog catalog = testing::load(files);

  EXPECT_EQ(testing::Lines{}, testing::messages(catalog));
  EXPECT_EQ((testing::Lines{"anycable", "anycable-rpc", "cable", "initialize", "redis",
                            "tenant@2025/boston", "vector", "web"}),
            testing::names(catalog));
}

TEST(StockUnits, FindRedisWhereItListens) {
  const Catalog catalog = testing::load(stock_files());
  const auto variable = [&catalog](const char* unit, const char* name) {
    return catalog.find(unit)->process.env.at(name).value_or("");
  };

  EXPECT_EQ("127.0.0.1:6379", format_address(*catalog.find("redis")->service.address));
  EXPECT_EQ("redis://127.0.0.1:6379/1", variable("cable", "REDIS_URL"));
  EXPECT_EQ("redis://127.0.0.1:6379", variable("anycable", "ANYCABLE_REDIS_URL"));
  EXPECT_EQ("redis://127.0.0.1:6379", variable("anycable-rpc", "ANYCABLE_REDIS_URL"));
}

TEST(StockUnits, SayWhatTheyAre) {
  std::vector<File> files = stock_files();
  files.emplace_back("list.toml", "[instances.tenant]\na = {}\n");

  for (const auto& [name, unit] : testing::load(files).units)
    EXPECT_NE("", unit.info.description) << name;
}

}  // namespace
}  // namespace berth
