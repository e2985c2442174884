// A whole berth-proxy in the test's own thread: a fake PID 1 at its control socket, fake units and
// clients at real loopback sockets, and a clock that the test moves.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/packet_socket.h"
#include "init/os/socket.h"
#include "init/os/stream_socket.h"
#include "proxy/server.h"
#include "tests/fakes/fake_clock.h"
#include "units/wire.h"

namespace berth::proxy {

inline std::uint16_t port_of(os::BorrowedFd socket) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ::getsockname(socket.raw(), reinterpret_cast<sockaddr*>(&name), &size);
  return ntohs(name.sin_port);
}

inline os::UniqueFd listen_anywhere() {
  Address address;
  address.host = "127.0.0.1";
  auto socket = os::listen_on(address);
  EXPECT_TRUE(socket.has_value());
  return *std::move(socket);
}

/// PID 1's end of the control socket.
class FakeTenantHost {
 public:
  explicit FakeTenantHost(os::UniqueFd socket) : socket_(std::move(socket)) {}

  void send(const control::ToProxy& message) {
    EXPECT_EQ(os::send_packet(socket_.borrow(), wire::encode_any(message)), os::SendOutcome::sent);
  }
  void send_figures(const SystemFigures& figures) {
    auto memfd = os::sealed_memfd("figures", wire::encode(figures));
    EXPECT_EQ(
        os::send_packet(socket_.borrow(), wire::encode_any(control::ToProxy(control::Figures{})),
                        {memfd->borrow()}),
        os::SendOutcome::sent);
  }
  void send_config(const ProxyConfig& config) {
    auto memfd = os::sealed_memfd("routes", wire::encode(config));
    const control::ToProxy message = control::Configure{config.generation};
    EXPECT_EQ(os::send_packet(socket_.borrow(), wire::encode_any(message), {memfd->borrow()}),
              os::SendOutcome::sent);
  }
  /// Takes in what has been sent to it.
  void receive() {
    os::Packet packet;
    while (socket_.is_open() && os::receive_packet(socket_.borrow(), control::kMaxPacket, packet) ==
                                    os::ReceiveOutcome::received) {
      auto message = wire::decode_any<control::FromProxy>(packet.bytes);
      ASSERT_TRUE(message.has_value());
      if (!packet.fds.empty())
        fds = std::move(packet.fds);
      received.push_back(*std::move(message));
    }
  }
  void hang_up() { socket_.reset(); }
  template <class Message>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(received.begin(), received.end(),
                      [](const auto& each) { return std::holds_alternative<Message>(each); }));
  }
  /// The last message of that kind. REQUIRES: there is one.
  template <class Message>
  Message last() const {
    for (auto each = received.rbegin(); each != received.rend(); ++each) {
      if (std::holds_alternative<Message>(*each))
        return std::get<Message>(*each);
    }
    ADD_FAILURE() << "no such message";
    return {};
  }

  std::vector<control::FromProxy> received;
  std::vector<os::UniqueFd> fds;  ///< that came beside the last message that had some

 private:
  os::UniqueFd socket_;
};

/// One end of a connection, as the test sees it.
class TestPeer {
 public:
  TestPeer() = default;
  explicit TestPeer(os::UniqueFd socket) : socket_(std::move(socket)) {}
  bool is_open() const { return socket_.is_open(); }
  os::BorrowedFd fd() const { return socket_.borrow(); }
  void close() { socket_.reset(); }
  void finish() { os::finish_sending(socket_.borrow()); }
  /// Takes in what has come.
  void receive() {
    char room[65536];
    while (socket_.is_open() && reading) {
      const os::IoResult got = os::receive_some(socket_.borrow(), room);
      if (got.status == os::IoStatus::closed || got.status == os::IoStatus::failed)
        ended = true;
      if (got.status != os::IoStatus::done)
        return;
      input.append(room, got.bytes);
    }
  }
  /// What it could send of `text` now.
  std::size_t send_some(std::string_view text) {
    return os::send_pieces(socket_.borrow(), std::span(&text, 1)).bytes;
  }

  std::string input;
  bool ended = false;
  bool reading = true;

 private:
  os::UniqueFd socket_;
};

class ProxyWorld : public testing::Test {
 protected:
  ProxyWorld() : loop(clock) {
    auto pair = *os::packet_pair();
    host = std::make_unique<FakeTenantHost>(std::move(pair.first));
    Server::Sockets sockets;
    sockets.control = std::move(pair.second);
    sockets.listeners.push_back(listen_anywhere());
    port = port_of(sockets.listeners.front().borrow());
    sockets.metrics.push_back(listen_anywhere());
    metrics_port = port_of(sockets.metrics.front().borrow());
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    log_reader = os::UniqueFd(ends[0]);
    log_writer = os::UniqueFd(ends[1]);
    server = std::make_unique<Server>(loop, std::move(sockets), log_writer.borrow());
    unit = listen_anywhere();
    config.generation = 1;
    config.spec.health_path = "/up";
    add_tenant("tenant@2025-boston", "/showcase/2025/boston/");
  }

