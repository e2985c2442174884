// Capabilities: names and numbers are the kernel's.
#include "units/capabilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

namespace berth {
namespace {

TEST(Capabilities, AreKnownByNameWithAndWithoutThePrefix) {
  EXPECT_EQ(capability_number("net_bind_service"), CAP_NET_BIND_SERVICE);
  EXPECT_EQ(capability_number("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
  EXPECT_EQ(capability_number("chown"), CAP_CHOWN);
  EXPECT_EQ(capability_number("Cap_Checkpoint_Restore"), CAP_CHECKPOINT_RESTORE);
  EXPECT_EQ(capability_number("root"), std::nullopt);
  EXPECT_EQ(capability_number(""), std::nullopt);
}

TEST(Capabilities, HaveANameForEveryNumberOfTheKernel) {
  EXPECT_EQ(capability_names().size(), std::size_t{CAP_CHECKPOINT_RESTORE} + 1);
  EXPECT_EQ(capability_number("sys_time"), CAP_SYS_TIME);
  EXPECT_EQ(capability_number("setfcap"), CAP_SETFCAP);
}

TEST(Capabilities, AreToldInWords) {
  EXPECT_EQ(to_string(CapabilitySet{1} << CAP_NET_ADMIN | CapabilitySet{1} << CAP_SYS_TIME),
            "net_admin, sys_time");
  EXPECT_EQ(to_string(CapabilitySet{1} << 63), "63");
  EXPECT_EQ(to_string(CapabilitySet{0}), "");
}

}  // namespace
}  // namespace berth
