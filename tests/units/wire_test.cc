// Bytes between berth's own processes: what goes in comes out, and what is malformed is refused.
#include "units/wire.h"

#include <variant>

#include <gtest/gtest.h>

namespace berth {
namespace {

enum class Colour : std::uint8_t { red, green };

struct Inner {
  std::string text;
  bool flag = false;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.text);
    v(s.flag);
  }
  bool operator==(const Inner&) const = default;
};

struct Everything {
  std::uint8_t small = 0;
  std::int64_t large = 0;
  Colour colour = Colour::red;
  std::chrono::milliseconds time{0};
  std::vector<Inner> list;
  std::map<std::string, std::uint32_t> map;
  std::optional<Inner> perhaps;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.small);
    v(s.large);
    v(s.colour);
    v(s.time);
    v(s.list);
    v(s.map);
    v(s.perhaps);
  }
  bool operator==(const Everything&) const = default;
};

Everything full() {
  Everything value;
  value.small = 255;
  value.large = -1;
  value.colour = Colour::green;
  value.time = std::chrono::milliseconds(-5);
  value.list = {{"", false}, {std::string("\0\xff", 2), true}};
  value.map = {{"a", 1}, {"b", 2}};
  value.perhaps = Inner{"here", true};
  return value;
}

TEST(Wire, BringsEveryTypeAcross) {
  for (const Everything& value : {Everything(), full()}) {
    const auto arrived = wire::decode<Everything>(wire::encode(value));

    ASSERT_TRUE(arrived.has_value());
    EXPECT_EQ(value, *arrived);
  }
}

TEST(Wire, IsLittleEndianWithCountsOfFourBytes) {
  EXPECT_EQ(std::string("\x02\0\0\0ab\x01", 7), wire::encode(Inner{"ab", true}));
}

TEST(Wire, RefusesEveryPartOfAMessage) {
  const std::string bytes = wire::encode(full());

  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(wire::decode<Everything>(bytes.substr(0, size)).has_value()) << size;
}

TEST(Wire, RefusesWhatIsTooLong) {
  const auto decoded = wire::decode<Inner>(wire::encode(Inner{}) + "x");

  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ("malformed message", decoded.error().message);
}

TEST(Wire, TrustsNoCountFurtherThanTheBytesThatAreThere) {
  EXPECT_FALSE(wire::decode<Inner>("\xff\xff\xff\xff").has_value());
  EXPECT_FALSE(wire::decode<std::vector<Inner>>("\xff\xff\xff\x7f").has_value());
  EXPECT_FALSE((wire::decode<std::map<std::string, Inner>>("\xff\xff\xff\xff").has_value()));
}

TEST(Wire, TellsTheAlternativesOfAVariantApart) {
  using Either = std::variant<Inner, Everything>;

  for (const Either& value : {Either(Inner{"x", true}), Either(full())}) {
    const auto arrived = wire::decode_any<Either>(wire::encode_any(value));

    ASSERT_TRUE(arrived.has_value());
    EXPECT_EQ(value, *arrived);
  }
}

TEST(Wire, RefusesAnUnknownAlternative) {
  using Either = std::variant<Inner, Everything>;

  EXPECT_EQ("unknown message", wire::decode_any<Either>("\x02").error().message);
  EXPECT_EQ("unknown message", wire::decode_any<Either>("").error().message);
}

}  // namespace
}  // namespace berth
