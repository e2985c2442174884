// Descriptors that arrive: a few are kept, none is lost track of.
#include "init/os/received_fds.h"

#include <array>
#include <cstring>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "init/os/packet_socket.h"

namespace berth::os {
namespace {

TEST(ReceivedFds, MoreThanAPacketMayHaveAreClosed) {
  auto pair = packet_pair();
  ASSERT_TRUE(pair.has_value());
  std::array<int, 2> ends{};
  ASSERT_EQ(0, ::pipe2(ends.data(), O_CLOEXEC));
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::array<int, 200> many{};
  many.fill(write_end.raw());
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof many)> control{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof many);
  std::memcpy(CMSG_DATA(header), many.data(), sizeof many);
  ASSERT_EQ(1, ::sendmsg((*pair).first.raw(), &message, 0));
  write_end.reset();

  Packet packet;
  ASSERT_EQ(ReceiveOutcome::received, receive_packet((*pair).second.borrow(), 100, packet));
  EXPECT_EQ(kMaxPacketFds, packet.fds.size());
  packet.fds.clear();

  pollfd hangup{read_end.raw(), POLLIN, 0};
  EXPECT_EQ(1, ::poll(&hangup, 1, 0));
  EXPECT_EQ(POLLHUP, hangup.revents) << "no write end is left";
}

}  // namespace
}  // namespace berth::os
