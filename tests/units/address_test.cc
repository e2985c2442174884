// Addresses and networks.
#include <gtest/gtest.h>

#include "units/values.h"

namespace berth {
namespace {

std::string round_trip(std::string_view text) {
  return format_address(*parse_address(text));
}
std::string complaint(std::string_view text) {
  return parse_address(text).error().message;
}

TEST(Address, IsWrittenAsItIsRead) {
  for (const char* text : {"127.0.0.1:3000", "[::1]:3000", ":3000", "unix:/run/x.sock"}) {
    EXPECT_EQ(text, round_trip(text));
  }
}

TEST(Address, BecomesCanonical) {
  EXPECT_EQ("127.0.0.1:80", round_trip("localhost:80"));
  EXPECT_EQ("[::1]:80", round_trip("[0:0:0:0:0:0:0:1]:80"));
  EXPECT_EQ("[::]:80", round_trip("[::]:80"));
}

TEST(Address, HasAFamily) {
  const Address tcp = *parse_address("[fe80::1]:65535");
  EXPECT_EQ(Address::Family::tcp, tcp.family);
  EXPECT_EQ("fe80::1", tcp.host);
  EXPECT_EQ(65535, tcp.port);
  const Address socket = *parse_address("unix:/a b");
  EXPECT_EQ(Address::Family::unix_socket, socket.family);
  EXPECT_EQ("/a b", socket.path);
}

TEST(Address, SaysWhatIsWrong) {
  EXPECT_EQ("\":PORT\" is missing", complaint(""));
  EXPECT_EQ("\":PORT\" is missing", complaint("127.0.0.1"));
  EXPECT_EQ("\"]:PORT\" is missing", complaint("[::1]"));
  EXPECT_EQ("\"0\" is no port between 1 and 65535", complaint(":0"));
  EXPECT_EQ("\"65536\" is no port between 1 and 65535", complaint(":65536"));
  EXPECT_EQ("\"http\" is no port between 1 and 65535", complaint(":http"));
  EXPECT_EQ("\"example.org\" is no numeric address; names are not looked up",
            complaint("example.org:80"));
  EXPECT_EQ("\"1.2.3\" is no numeric address; names are not looked up", complaint("1.2.3:80"));
  EXPECT_EQ("an IPv6 address stands in brackets, as in \"[::1]:3000\"", complaint("::1:80"));
  EXPECT_EQ("the path of a Unix socket begins with \"/\"", complaint("unix:x.sock"));
  EXPECT_EQ("the path of a Unix socket begins with \"/\"", complaint("unix:"));
  EXPECT_EQ("the path of a Unix socket has at most 107 bytes",
            complaint("unix:/" + std::string(107, 'x')));
}

TEST(Address, TakesTheLongestSocketPath) {
  EXPECT_TRUE(parse_address("unix:/" + std::string(106, 'x')).has_value());
}

TEST(Network, ReadsCidr) {
  const Network ten = *parse_network("10.0.0.0/8");
  EXPECT_EQ((std::vector<std::uint8_t>{10, 0, 0, 0}), ten.bytes);
  EXPECT_EQ(8, ten.prefix_bits);
  EXPECT_EQ(16U, parse_network("fd00::/8")->bytes.size());
  EXPECT_EQ(0, parse_network("0.0.0.0/0")->prefix_bits);
}

TEST(Network, IsOneAddressWithoutAPrefix) {
  EXPECT_EQ(32, parse_network("192.0.2.1")->prefix_bits);
  EXPECT_EQ(128, parse_network("::1")->prefix_bits);
}

TEST(Network, SaysWhatIsWrong) {
  EXPECT_EQ("\"\" is no numeric address", parse_network("").error().message);
  EXPECT_EQ("\"lan\" is no numeric address", parse_network("lan/8").error().message);
  EXPECT_EQ("a number from 0 to 32 follows the \"/\"",
            parse_network("10.0.0.0/33").error().message);
  EXPECT_EQ("a number from 0 to 128 follows the \"/\"", parse_network("::/129").error().message);
  EXPECT_EQ("a number from 0 to 32 follows the \"/\"", parse_network("10.0.0.0/").error().message);
  EXPECT_EQ("it has bits set beyond the first 8", parse_network("10.1.0.0/8").error().message);
}

}  // namespace
}  // namespace berth