  void add_tenant(const std::string& name, const std::string& path) {
    Backend backend;
    backend.unit = name;
    config.backends.push_back(backend);
    TenantRoute route;
    route.backend = static_cast<std::uint32_t>(config.backends.size() - 1);
    route.path = path;
    config.tenants.push_back(route);
  }

  /// Sends the route table, and waits for it to be in force.
  void configure() {
    host->send_config(config);
    ASSERT_TRUE(until([&] {
      return host->count<control::Configured>() > 0 &&
             host->last<control::Configured>().generation == config.generation;
    }));
    ++config.generation;
  }
  void turn(Milliseconds limit = Milliseconds(1)) {
    loop.run_once(limit);
    host->receive();
    for (TestPeer* peer : peers_)
      peer->receive();
  }
  void turns(int count) {
    for (int i = 0; i < count; ++i)
      turn();
  }
  bool until(const std::function<bool()>& condition) {
    constexpr int kTurns = 2000;
    for (int i = 0; i < kTurns; ++i) {
      if (condition())
        return true;
      turn();
    }
    return false;
  }
  /// Moves the clock in small steps, so that deadlines come in order.
  void pass(Milliseconds time) {
    constexpr Milliseconds kStep{100};
    for (Milliseconds left = time; left.count() > 0; left -= kStep) {
      clock.advance(std::min(left, kStep));
      turn(Milliseconds(0));
      turn(Milliseconds(0));
    }
  }

  TestPeer& connect() { return connect_to(port); }
  TestPeer& connect_to(std::uint16_t where) {
    Address address;
    address.host = "127.0.0.1";
    address.port = where;
    bool in_progress = false;
    auto socket = os::start_connect(address, in_progress);
    EXPECT_TRUE(socket.has_value());
    return add_peer(*std::move(socket));
  }
  /// The unit's end of the next connection to it.
  TestPeer& accept() {
    os::PeerAddress peer;
    os::UniqueFd socket;
    EXPECT_TRUE(until([&] {
      socket = os::accept_stream(unit.borrow(), peer);
      return socket.is_open();
    }));
    return add_peer(std::move(socket));
  }
  bool nobody_connects() {
    turns(5);
    os::PeerAddress peer;
    return !os::accept_stream(unit.borrow(), peer).is_open();
  }
  void send(TestPeer& peer, std::string_view text) {
    while (!text.empty() && peer.is_open()) {
      text.remove_prefix(peer.send_some(text));
      turn();
    }
  }
  /// Waits until `peer` has got `text`, and forgets everything up to its end.
  bool gets(TestPeer& peer, std::string_view text) {
    const bool got = until([&] { return peer.input.find(text) != std::string::npos; });
    EXPECT_TRUE(got) << "wanted: " << text << "\ngot: " << peer.input.substr(0, 2000);
    if (got)
      peer.input.erase(0, peer.input.find(text) + text.size());
    return got;
  }
  bool ends(TestPeer& peer) {
    return until([&] { return peer.ended; });
  }
  Address unit_address() const {
    Address address;
    address.host = "127.0.0.1";
    address.port = port_of(unit.borrow());
    return address;
  }
  /// The unit comes up.
  void grant(std::uint64_t epoch = 1, const std::string& name = "tenant@2025-boston") {
    host->send(control::Granted{name, epoch, unit_address()});
    turn();
  }
  std::string log() {
    turns(2);
    std::string text(65536, '\0');
    const ssize_t got = ::read(log_reader.raw(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

  FakeClock clock;
  os::EventLoop loop;
  std::unique_ptr<FakeTenantHost> host;
  os::UniqueFd log_reader;
  os::UniqueFd log_writer;
  std::unique_ptr<Server> server;
  os::UniqueFd unit;  ///< where the unit listens
  std::uint16_t port = 0;
  std::uint16_t metrics_port = 0;
  ProxyConfig config;

 private:
  TestPeer& add_peer(os::UniqueFd socket) {
    os::set_no_delay(socket.borrow());
    owned_.push_back(std::make_unique<TestPeer>(std::move(socket)));
    peers_.push_back(owned_.back().get());
    return *owned_.back();
  }
  std::vector<std::unique_ptr<TestPeer>> owned_;
  std::vector<TestPeer*> peers_;
};

inline constexpr std::string_view kGet = "GET /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\n\r\n";
inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace berth::proxy
