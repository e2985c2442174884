// The newest lines stay, and all rings together stay within their bound.
#include "init/kept_lines.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace berth {
namespace {

constexpr std::size_t kNoBound = 1U << 30U;

std::vector<std::string> texts(const KeptLines& kept, const std::string& unit) {
  std::vector<std::string> result;
  for (const LogLine& line : kept.tail(unit).lines)
    result.push_back(line.text);
  return result;
}

TEST(KeptLines, GivesBackLinesOldestFirst) {
  KeptLines kept;
  kept.keep("redis", 4096, 1, LogStream::out, "one");
  kept.keep("redis", 4096, 2, LogStream::err, "");
  kept.keep("redis", 4096, 3, LogStream::berth, "three");

  const LogTail expected{
      {{1, LogStream::out, "one"}, {2, LogStream::err, ""}, {3, LogStream::berth, "three"}}, 0};
  EXPECT_EQ(expected, kept.tail("redis"));
  EXPECT_EQ(LogTail{}, kept.tail("cable"));
}

TEST(KeptLines, DropsTheOldestForTheNewestAndCountsThem) {
  for (std::size_t limit = 64; limit < 256; ++limit) {
    KeptLines kept;
    std::vector<std::string> said;
    for (std::size_t i = 0; i < 200; ++i) {
      said.push_back(std::string(i % 23, 'x') + std::to_string(i));
      kept.keep("x", limit, i, LogStream::out, said.back());
    }

    const std::vector<std::string> left = texts(kept, "x");
    ASSERT_FALSE(left.empty());
    EXPECT_EQ(std::vector(said.end() - static_cast<long>(left.size()), said.end()), left);
    EXPECT_EQ(200, left.size() + kept.tail("x").dropped);
    EXPECT_LE(kept.total(), limit);
  }
}

TEST(KeptLines, CutsALineThatIsLongerThanTheBuffer) {
  KeptLines kept;
  kept.keep("x", 116, 1, LogStream::out, std::string(500, 'x'));

  EXPECT_EQ(std::vector<std::string>{std::string(100, 'x')}, texts(kept, "x"));
}

TEST(KeptLines, KeepsNothingInABufferOfNothing) {
  KeptLines kept;
  kept.keep("x", 0, 1, LogStream::out, "lost");

  EXPECT_EQ((LogTail{{}, 1}), kept.tail("x"));
  EXPECT_EQ(0, kept.total());
}

TEST(KeptLines, ShrinksWithTheLimitOfAReload) {
  KeptLines kept;
  for (int i = 0; i < 100; ++i)
    kept.keep("x", 4096, 1, LogStream::out, "a line of the first definition");
  kept.keep("x", 256, 2, LogStream::out, "newest");

  EXPECT_LE(kept.total(), 256U);
  EXPECT_EQ("newest", texts(kept, "x").back());
}

TEST(KeptLines, TakesFromTheLargestWhenAllIsTaken) {
  KeptLines kept(64 * 1024);
  for (int i = 0; i < 10'000; ++i)
    kept.keep("flood", kNoBound, 1, LogStream::out, "the flood says something");
  for (int i = 0; i < 50; ++i)
    kept.keep("quiet", 16 * 1024, 1, LogStream::out, "line " + std::to_string(i));

  EXPECT_EQ(50, texts(kept, "quiet").size());
  EXPECT_EQ("the flood says something", texts(kept, "flood").back());
  EXPECT_LE(kept.total(), 64U * 1024);
}

TEST(KeptLines, StaysWithinItsBoundWithManyUnits) {
  KeptLines kept(64 * 1024);
  for (int round = 0; round < 50; ++round) {
    for (int unit = 0; unit < 200; ++unit)
      kept.keep(std::to_string(unit), 16 * 1024, 1, LogStream::out, std::string(100, 'x'));
    EXPECT_LE(kept.total(), 64U * 1024);
  }
}

TEST(KeptLines, ForgetsAUnit) {
  KeptLines kept;
  kept.keep("x", 4096, 1, LogStream::out, "text");
  kept.forget("x");
  kept.forget("never seen");

  EXPECT_EQ(LogTail{}, kept.tail("x"));
  EXPECT_EQ(0, kept.total());
}

TEST(KeptLines, MakesBinaryGarbageReadable) {
  KeptLines kept;
  kept.keep("x", 4096, 1, LogStream::out, std::string_view("\xff\0", 2));

  EXPECT_EQ(std::vector<std::string>{"\xEF\xBF\xBD\xEF\xBF\xBD"}, texts(kept, "x"));
}

}  // namespace
}  // namespace berth
