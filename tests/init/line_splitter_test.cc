// Lines are the same however the bytes come in.
#include "init/line_splitter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace berth {
namespace {

using Lines = std::vector<std::string>;

Lines split(const std::string& text, std::size_t step) {
  LineSplitter splitter;
  Lines lines;
  const auto collect = [&](std::string_view line) { lines.emplace_back(line); };
  for (std::size_t i = 0; i < text.size(); i += step)
    splitter.feed(std::string_view(text).substr(i, step), collect);
  splitter.finish(collect);
  return lines;
}

TEST(LineSplitter, GivesTheSameLinesForEveryStep) {
  using namespace std::string_literals;
  const std::string text = "one\n\ntwo\r\n\xff\0garbage\rin\nlast"s;

  const Lines expected{"one", "", "two", "\xff\0garbage\rin"s, "last"};
  for (std::size_t step = 1; step <= text.size(); ++step)
    EXPECT_EQ(expected, split(text, step)) << step;
}

TEST(LineSplitter, TakesCrLfAsOneEnd) {
  EXPECT_EQ((Lines{"one", "t\rwo", "last"}), split("one\r\nt\rwo\nlast\r", 4));
}

TEST(LineSplitter, HasNoLineInNothing) {
  EXPECT_EQ(Lines{}, split("", 1));
  EXPECT_EQ(Lines{""}, split("\n", 1));
}

TEST(LineSplitter, SplitsALineThatIsTooLong) {
  const std::string text(2 * kMaxLogLine + 5, 'x');

  const Lines expected{std::string(kMaxLogLine, 'x'), std::string(kMaxLogLine, 'x'), "xxxxx", "y"};
  for (const std::size_t step : {std::size_t{1000}, kMaxLogLine, text.size() + 3})
    EXPECT_EQ(expected, split(text + "\ny\n", step)) << step;
}

TEST(LineSplitter, LeavesALineOfTheGreatestLengthWhole) {
  const std::string line(kMaxLogLine, 'x');

  EXPECT_EQ((Lines{line, "y"}), split(line + "\ny\n", 100));
}

TEST(LineSplitter, DoesNotTearACharacter) {
  const std::string before(kMaxLogLine - 2, 'x');

  EXPECT_EQ((Lines{before, "\xE2\x82\xAC"}), split(before + "\xE2\x82\xAC\n", 7));
  EXPECT_EQ((Lines{before + "\xC3\xA9", "z"}), split(before + "\xC3\xA9z\n", 7));
}

}  // namespace
}  // namespace berth
