// Both ends of a look-up.
#include "proxy/host_lookup.h"

#include <chrono>

#include "init/os/fork_worker.h"
#include "init/os/host_lookup.h"
#include "init/os/packet_socket.h"
#include "units/wire.h"

namespace berth::proxy {
namespace {

constexpr std::size_t kMaxPacket = std::size_t{4} * 1024;
/// What resolv.conf(5) takes by default for two servers that do not answer, and a little more.
constexpr std::chrono::seconds kTimeout{12};
/// Nobody has a use for more, and they have to fit into a packet.
constexpr std::size_t kMaxAddresses = 16;

struct LookupRequest {
  std::string host;
  std::uint16_t port = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.host);
    v(s.port);
  }
};
struct LookupResult {
  std::vector<Address> addresses;
  std::string error;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.addresses);
    v(s.error);
  }
};

/// In the worker.
void look_up(os::BorrowedFd socket) {
  os::Packet packet;
  if (!os::wait_for_packet(socket, kTimeout) ||
      os::receive_packet(socket, kMaxPacket, packet) != os::ReceiveOutcome::received)
    return;
  const auto request = wire::decode<LookupRequest>(packet.bytes);
  if (!request)
    return;
  LookupResult result;
  auto addresses = os::look_up_host(request->host, request->port);
  if (!addresses)
    result.error = addresses.error().message;
  else
    result.addresses = *std::move(addresses);
  result.addresses.resize(std::min(result.addresses.size(), kMaxAddresses));
  // Nobody is left to be told of a failure.
  static_cast<void>(os::send_packet(socket, wire::encode(result)));
}

}  // namespace

HostLookup::HostLookup(os::EventLoop& loop, std::string host, std::uint16_t port, Done done)
    : loop_(loop), host_(std::move(host)), done_(std::move(done)) {
  const auto started = start(port);
  if (started)
    timer_ = loop_.after(kTimeout, [this] {
      timer_ = os::kNoTimer;
      finish(Error{ErrorCode::timed_out, "look up " + host_ + ": no answer in time"});
    });
  else
    timer_ = loop_.after(std::chrono::seconds(0), [this, error = started.error()] {
      timer_ = os::kNoTimer;
      finish(error);
    });
}

HostLookup::~HostLookup() {
  loop_.disarm(timer_);
  if (socket_.is_open())
    loop_.unwatch(socket_.borrow());
}

Result<void> HostLookup::start(std::uint16_t port) {
  socket_ = BERTH_TRY(os::fork_worker(look_up));
  if (!loop_.watch(socket_.borrow(), true, false, *this) ||
      os::send_packet(socket_.borrow(), wire::encode(LookupRequest{host_, port})) !=
          os::SendOutcome::sent)
    return Error{ErrorCode::unavailable, "look up " + host_ + ": the worker cannot be reached"};
  return {};
}

void HostLookup::on_events(os::Events) noexcept {
  os::Packet packet;
  const os::ReceiveOutcome outcome = os::receive_packet(socket_.borrow(), kMaxPacket, packet);
  if (outcome == os::ReceiveOutcome::empty)
    return;
  auto result = outcome == os::ReceiveOutcome::received
                    ? wire::decode<LookupResult>(packet.bytes)
                    : Result<LookupResult>(Error{ErrorCode::unavailable, "the worker has died"});
  if (!result)
    finish(Error{ErrorCode::unavailable, "look up " + host_ + ": " + result.error().message});
  else if (!result->error.empty())
    finish(Error{ErrorCode::not_found, result->error});
  else
    finish(std::move(result->addresses));
}

void HostLookup::finish(Result<std::vector<Address>> addresses) {
  // A copy: the call may end this object.
  const Done done = std::move(done_);
  done(std::move(addresses));
}

}  // namespace berth::proxy
