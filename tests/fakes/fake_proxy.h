// FakeProxy: the other end of a proxy's control socket; says what a test wants said, and tells in
// words what it has heard.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "init/os/packet_socket.h"
#include "init/proxy_links.h"
#include "units/control.h"
#include "units/wire.h"

namespace berth {

/// "granted tenant@a, life 1, at unix:/run/a".
class ControlWords {
 public:
  std::string operator()(const control::Configure& m) const {
    return "configure " + std::to_string(m.generation);
  }
  std::string operator()(const control::Granted& m) const {
    return "granted " + of(m) + ", at " + format_address(m.endpoint);
  }
  std::string operator()(const control::Refused& m) const {
    return "refused " + m.unit + " for " + format_duration(m.retry_after) + ": " + m.reason;
  }
  std::string operator()(const control::Ending& m) const {
    return "ending " + of(m) + ", within " + format_duration(m.grace);
  }
  std::string operator()(const control::Revoke& m) const { return "revoke " + of(m); }
  std::string operator()(const control::Drain& m) const {
    return std::string(m.replaced ? "replaced: " : "") + "drain within " + format_duration(m.grace);
  }
  std::string operator()(const control::ShuttingDown&) const { return "shutting down"; }
  std::string operator()(const control::Figures&) const { return "figures"; }

 private:
  template <typename Message>
  static std::string of(const Message& m) {
    return m.unit + ", life " + std::to_string(m.epoch);
  }
};

class FakeProxy {
 public:
  /// Connects itself to `links` as the proxy unit `name`.
  FakeProxy(ProxyLinks& links, const std::string& name) {
    auto pair = os::packet_pair();
    EXPECT_TRUE(pair.has_value());
    links.connect(name, std::move(pair->first));
    end_ = std::move(pair->second);
  }

  void say(const control::FromProxy& message) {
    EXPECT_EQ(os::SendOutcome::sent, os::send_packet(end_.borrow(), wire::encode_any(message)));
  }
  void say_bytes(const std::string& bytes) { os::send_packet(end_.borrow(), bytes); }

  /// What has come since the last call.
  std::vector<std::string> heard() {
    std::vector<std::string> words;
    os::Packet packet;
    while (os::receive_packet(end_.borrow(), control::kMaxPacket, packet) ==
           os::ReceiveOutcome::received) {
      const auto message = wire::decode_any<control::ToProxy>(packet.bytes);
      words.push_back(message ? std::visit(ControlWords(), *message) : "malformed");
      if (!packet.fds.empty() && message && std::holds_alternative<control::Configure>(*message))
        table_ = read_table(packet.fds.front().borrow());
    }
    return words;
  }
  /// The last route table that came.
  const std::optional<ProxyConfig>& table() const { return table_; }
  bool is_closed() const {
    os::Packet packet;
    return os::receive_packet(end_.borrow(), control::kMaxPacket, packet) ==
           os::ReceiveOutcome::closed;
  }
  void hang_up() { end_.reset(); }

 private:
  static std::optional<ProxyConfig> read_table(os::BorrowedFd memfd) {
    constexpr std::size_t kLimit = std::size_t{1024} * 1024;
    const auto bytes = os::read_sealed(memfd, kLimit);
    if (!bytes)
      return std::nullopt;
    auto config = wire::decode<ProxyConfig>(*bytes);
    return config ? std::optional(*std::move(config)) : std::nullopt;
  }

  os::UniqueFd end_;
  std::optional<ProxyConfig> table_;
};

}  // namespace berth
