// What the kernel tells about connections that this test makes.
#include "init/os/socket_diagnosis.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/os/socket.h"

namespace berth::os {
namespace {

struct Connection {
  UniqueFd server, client;
};

Connection connect_to(const UniqueFd& listener, const Address& address) {
  Connection connection;
  bool in_progress = false;
  connection.client = *start_connect(address, in_progress);
  pollfd readable{listener.raw(), POLLIN, 0};
  EXPECT_EQ(1, ::poll(&readable, 1, -1));
  connection.server = accept_on(listener.borrow());
  EXPECT_TRUE(connection.server.is_open());
  return connection;
}

void wait_until_ended(const Address& address) {
  for (;;)
    if (const auto use = diagnose_use(address); !use || !use->connected)
      return;
}

TEST(SocketDiagnosis, KnowsWhoIsConnectedToAPortAndWhoWas) {
  for (const std::string host : {"127.0.0.1", "::1", ""}) {
    Address address{Address::Family::tcp, host, 0, {}};
    const UniqueFd listener = *listen_on(address);
    sockaddr_in6 name{};
    socklen_t size = sizeof name;
    ::getsockname(listener.raw(), reinterpret_cast<sockaddr*>(&name), &size);
    address.port = ntohs(name.sin6_port);  // where that of sockaddr_in is, too

    ASSERT_TRUE(diagnose_use(address).has_value());
    EXPECT_FALSE(diagnose_use(address)->connected) << host;
    EXPECT_FALSE(diagnose_use(address)->ended_ago.has_value()) << host;
    Connection connection = connect_to(listener, address);
    EXPECT_TRUE(diagnose_use(address)->connected) << host;

    connection.client.reset();
    EXPECT_TRUE(diagnose_use(address)->connected) << host << ": the server has not closed it";
    connection.server.reset();
    wait_until_ended(address);
    const auto use = diagnose_use(address);
    ASSERT_TRUE(use->ended_ago.has_value()) << host;
    EXPECT_GT(Milliseconds(30'000), *use->ended_ago) << host;
  }
}

TEST(SocketDiagnosis, TellsListenersOnOnePortApart) {
  Address here{Address::Family::tcp, "127.0.0.1", 0, {}};
  const UniqueFd listener = *listen_on(here);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ::getsockname(listener.raw(), reinterpret_cast<sockaddr*>(&name), &size);
  here.port = ntohs(name.sin_port);
  const Address there{Address::Family::tcp, "127.0.0.2", here.port, {}};

  const Connection connection = connect_to(listener, here);

  EXPECT_TRUE(diagnose_use(here)->connected);
  EXPECT_FALSE(diagnose_use(there)->connected);
}

TEST(SocketDiagnosis, KnowsWhoIsConnectedToAUnixSocket) {
  char folder[] = "/tmp/berth-diagnosis-XXXXXX";
  ASSERT_NE(nullptr, ::mkdtemp(folder));
  const Address address{Address::Family::unix_socket, {}, 0, std::string(folder) + "/s"};
  const UniqueFd listener = *listen_on(address);
  EXPECT_FALSE(diagnose_use(address)->connected);
  bool in_progress = false;

  UniqueFd queued = *start_connect(address, in_progress);
  EXPECT_TRUE(diagnose_use(address)->connected) << "though nobody has taken it";
  accept_on(listener.borrow()).reset();
  EXPECT_FALSE(diagnose_use(address)->connected);

  ::unlink(address.path.c_str());
  ::rmdir(folder);
}

}  // namespace
}  // namespace berth::os
