// Times, sizes, JSON and what a terminal may see.
#include "init/ctl/words.h"

#include <gtest/gtest.h>

#include "init/ctl/json_writer.h"
#include "init/ctl/output.h"

namespace berth::ctl {
namespace {

TEST(Words, SayRoughlyHowLongAgo) {
  EXPECT_EQ(ago(0, 5000), "");
  EXPECT_EQ(ago(5000, 5999), "now");
  EXPECT_EQ(ago(9000, 5000), "now");
  EXPECT_EQ(ago(1000, 60'999), "59s ago");
  EXPECT_EQ(ago(1000, 61'000), "1m ago");
  EXPECT_EQ(roughly(7'199'999), "1h");
  EXPECT_EQ(roughly(3 * 86'400'000ULL), "3d");
}

TEST(Words, ControlCharactersNeverReachATerminal) {
  EXPECT_EQ(printable("a\x1B[2Jb\x7F\r\n"), "a?[2Jb???");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m");
  EXPECT_EQ(printable("tab\there, M\xC3\xBCnchen"), "tab\there, M\xC3\xBCnchen");
}

TEST(Words, CountInTheRightNumber) {
  EXPECT_EQ(count_of(0, "unit"), "0 units");
  EXPECT_EQ(count_of(1, "unit"), "1 unit");
}

TEST(JsonWriter, SeparatesAndEscapes) {
  JsonWriter json;
  json.begin_object();
  json.member("text", "a\"\\\n\x01\xFF");
  json.member("list", std::vector<std::string>{"x", "y"});
  json.member("none", std::optional<std::uint64_t>());
  json.key("empty");
  json.begin_array();
  json.end_array();
  json.member("truth", true);
  json.end_object();

  EXPECT_EQ(std::move(json).take(),
            "{\"text\":\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\",\"list\":[\"x\",\"y\"],\"none\":null,"
            "\"empty\":[],\"truth\":true}\n");
}

TEST(Words, TellDurationsPrecisely) {
  EXPECT_EQ(precisely(0), "0us");
  EXPECT_EQ(precisely(999), "999us");
  EXPECT_EQ(precisely(12'999), "12ms");
  EXPECT_EQ(precisely(1'023'456), "1.023s");
  EXPECT_EQ(precisely(60'000'000), "1m 0.000s");
  EXPECT_EQ(precisely(3'723'456'000), "62m 3.456s");
}

TEST(Output, PaintsOnlyWhereColoursAreWanted) {
  std::ostream none(nullptr);
  Output output{none, none};
  EXPECT_EQ(output.paint(Colour::red, "failed"), "failed");

  output.colour = true;
  EXPECT_EQ(output.paint(Colour::red, "failed"), "\033[31mfailed\033[0m");
  EXPECT_EQ(output.paint(Colour::none, "x"), "x");
}

}  // namespace
}  // namespace berth::ctl
