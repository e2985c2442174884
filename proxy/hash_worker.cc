// Both ends of the hash worker's socket.
#include "proxy/hash_worker.h"

#include <chrono>

#include "init/os/fork_worker.h"
#include "init/os/packet_socket.h"
#include "proxy/diagnostics.h"
#include "proxy/password.h"
#include "units/wire.h"

namespace berth::proxy {
namespace {

constexpr std::size_t kMaxPacket = std::size_t{4} * 1024;
/// The worker goes when nobody has logged in for so long: it would only cost memory.
constexpr std::chrono::seconds kWorkerIdle{60};

/// In the worker: answers until the socket ends.
void serve(os::BorrowedFd socket) {
  os::Packet packet;
  while (os::wait_for_packet(socket, kWorkerIdle)) {
    const os::ReceiveOutcome outcome = os::receive_packet(socket, kMaxPacket, packet);
    if (outcome == os::ReceiveOutcome::empty)
      continue;
    if (outcome == os::ReceiveOutcome::closed)
      return;
    const auto request = wire::decode<HashRequest>(packet.bytes);
    if (!request)
      return;
    const HashResult result{request->id, password_matches(request->hash, request->password)};
    if (os::send_packet(socket, wire::encode(result)) != os::SendOutcome::sent)
      return;
  }
}

}  // namespace

HashWorker::HashWorker(os::EventLoop& loop, std::function<void(const HashResult&)> on_result,
                       std::function<void()> on_lost)
    : loop_(loop), on_result_(std::move(on_result)), on_lost_(std::move(on_lost)) {}

HashWorker::~HashWorker() {
  drop();
}

void HashWorker::drop() {
  if (socket_.is_open())
    loop_.unwatch(socket_.borrow());
  socket_.reset();
}

bool HashWorker::start() {
  auto socket = os::fork_worker(serve);
  if (!socket) {
    report("password check: " + socket.error().message);
    return false;
  }
  socket_ = *std::move(socket);
  return loop_.watch(socket_.borrow(), true, false, *this);
}

bool HashWorker::submit(const HashRequest& request) {
  const std::string bytes = wire::encode(request);
  if (bytes.size() > kMaxPacket)
    return false;
  if (socket_.is_open() && os::send_packet(socket_.borrow(), bytes) == os::SendOutcome::sent)
    return true;
  // It may have gone because it was idle: once more with a new one, if nothing is under way.
  if (socket_.is_open()) {
    drop();
    on_lost_();
  }
  return start() && os::send_packet(socket_.borrow(), bytes) == os::SendOutcome::sent;
}

void HashWorker::on_events(os::Events) noexcept {
  os::Packet packet;
  while (socket_.is_open()) {
    const os::ReceiveOutcome outcome = os::receive_packet(socket_.borrow(), kMaxPacket, packet);
    if (outcome == os::ReceiveOutcome::empty)
      return;
    if (outcome == os::ReceiveOutcome::closed) {
      drop();
      on_lost_();
      return;
    }
    if (const auto result = wire::decode<HashResult>(packet.bytes))
      on_result_(*result);
  }
}

}  // namespace berth::proxy
