// Listening and connecting on loopback and on Unix sockets.
#include "init/os/socket.h"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace berth::os {
namespace {

Address tcp(const std::string& host, std::uint16_t port) {
  Address address;
  address.host = host;
  address.port = port;
  return address;
}

Address unix_at(const std::string& path) {
  Address address;
  address.family = Address::Family::unix_socket;
  address.path = path;
  return address;
}

std::uint16_t port_of(const UniqueFd& socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(socket.raw(), reinterpret_cast<sockaddr*>(&name), &size);
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&name)->sin6_port
                                          : reinterpret_cast<sockaddr_in*>(&name)->sin_port);
}

void expect_cloexec_and_nonblock(const UniqueFd& fd) {
  EXPECT_NE(::fcntl(fd.raw(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(fd.raw(), F_GETFL) & O_NONBLOCK, 0);
}

int connect_to(const Address& address) {
  bool in_progress = false;
  const Result<UniqueFd> socket = start_connect(address, in_progress);
  if (!socket)
    return socket.error().os_errno;
  pollfd decided{socket->raw(), POLLOUT, 0};
  if (in_progress)
    ::poll(&decided, 1, -1);
  return connect_error(socket->borrow());
}

// A folder of its own for each test, removed with everything in it.
class Socket : public testing::Test {
 protected:
  Socket() {
    char name[] = "/tmp/berth-socket-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~Socket() override {
    ::unlink(path().c_str());
    ::rmdir(folder_.c_str());
  }
  std::string path() const { return folder_ + "/s"; }

 private:
  std::string folder_;
};

TEST_F(Socket, ListensOnLoopbackAndTakesConnections) {
  const Result<UniqueFd> listener = listen_on(tcp("127.0.0.1", 0));
  ASSERT_TRUE(listener);
  expect_cloexec_and_nonblock(*listener);

  EXPECT_EQ(connect_to(tcp("127.0.0.1", port_of(*listener))), 0);

  const UniqueFd accepted = accept_on(listener->borrow());
  ASSERT_TRUE(accepted.is_open());
  expect_cloexec_and_nonblock(accepted);
  EXPECT_FALSE(accept_on(listener->borrow()).is_open());
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(Socket, NoticesThatAListenerWasShutDown) {
  const auto listener = listen_on(tcp("127.0.0.1", 0));
  ASSERT_TRUE(listener.has_value());
  EXPECT_TRUE(is_listening(listener->borrow()));

  ::shutdown(listener->raw(), SHUT_RDWR);

  EXPECT_FALSE(is_listening(listener->borrow()));
}

TEST_F(Socket, TakesAnyAddressForAnEmptyHost) {
  const Result<UniqueFd> listener = listen_on(tcp("", 0));
  ASSERT_TRUE(listener);

  EXPECT_EQ(connect_to(tcp("", port_of(*listener))), 0);
  EXPECT_EQ(connect_to(tcp("127.0.0.1", port_of(*listener))), 0);
}

TEST_F(Socket, ListensOnIpv6) {
  const Result<UniqueFd> listener = listen_on(tcp("::1", 0));
  if (!listener && listener.error().os_errno != 0)
    ASSERT_TRUE(listener.error().os_errno == EADDRNOTAVAIL ||
                listener.error().os_errno == EAFNOSUPPORT);
  else
    EXPECT_EQ(connect_to(tcp("::1", port_of(*listener))), 0);
}

TEST_F(Socket, TellsWhichAddressIsTaken) {
  const Result<UniqueFd> first = listen_on(tcp("127.0.0.1", 0));
  ASSERT_TRUE(first);
  const std::uint16_t port = port_of(*first);

  const Result<UniqueFd> second = listen_on(tcp("127.0.0.1", port));

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message,
            "listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
  EXPECT_EQ(second.error().code, ErrorCode::exists);
}

TEST_F(Socket, TellsThatAConnectionIsRefused) {
  std::uint16_t port = 0;
  {
    const Result<UniqueFd> listener = listen_on(tcp("127.0.0.1", 0));
    ASSERT_TRUE(listener);
    port = port_of(*listener);
  }

  EXPECT_EQ(connect_to(tcp("127.0.0.1", port)), ECONNREFUSED);
}

TEST_F(Socket, KnowsWhetherAPortIsFree) {
  std::uint16_t port = 0;
  {
    const Result<UniqueFd> listener = listen_on(tcp("127.0.0.1", 0));
    ASSERT_TRUE(listener);
    port = port_of(*listener);
    EXPECT_FALSE(port_is_free(port));
  }

  EXPECT_TRUE(port_is_free(port));
}

TEST_F(Socket, RefusesAHostThatIsAName) {
  const Result<UniqueFd> listener = listen_on(tcp("localhost", 0));

  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().message, "address localhost: not a numeric IPv4 or IPv6 address");
}

TEST_F(Socket, GivesAUnixSocketItsModeAndOwner) {
  const mode_t before = ::umask(077);
  ListenOptions options;
  options.owner = 12345;
  options.group = 23456;

  const Result<UniqueFd> listener = listen_on(unix_at(path()), options);

  ::umask(before);
  ASSERT_TRUE(listener);
  expect_cloexec_and_nonblock(*listener);
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0660U);
  EXPECT_EQ(status.st_uid, 12345U);
  EXPECT_EQ(status.st_gid, 23456U);
  EXPECT_EQ(connect_to(unix_at(path())), 0);
}

TEST_F(Socket, ReplacesAUnixSocketThatNobodyListensOn) {
  ASSERT_TRUE(listen_on(unix_at(path())));

  EXPECT_TRUE(listen_on(unix_at(path())));
}

TEST_F(Socket, LeavesALiveUnixSocketAlone) {
  const Result<UniqueFd> first = listen_on(unix_at(path()));
  ASSERT_TRUE(first);

  const Result<UniqueFd> second = listen_on(unix_at(path()));

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "listen on unix:" + path() + ": Address already in use");
  EXPECT_EQ(connect_to(unix_at(path())), 0);
}

TEST_F(Socket, LeavesAFileThatIsNoSocketAlone) {
  ::close(::open(path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));

  EXPECT_FALSE(listen_on(unix_at(path())));

  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_TRUE(S_ISREG(status.st_mode));
}

TEST_F(Socket, RefusesAUnixPathThatIsTooLong) {
  const std::string path = "/tmp/" + std::string(120, 'x');

  const Result<UniqueFd> listener = listen_on(unix_at(path));

  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().message, "socket path " + path + ": must have 1 to 107 bytes");
}

TEST_F(Socket, KnowsWhoIsAtTheOtherEnd) {
  const Result<UniqueFd> listener = listen_on(unix_at(path()));
  ASSERT_TRUE(listener);
  bool in_progress = false;
  const Result<UniqueFd> client = start_connect(unix_at(path()), in_progress);
  ASSERT_TRUE(client);
  EXPECT_FALSE(in_progress);

  const auto peer = peer_credentials(accept_on(listener->borrow()).borrow());

  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::geteuid());
}

}  // namespace
}  // namespace berth::os
