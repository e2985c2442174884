// NETLINK_SOCK_DIAG.
#include "init/os/socket_diagnosis.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <initializer_list>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/os/fd.h"

namespace berth::os {
namespace {

/// enum of include/net/tcp_states.h in the kernel: a request carries a bit for each state.
constexpr unsigned kEstablished = 1, kSynReceived = 3, kFinWait1 = 4, kTimeWait = 6, kCloseWait = 8,
                   kListen = 10, kNewSynReceived = 12;
constexpr std::uint32_t kInUse = 1U << kEstablished | 1U << kSynReceived | 1U << kFinWait1 |
                                 1U << kCloseWait | 1U << kNewSynReceived;
/// TCP_TIMEWAIT_LEN of include/net/tcp.h: how long the kernel remembers a closed connection.
constexpr Milliseconds kRemembered{60'000};
/// An answer holds a few dozen sockets at most; the kernel splits longer ones.
constexpr std::size_t kAnswerSize = std::size_t{32} * 1024;

/// Is given the payload of each message.
using EachSocket = std::function<void(const char* payload, std::size_t size)>;

template <typename Filter>
struct Request {
  nlmsghdr header{};
  Filter filter{};
};

inet_diag_req_v2 tcp_filter(int family, std::uint32_t states) {
  inet_diag_req_v2 filter{};
  filter.sdiag_family = static_cast<std::uint8_t>(family);
  filter.sdiag_protocol = IPPROTO_TCP;
  filter.idiag_states = states;
  return filter;
}

enum class Answer { more, complete, refused };

Answer read_answer(BorrowedFd netlink, const EachSocket& each) {
  alignas(nlmsghdr) std::array<char, kAnswerSize> answer;
  // A dump is made while it is read: there is no moment at which it would have to be waited for.
  const ssize_t got = ::recv(netlink.raw(), answer.data(), answer.size(), MSG_DONTWAIT);
  if (got <= 0)
    return Answer::refused;
  auto left = static_cast<unsigned>(got);
  for (auto* header = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(header, left);
       header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
      return header->nlmsg_type == NLMSG_DONE ? Answer::complete : Answer::refused;
    each(reinterpret_cast<const char*>(header) + NLMSG_HDRLEN, header->nlmsg_len - NLMSG_HDRLEN);
  }
  return Answer::more;
}

/// Asks for all sockets that the filter lets through; false if that cannot be told.
template <typename Filter>
bool diagnose(const Filter& filter, const EachSocket& each) {
  const UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  Request<Filter> request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.filter = filter;
  if (!netlink.is_open() ||
      ::send(netlink.raw(), &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request))
    return false;
  Answer answer = Answer::more;
  while (answer == Answer::more)
    answer = read_answer(netlink.borrow(), each);
  return answer == Answer::complete;
}

bool diagnose_tcp(const inet_diag_req_v2& filter,
                  const std::function<void(const inet_diag_msg&)>& each) {
  return diagnose(filter, [&each](const char* payload, std::size_t size) {
    inet_diag_msg socket{};
    std::memcpy(&socket, payload, std::min(size, sizeof socket));
    each(socket);
  });
}

/// Whether the socket's own end is what `host` says.
bool is_at(const inet_diag_msg& socket, const std::string& host) {
  std::array<std::uint32_t, 4> address{};
  if (host.empty() || host == "0.0.0.0" || host == "::" ||
      ::inet_pton(socket.idiag_family, host.c_str(), address.data()) != 1)
    return true;  // any address; of the other family there is nothing to compare
  return std::memcmp(address.data(), socket.id.idiag_src, sizeof address) == 0;
}

void note_end(ListenerUse& use, const inet_diag_msg& socket) {
  const Milliseconds ago = kRemembered - std::min(kRemembered, Milliseconds(socket.idiag_expires));
  use.ended_ago = use.ended_ago ? std::min(*use.ended_ago, ago) : ago;
}

std::optional<ListenerUse> use_of_port(const Address& listener) {
  ListenerUse use;
  for (const int family : {AF_INET, AF_INET6}) {
    inet_diag_req_v2 servers = tcp_filter(family, kInUse | 1U << kTimeWait);
    servers.id.idiag_sport = htons(listener.port);
    inet_diag_req_v2 clients = tcp_filter(family, 1U << kTimeWait);
    clients.id.idiag_dport = htons(listener.port);
    const bool known =
        diagnose_tcp(servers,
                     [&](const inet_diag_msg& socket) {
                       if (!is_at(socket, listener.host))
                         return;
                       if (socket.idiag_state == kTimeWait)
                         note_end(use, socket);
                       else
                         use.connected = true;
                     }) &&
        // The end of a client of this very machine remembers, too.
        diagnose_tcp(clients, [&](const inet_diag_msg& socket) {
          if (is_at(socket, listener.host) && std::memcmp(socket.id.idiag_src, socket.id.idiag_dst,
                                                          sizeof socket.id.idiag_src) == 0)
            note_end(use, socket);
        });
    if (!known)
      return std::nullopt;
  }
  return use;
}

/// Whether the end of a connection, or the socket that connections wait in, has the name `path`. A
/// connection's own end has the name of the socket that took it (unix(7)).
bool is_used(const char* payload, std::size_t size, const std::string& path) {
  constexpr std::size_t kHead = NLMSG_ALIGN(sizeof(unix_diag_msg));
  unix_diag_msg socket{};
  if (size < kHead)
    return false;
  std::memcpy(&socket, payload, sizeof socket);
  bool has_name = false;
  unix_diag_rqlen queues{};
  std::size_t left = size - kHead;
  for (auto* attribute = reinterpret_cast<const rtattr*>(payload + kHead); RTA_OK(attribute, left);
       attribute = RTA_NEXT(attribute, left)) {
    const auto* value = static_cast<const char*>(RTA_DATA(attribute));
    const std::string_view bytes(value, RTA_PAYLOAD(attribute));
    if (attribute->rta_type == UNIX_DIAG_NAME)
      has_name = bytes.substr(0, bytes.find(char{0})) == path;
    else if (attribute->rta_type == UNIX_DIAG_RQLEN)
      std::memcpy(&queues, value, std::min(bytes.size(), sizeof queues));
  }
  return has_name && (socket.udiag_state == kEstablished || queues.udiag_rqueue != 0);
}

std::optional<ListenerUse> use_of_path(const std::string& path) {
  unix_diag_req filter{};
  filter.sdiag_family = AF_UNIX;
  filter.udiag_states = 1U << kEstablished | 1U << kListen;
  filter.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN;
  ListenerUse use;
  const bool known = diagnose(filter, [&](const char* payload, std::size_t size) {
    use.connected = use.connected || is_used(payload, size, path);
  });
  return known ? std::optional(use) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::uint64_t>> diagnose_listeners(std::uint16_t port) {
  std::vector<std::uint64_t> inodes;
  for (const int family : {AF_INET, AF_INET6}) {
    if (!diagnose_tcp(tcp_filter(family, 1U << kListen), [&](const inet_diag_msg& socket) {
          if (ntohs(socket.id.idiag_sport) == port)
            inodes.push_back(socket.idiag_inode);
        }))
      return std::nullopt;
  }
  return inodes;
}

std::optional<ListenerUse> diagnose_use(const Address& listener) {
  return listener.family == Address::Family::tcp ? use_of_port(listener)
                                                 : use_of_path(listener.path);
}

}  // namespace berth::os
