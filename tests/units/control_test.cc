// Every message between PID 1 and its helpers arrives as what was sent, and fits its packet.
#include "units/control.h"

#include <gtest/gtest.h>

#include "units/wire.h"

namespace berth {
namespace {

using namespace control;  // NOLINT(google-build-using-namespace): every name of it is used

template <typename Variant>
void arrives(const Variant& message) {
  const std::string bytes = wire::encode_any(message);
  const auto arrived = wire::decode_any<Variant>(bytes);

  ASSERT_TRUE(arrived.has_value());
  EXPECT_EQ(message, *arrived);
  EXPECT_LE(bytes.size(), kMaxPacket);
  EXPECT_EQ(message.index(), static_cast<std::uint8_t>(bytes[0]));
}

const std::string kUnit = "tenant@2025/raleigh/disney";
constexpr std::uint64_t kEpoch = 0x1122334455667788;
constexpr Milliseconds kTime{1'234};

TEST(Control, MessagesToTheProxyArrive) {
  const Address endpoint{Address::Family::unix_socket, "", 0, "/run/berth/units-run/x/socket"};
  for (const ToProxy& message :
       {ToProxy(Configure{kEpoch}), ToProxy(Granted{kUnit, kEpoch, endpoint}),
        ToProxy(Refused{kUnit, kTime, "exit status 1"}), ToProxy(Ending{kUnit, kEpoch, kTime}),
        ToProxy(Revoke{kUnit, kEpoch}), ToProxy(Drain{kTime}), ToProxy(ShuttingDown{}),
        ToProxy(Figures{})})
    arrives(message);
}

TEST(Control, MessagesFromTheProxyArrive) {
  for (const FromProxy& message :
       {FromProxy(Configured{kEpoch}), FromProxy(Acquire{kUnit}),
        FromProxy(Returned{kUnit, kEpoch, kTime, 9}), FromProxy(Busy{kUnit, kEpoch}),
        FromProxy(Unreachable{kUnit, kEpoch}), FromProxy(Usage{kUnit, kEpoch, 3, 9, kTime}),
        FromProxy(WantFigures{}), FromProxy(Activity{true, kTime})})
    arrives(message);
}

TEST(Control, MessagesFromAdminArrive) {
  for (const FromAdmin& message : {FromAdmin(control::Command{1, 1000, Verb::reset_failed, kUnit}),
                                   FromAdmin(GetSnapshot{2, true}), FromAdmin(GetLog{3, kUnit}),
                                   FromAdmin(Measure{4}), FromAdmin(FollowStates{5})})
    arrives(message);
}

TEST(Control, MessagesToAdminArrive) {
  for (const ToAdmin& message :
       {ToAdmin(Accepted{1}), ToAdmin(Denied{2, DenyCode::limits, "too many"}),
        ToAdmin(Finished{3, JobResult::skipped, {"a", "", "c"}}), ToAdmin(Document{4})})
    arrives(message);
}

TEST(Control, LongestNamesFitAPacket) {
  const std::string longest(128, 'n');

  EXPECT_LE(wire::encode_any(ToProxy(Refused{longest, kTime, std::string(4'096, 'r')})).size(),
            kMaxPacket);
}

}  // namespace
}  // namespace berth
