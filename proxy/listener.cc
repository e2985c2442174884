// Accepting.
#include "proxy/listener.h"

#include <cerrno>

#include "proxy/connection.h"
#include "proxy/diagnostics.h"

namespace berth::proxy {
namespace {

/// In one turn: those who are connected already get their turn too.
constexpr int kAcceptsPerTurn = 64;
/// When descriptors or memory have run out.
constexpr Milliseconds kPause{100};
/// An address that has this many times its limit of connections gets no answer any more.
constexpr std::uint32_t kToldOverLimit = 2;

/// So often the log hears of it.
constexpr Milliseconds kReportPause{60'000};

}  // namespace

Listener::Listener(Context& context, os::UniqueFd socket, Door door)
    : context_(context), socket_(std::move(socket)), door_(door) {
  // Inherited by what is accepted: one call for all.
  os::set_no_delay(socket_.borrow());
}

Listener::~Listener() {
  pause();
}

void Listener::open() {
  if (!open_)
    open_ = context_.loop.watch(socket_.borrow(), true, false, *this);
}

void Listener::pause() {
  // The socket stays open in PID 1, so closing ours alone would leave its events with us.
  if (open_)
    context_.loop.unwatch(socket_.borrow());
  open_ = false;
  context_.wheel.disarm(*this);
}

bool Listener::make_room() {
  if (!context_.connections.close_an_idle_one())
    return false;
  context_.counters.count(Refusal::idle_dropped);
  return true;
}

void Listener::rest() {
  context_.counters.count(Refusal::descriptors_gone);
  const os::TimePoint now = context_.loop.now();
  if (last_report_ == os::TimePoint() || now - last_report_ >= kReportPause) {
    last_report_ = now;
    report("accept: out of descriptors or memory; trying again in a moment");
  }
  pause();
  context_.wheel.arm(*this, now + kPause);
}

void Listener::take(os::UniqueFd socket, const os::PeerAddress& peer) {
  const ProxySpec& spec = context_.spec();
  std::unique_ptr<Transport> transport;
  if (encrypted_) {
    const bool http2 = spec.tls.http2 && context_.http2.is_usable();
    transport = context_.tls.open(socket.borrow(), http2, context_.loop.now());
    if (transport == nullptr)
      return;
  }
  const std::uint32_t limit = spec.max_connections_per_address;
  std::uint32_t count = 0;
  // All clients of a proxy of ours share its address, and those of a Unix socket have none.
  const bool counts = limit > 0 && peer.size > 0 && !is_trusted(peer, spec.trust_proxy);
  if (counts) {
    count = context_.addresses.enter(peer);
    if (count > limit)
      context_.counters.count(Refusal::address_full);
    // Whoever is told 429 and goes on is told nothing.
    if (count > limit * kToldOverLimit)
      return context_.addresses.leave(peer);
  }
  auto connection = std::make_unique<Connection>(context_, std::move(socket), peer, door_);
  Connection& started = *connection;
  started.stream().pass_through(std::move(transport));
  if (counts)
    started.count(count > limit);
  context_.connections.add(std::move(connection));
  if (!started.start())
    started.close();
}

void Listener::on_events(os::Events) noexcept {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (context_.connections.size() >= context_.spec().max_connections) {
      // Nobody loses his connection for somebody of whom nothing is known: an event says that there
      // is one.
      if (i > 0)
        return;
      if (!make_room()) {
        context_.counters.count(Refusal::connections_full);
        context_.crowded = true;
        return pause();
      }
    }
    os::PeerAddress peer;
    os::UniqueFd socket = os::accept_stream(socket_.borrow(), peer);
    if (socket.is_open())
      take(std::move(socket), peer);
    else if (!os::is_out_of_resources(errno))
      return;
    else if (!make_room())
      return rest();
  }
}

}  // namespace berth::proxy
