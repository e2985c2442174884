// TOML text as a tree with places.
#include "units/toml_document.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

Node tree(std::string_view text) {
  return std::get<Node>(parse_toml(text, 7));
}
SyntaxError error(std::string_view text) {
  return std::get<SyntaxError>(parse_toml(text, 7));
}

TEST(TomlDocument, KnowsThePlaceOfEveryKeyAndValue) {
  const Node root = tree("\n[service]\n  command = [\"a\", 1]\n");

  const Member* service = root.find("service");
  ASSERT_NE(nullptr, service);
  EXPECT_EQ((Mark{7, 2, 1}), service->value.at);
  const Member* command = service->value.find("command");
  ASSERT_NE(nullptr, command);
  EXPECT_EQ((Mark{7, 3, 3}), command->key_at);
  EXPECT_EQ((Mark{7, 3, 13}), command->value.at);
  EXPECT_EQ((Mark{7, 3, 19}), (*command->value.array())[1].at);
}

TEST(TomlDocument, CountsColumnsInCharacters) {
  EXPECT_EQ((Mark{7, 1, 13}),
            tree("\"\xc3\xa4\" = { a = 1 }").find("\xc3\xa4")->value.find("a")->value.at);
}

TEST(TomlDocument, NamesEveryType) {
  const Node root =
      tree("s = \"x\"\ni = 1\nr = 1.5\nb = true\na = []\nt = {}\nd = 1979-05-27\nn = nan\n");

  EXPECT_EQ("a string", root.find("s")->value.type_name());
  EXPECT_EQ("a number", root.find("i")->value.type_name());
  EXPECT_EQ("a number with decimals", root.find("r")->value.type_name());
  EXPECT_EQ("true or false", root.find("b")->value.type_name());
  EXPECT_EQ("an array", root.find("a")->value.type_name());
  EXPECT_EQ("a table", root.find("t")->value.type_name());
  EXPECT_EQ("a date", root.find("d")->value.type_name());
  EXPECT_EQ(nullptr, root.find("x"));
  EXPECT_EQ(nullptr, root.find("s")->value.find("x"));
}

TEST(TomlDocument, TellsArraysOfTablesFromOthers) {
  const Node root = tree("a = [{}]\nb = [{}, 1]\nc = []\nd = 1\n[[e]]\n[[e]]\n");

  EXPECT_TRUE(is_array_of_tables(root.find("a")->value));
  EXPECT_FALSE(is_array_of_tables(root.find("b")->value));
  EXPECT_FALSE(is_array_of_tables(root.find("c")->value));
  EXPECT_FALSE(is_array_of_tables(root.find("d")->value));
  EXPECT_TRUE(is_array_of_tables(root.find("e")->value));
}

TEST(TomlDocument, SaysWhereTheSyntaxIsWrong) {
  EXPECT_EQ((Mark{7, 2, 5}), error("a = 1\nb = \n").at);
  EXPECT_EQ((Mark{7, 2, 5}), error("a = 1\na = 2\n").at);
}

TEST(TomlDocument, RefusesHeadersWithoutAName) {
  for (const char* text : {"a = 1\n [=b]\n", "a = 1\n[.b]\n", "a = 1\n[[\xc3\xa4]]\n"}) {
    EXPECT_EQ("a table's header begins with its name", error(text).message) << text;
    EXPECT_EQ(2U, error(text).at.line) << text;
  }
  EXPECT_EQ((Mark{7, 1, 2}), error("[=]").at);
}

TEST(TomlDocument, TakesLettersBeyondAsciiInStringsAlone) {
  const Node root = tree("a = \"\"\"\\\n  \xc3\xa4\"\"\" # \xc3\xa4\n");

  EXPECT_EQ("\xc3\xa4", *root.find("a")->value.text());
  EXPECT_EQ((Mark{7, 2, 1}), error("a = 1\n\xc3\xa4 = 2\n").at);
  EXPECT_EQ((Mark{7, 1, 2}), error("a\xc3\xa4 = 2\n").at);
}

TEST(TomlDocument, BoundsItsDepth) {
  std::string key = "a";
  for (int i = 0; i < 64; ++i) {
    key += ".a";
  }
  EXPECT_TRUE(std::holds_alternative<Node>(parse_toml(key + " = 1\n", 0)));
  EXPECT_EQ("a key is nested too deeply", error("\n" + key + ".a = 1\n").message);
  EXPECT_EQ((Mark{7, 2, 1}), error("\n" + key + ".a = 1\n").at);
  EXPECT_TRUE(std::holds_alternative<SyntaxError>(
      parse_toml("a = " + std::string(100'000, '[') + "\n", 0)));
  EXPECT_TRUE(std::holds_alternative<Node>(
      parse_toml("# " + std::string(200, '.') + "\na = \"" + std::string(200, '.') + "\"\n", 0)));
}

}  // namespace
}  // namespace berth
