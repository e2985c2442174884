// NETLINK_SOCK_DIAG.
#include "init/os/socket_diagnosis.h"

#include <array>
#include <cstring>
#include <initializer_list>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/os/fd.h"

namespace berth::os {
namespace {

/// enum of include/net/tcp_states.h in the kernel: the request carries a bit for each state.
constexpr unsigned kTcpListen = 10;
/// An answer holds a few dozen sockets at most; the kernel splits longer ones.
constexpr std::size_t kAnswerSize = std::size_t{32} * 1024;

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 filter{};
};

bool ask(BorrowedFd netlink, int family) {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.filter.sdiag_family = static_cast<std::uint8_t>(family);
  request.filter.sdiag_protocol = IPPROTO_TCP;
  request.filter.idiag_states = 1U << kTcpListen;
  return ::send(netlink.raw(), &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
}

enum class Answer { more, complete, refused };

Answer read_answer(BorrowedFd netlink, std::uint16_t port, std::vector<std::uint64_t>& inodes) {
  alignas(nlmsghdr) std::array<char, kAnswerSize> answer;
  const ssize_t got = ::recv(netlink.raw(), answer.data(), answer.size(), 0);
  if (got <= 0)
    return Answer::refused;
  auto left = static_cast<unsigned>(got);
  for (auto* header = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(header, left);
       header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
      return header->nlmsg_type == NLMSG_DONE ? Answer::complete : Answer::refused;
    inet_diag_msg socket{};
    std::memcpy(&socket, reinterpret_cast<const char*>(header) + NLMSG_HDRLEN, sizeof socket);
    if (ntohs(socket.id.idiag_sport) == port)
      inodes.push_back(socket.idiag_inode);
  }
  return Answer::more;
}

}  // namespace

std::optional<std::vector<std::uint64_t>> diagnose_listeners(std::uint16_t port) {
  std::vector<std::uint64_t> inodes;
  for (const int family : {AF_INET, AF_INET6}) {
    const UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!netlink.is_open() || !ask(netlink.borrow(), family))
      return std::nullopt;
    Answer answer = Answer::more;
    while (answer == Answer::more)
      answer = read_answer(netlink.borrow(), port, inodes);
    if (answer == Answer::refused)
      return std::nullopt;
  }
  return inodes;
}

}  // namespace berth::os
