// Connections by address.
#include "proxy/address_counts.h"

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

os::PeerAddress peer(std::string_view text) {
  os::PeerAddress address;
  EXPECT_TRUE(os::parse_peer(text, address)) << text;
  return address;
}

TEST(AddressCounts, CountsEachAddressForItself) {
  AddressCounts counts;
  EXPECT_EQ(counts.enter(peer("192.0.2.1")), 1U);
  EXPECT_EQ(counts.enter(peer("192.0.2.1")), 2U);
  EXPECT_EQ(counts.enter(peer("192.0.2.2")), 1U);
}

TEST(AddressCounts, CountsANetworkOfIpv6AsOne) {
  AddressCounts counts;
  EXPECT_EQ(counts.enter(peer("2001:db8:0:1::1")), 1U);
  EXPECT_EQ(counts.enter(peer("2001:db8:0:1:ffff::2")), 2U);
  EXPECT_EQ(counts.enter(peer("2001:db8:0:2::1")), 1U);
  EXPECT_EQ(counts.enter(peer("::c000:201")), 1U);  // not 192.0.2.1
}

TEST(AddressCounts, ForgetsWhoHasLeft) {
  AddressCounts counts;
  counts.enter(peer("192.0.2.1"));
  counts.enter(peer("192.0.2.1"));
  counts.leave(peer("192.0.2.1"));
  EXPECT_EQ(counts.size(), 1U);
  counts.leave(peer("192.0.2.1"));
  EXPECT_EQ(counts.size(), 0U);
  EXPECT_EQ(counts.enter(peer("192.0.2.1")), 1U);
}

}  // namespace
}  // namespace berth::proxy
