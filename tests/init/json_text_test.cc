// UTF-8 and JSON: what is valid and what is not.
#include "init/json_text.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(JsonText, KnowsTheBordersOfUtf8) {
  struct {
    std::string_view text;
    std::size_t length;
  } const kCases[] = {
      {"", 0},
      {"a", 1},
      {"\x7f", 1},
      {"\x80", 0},
      {"\xC1\xBF", 0},  // overlong
      {"\xC2\x80", 2},
      {"\xC2", 0},  // cut
      {"\xE0\x9F\xBF", 0},
      {"\xE0\xA0\x80", 3},
      {"\xED\x9F\xBF", 3},
      {"\xED\xA0\x80", 0},  // surrogate
      {"\xEF\xBF\xBF", 3},
      {"\xE2\x82", 0},
      {"\xF0\x8F\xBF\xBF", 0},
      {"\xF0\x90\x80\x80", 4},
      {"\xF4\x8F\xBF\xBF", 4},
      {"\xF4\x90\x80\x80", 0},  // beyond U+10FFFF
      {"\xF5\x80\x80\x80", 0},
      {"\xFF", 0},
  };
  for (const auto& each : kCases)
    EXPECT_EQ(each.length, utf8_length(each.text)) << testing::PrintToString(each.text);
}

TEST(JsonText, ReplacesWhatIsNotUtf8AndNul) {
  EXPECT_EQ("a\xEF\xBF\xBD\xEF\xBF\xBD\xE2\x82\xAC\xEF\xBF\xBD",
            to_valid_utf8(std::string_view("a\xE2\x82\xE2\x82\xAC\0", 7)));
}

TEST(JsonText, WritesEveryControlCharacterEscaped) {
  std::string out;
  append_json_string(out, std::string_view("\0\x1f\n\r\t\"\\/", 8));

  EXPECT_EQ(R"("\u0000\u001f\n\r\t\"\\/")", out);
}

TEST(JsonText, FindsTheKeyOfACompleteObject) {
  for (const std::string_view text : {
           R"({"t":1})",
           R"( { "a" : [1, -2.5e+3, {"b":null}], "t" : true } )",
           R"({"t":"\u00e9\"\\"})",
           R"({"a":[],"b":{},"t":0})",
       })
    EXPECT_TRUE(is_json_object_with(text, "t")) << text;
}

TEST(JsonText, RefusesEverythingElse) {
  for (const std::string_view text : {
           "",
           "{",
           "{}",
           "[]",
           R"("t")",
           R"({"a":{"t":1}})",
           R"({"t":1}x)",
           R"({"t":1,})",
           R"({"t":01})",
           R"({"t":1.})",
           R"({"t":+1})",
           R"({"t":tru})",
           R"({"t":"\x"})",
           R"({"t":"\u12g4"})",
           R"({"t":"\u12)",
           R"({"t":"a)",
           R"({"t" 1})",
           R"({t:1})",
           "{\"t\":\"\x01\"}",
           "{\"t\":\"\xff\"}",
       })
    EXPECT_FALSE(is_json_object_with(text, "t")) << text;
}

TEST(JsonText, RefusesWhatIsNestedTooDeep) {
  const auto nested = [](std::size_t depth) {
    return R"({"t":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };

  EXPECT_TRUE(is_json_object_with(nested(20), "t"));
  EXPECT_FALSE(is_json_object_with(nested(10'000), "t"));
}

}  // namespace
}  // namespace berth
