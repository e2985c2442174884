// Names of units, templates and instances.
#include "units/unit_name.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

UnitName name(std::string_view text) {
  return *UnitName::parse(text);
}
std::string complaint(std::string_view text) {
  return UnitName::parse(text).error().message;
}

TEST(UnitName, OfAPlainUnitHasNoInstance) {
  EXPECT_EQ("redis", name("redis").str());
  EXPECT_FALSE(name("redis").is_template());
  EXPECT_FALSE(name("redis").is_instance());
  EXPECT_EQ("", name("redis").template_name());
  EXPECT_EQ("", name("redis").instance());
  EXPECT_EQ("", name("redis").instance_dashed());
}

TEST(UnitName, OfATemplateEndsInAnAt) {
  EXPECT_TRUE(name("tenant@").is_template());
  EXPECT_FALSE(name("tenant@").is_instance());
  EXPECT_EQ("tenant@", name("tenant@").template_name());
  EXPECT_EQ("", name("tenant@").instance());
}

TEST(UnitName, OfAnInstanceHasParts) {
  const UnitName boston = name("tenant@2025/boston");
  EXPECT_TRUE(boston.is_instance());
  EXPECT_FALSE(boston.is_template());
  EXPECT_EQ("tenant@", boston.template_name());
  EXPECT_EQ("2025/boston", boston.instance());
  EXPECT_EQ("2025-boston", boston.instance_dashed());
  EXPECT_EQ("tenant@2025%2Fboston", boston.escaped());
}

TEST(UnitName, EscapesDistinctNamesDistinctly) {
  EXPECT_NE(name("t@a/b").escaped(), name("t@a-b").escaped());
  EXPECT_EQ("t@a-b", name("t@a-b").escaped());
}

TEST(UnitName, TakesEveryCharacterOfItsGrammar) {
  EXPECT_TRUE(UnitName::parse("a.B_c-9").has_value());
  EXPECT_TRUE(UnitName::parse("9@A.b/_c").error().message.size() > 0);
  EXPECT_TRUE(UnitName::parse("x@1/2.3/4_5-6").has_value());
  EXPECT_TRUE(UnitName::parse(std::string(128, 'x')).has_value());
}

TEST(UnitName, SaysWhatIsWrong) {
  for (const char* text : {"", "-a", ".a", "_a", "a b", "a/b", "ä", "@a", "a%2F"}) {
    EXPECT_EQ("\"" + std::string(text) +
                  "\" is no name of a unit: a name begins with a letter or digit and goes on with "
                  "[A-Za-z0-9_.-]",
              complaint(text));
  }
  for (const char* text : {"t@/a", "t@a/", "t@a//b", "t@.", "t@a/../b", "t@a@b", "t@a b"}) {
    EXPECT_EQ("\"" + std::string(text) +
                  "\" is no name of a unit: an instance is made of such names, joined by \"/\"",
              complaint(text));
  }
  EXPECT_EQ("\"" + std::string(129, 'x') + "\" is no name of a unit: it has more than 128 bytes",
            complaint(std::string(129, 'x')));
}

}  // namespace
}  // namespace berth
