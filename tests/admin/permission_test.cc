// Who may connect.
#include "init/admin/permission.h"

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace berth::admin {
namespace {

constexpr gid_t kGroup = 990;

TEST(Permission, RootTheOwnerAndTheGroupMayConnect) {
  EXPECT_TRUE(may_connect(Peer{0, 0, {}}, 1000, std::nullopt));
  EXPECT_TRUE(may_connect(Peer{1000, 1000, {}}, 1000, std::nullopt));
  EXPECT_TRUE(may_connect(Peer{1001, kGroup, {}}, 0, kGroup));
  EXPECT_TRUE(may_connect(Peer{1001, 1001, {5, kGroup}}, 0, kGroup));
}

TEST(Permission, NobodyElseMay) {
  EXPECT_FALSE(may_connect(Peer{1001, 1001, {5, 6}}, 0, kGroup));
  EXPECT_FALSE(may_connect(Peer{1001, kGroup, {kGroup}}, 0, std::nullopt));
}

TEST(Permission, FindsAGroupByItsWholeName) {
  std::string path = "/tmp/berth-group-XXXXXX";
  ::close(::mkstemp(path.data()));
  std::ofstream(path) << "root:x:0:\nberth-admins:x:1:\nberth-admin:x:990:alice,bob\nodd:x\n";

  EXPECT_EQ(group_in_file("berth-admin", path.c_str()), kGroup);
  EXPECT_EQ(group_in_file("berth", path.c_str()), std::nullopt);
  EXPECT_EQ(group_in_file("odd", path.c_str()), std::nullopt);
  EXPECT_EQ(group_in_file("root", "/nowhere/group"), std::nullopt);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace berth::admin
