// Sizes, read and written.
#include <gtest/gtest.h>

#include "units/values.h"

namespace berth {
namespace {

constexpr Bytes kWhole{1'000};

std::uint64_t bytes(std::string_view text) {
  return parse_size(text, kWhole)->count;
}
std::string complaint(std::string_view text) {
  return parse_size(text, kWhole).error().message;
}

TEST(Size, CountsInPowersOf1024) {
  EXPECT_EQ(4096U, bytes("4096"));
  EXPECT_EQ(0U, bytes("0"));
  EXPECT_EQ(2048U, bytes("2K"));
  EXPECT_EQ(64U << 20U, bytes("64M"));
  EXPECT_EQ(std::uint64_t{3} << 30U, bytes("3G"));
  EXPECT_EQ(std::uint64_t{1} << 40U, bytes("1T"));
}

TEST(Size, TakesDecimals) {
  EXPECT_EQ(std::uint64_t{3} << 29U, bytes("1.5G"));
  EXPECT_EQ(256U, bytes("0.25K"));
}

TEST(Size, TakesAPartOfTheWhole) {
  EXPECT_EQ(400U, bytes("40%"));
  EXPECT_EQ(125U, bytes("12.5%"));
  EXPECT_EQ(1000U, bytes("100%"));
}

TEST(Size, SaysWhatIsWrong) {
  EXPECT_EQ("it does not begin with a number", complaint(""));
  EXPECT_EQ("it does not begin with a number", complaint("-1"));
  EXPECT_EQ("\"m\" is no unit of size (K, M, G, T, %)", complaint("64m"));
  EXPECT_EQ("\"MB\" is no unit of size (K, M, G, T, %)", complaint("64MB"));
  EXPECT_EQ("a number of bytes has no decimals", complaint("1.5"));
  EXPECT_EQ("between 1 and 9 digits follow the point", complaint("1.K"));
  EXPECT_EQ("between 1 and 9 digits follow the point", complaint("1.0123456789K"));
  EXPECT_EQ("it is more than 100%", complaint("101%"));
  EXPECT_EQ("it is too large", complaint("99999999999999999999"));
  EXPECT_EQ("it is too large", complaint("16777216T"));
  EXPECT_EQ("the memory that \"%\" is a part of is not known here",
            parse_size("40%", Bytes{}).error().message);
}

TEST(Size, IsWrittenForPeople) {
  EXPECT_EQ("0", format_size(Bytes{0}));
  EXPECT_EQ("1023", format_size(Bytes{1023}));
  EXPECT_EQ("4.0K", format_size(Bytes{4096}));
  EXPECT_EQ("9.9K", format_size(Bytes{10'137}));
  EXPECT_EQ("10K", format_size(Bytes{10'240}));
  EXPECT_EQ("12M", format_size(Bytes{12U << 20U}));
  EXPECT_EQ("1.5G", format_size(Bytes{std::uint64_t{3} << 29U}));
  EXPECT_EQ("16777216T", format_size(Bytes{~std::uint64_t{0}}));
}

TEST(Size, RoundsIntoTheNextUnit) {
  EXPECT_EQ("1.0M", format_size(Bytes{(1U << 20U) - 1}));
  EXPECT_EQ("1.0G", format_size(Bytes{(1U << 30U) - 1}));
}

}  // namespace
}  // namespace berth
