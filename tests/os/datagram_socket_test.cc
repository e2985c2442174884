// Datagrams: who sends them, how long they are, and what comes with them.
#include "init/os/datagram_socket.h"

#include <chrono>
#include <cstddef>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace berth::os {
namespace {

class DatagramSocketTest : public testing::Test {
 protected:
  DatagramSocketTest() {
    folder_ = testing::TempDir() + "berth-datagrams-XXXXXX";
    EXPECT_NE(nullptr, ::mkdtemp(folder_.data()));
    address_ = folder_ + "/notify";
    auto bound = bind_datagrams(address_);
    EXPECT_TRUE(bound.has_value());
    socket_ = *std::move(bound);
  }
  ~DatagramSocketTest() override {
    ::unlink(address_.c_str());
    ::rmdir(folder_.c_str());
  }

  /// A socket that sends to `address`.
  static UniqueFd sender_to(const std::string& address) {
    UniqueFd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    address.copy(name.sun_path, sizeof name.sun_path - 1);
    if (address.front() == '@')
      name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    EXPECT_EQ(0, ::connect(sender.raw(), reinterpret_cast<const sockaddr*>(&name), size));
    return sender;
  }
  static void send(const UniqueFd& sender, std::string_view text) {
    EXPECT_EQ(static_cast<ssize_t>(text.size()),
              ::send(sender.raw(), text.data(), text.size(), MSG_NOSIGNAL));
  }
  static void send_with_fd(const UniqueFd& sender, std::string_view text, int fd) {
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    EXPECT_EQ(static_cast<ssize_t>(text.size()), ::sendmsg(sender.raw(), &message, 0));
  }

  std::string folder_, address_;
  UniqueFd socket_;
  Datagram datagram_;
};

TEST_F(DatagramSocketTest, TellsWhoHasSentWhat) {
  send(sender_to(address_), "READY=1");

  ASSERT_TRUE(receive_datagram(socket_.borrow(), 100, datagram_));
  EXPECT_EQ("READY=1", datagram_.bytes);
  EXPECT_EQ(::getpid(), datagram_.sender.pid);
  EXPECT_EQ(::getuid(), datagram_.sender.uid);
  EXPECT_FALSE(datagram_.too_long);
  EXPECT_FALSE(receive_datagram(socket_.borrow(), 100, datagram_)) << "and does not wait";
}

TEST_F(DatagramSocketTest, IsOpenToEverybody) {
  struct stat status {};

  ASSERT_EQ(0, ::stat(address_.c_str(), &status));
  EXPECT_EQ(0666U, status.st_mode & 0777U);
}

TEST_F(DatagramSocketTest, ReplacesWhatABerthBeforeHasLeft) {
  const auto again = bind_datagrams(address_);
  ASSERT_TRUE(again.has_value());
  send(sender_to(address_), "x");

  EXPECT_TRUE(receive_datagram((*again).borrow(), 100, datagram_));
}

TEST_F(DatagramSocketTest, HasAnAbstractName) {
  const std::string name = "@berth-test-" + std::to_string(::getpid());
  const auto bound = bind_datagrams(name);
  ASSERT_TRUE(bound.has_value());
  send(sender_to(name), "x");

  EXPECT_TRUE(receive_datagram((*bound).borrow(), 100, datagram_));
}

TEST_F(DatagramSocketTest, SaysWhyAPathCannotBe) {
  const std::string path = "/" + std::string(200, 'x');
  const auto bound = bind_datagrams(path);

  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ("socket path " + path + ": must have 2 to 107 bytes", bound.error().message);
}

TEST_F(DatagramSocketTest, KeepsTheBeginningOfALongOne) {
  send(sender_to(address_), "0123456789");

  ASSERT_TRUE(receive_datagram(socket_.borrow(), 4, datagram_));
  EXPECT_EQ("0123", datagram_.bytes);
  EXPECT_TRUE(datagram_.too_long);
}

TEST_F(DatagramSocketTest, ClosesWhatComesWithIt) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(0, ::pipe2(ends, O_CLOEXEC));
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  send_with_fd(sender_to(address_), "BARRIER=1", write_end.raw());
  write_end.reset();
  ASSERT_TRUE(receive_datagram(socket_.borrow(), 100, datagram_));

  pollfd hangup{read_end.raw(), POLLIN, 0};
  EXPECT_EQ(1, ::poll(&hangup, 1, 1000)) << "sd_notify_barrier(3) waits for this";
  EXPECT_EQ(POLLHUP, hangup.revents);
}

TEST_F(DatagramSocketTest, IsNotHeldUpByASocketThatLingers) {
  // A connection with more to send than the other end will ever read.
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  ASSERT_EQ(0, ::bind(listener.raw(), reinterpret_cast<const sockaddr*>(&name), sizeof name));
  ASSERT_EQ(0, ::listen(listener.raw(), 1));
  ASSERT_EQ(0, ::getsockname(listener.raw(), reinterpret_cast<sockaddr*>(&name), &size));
  UniqueFd connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(0, ::connect(connection.raw(), reinterpret_cast<const sockaddr*>(&name), sizeof name));
  const linger stubborn{1, 30};
  ASSERT_EQ(0, ::setsockopt(connection.raw(), SOL_SOCKET, SO_LINGER, &stubborn, sizeof stubborn));
  const std::string much(65536, 'x');
  while (::send(connection.raw(), much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
  send_with_fd(sender_to(address_), "READY=1", connection.raw());
  connection.reset();  // the one on its way is the last now

  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(receive_datagram(socket_.borrow(), 100, datagram_));

  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

}  // namespace
}  // namespace berth::os
