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

bool is_out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

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

void Listener::on_events(os::Events) noexcept {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (context_.connections.size() >= context_.spec().max_connections)
      return pause();
    os::PeerAddress peer;
    os::UniqueFd socket = os::accept_stream(socket_.borrow(), peer);
    if (!socket.is_open()) {
      if (is_out_of_resources(errno)) {
        report("accept: out of descriptors or memory; trying again in a moment");
        pause();
        context_.wheel.arm(*this, context_.loop.now() + kPause);
      }
      return;
    }
    auto connection = std::make_unique<Connection>(context_, std::move(socket), peer, door_);
    Connection& started = *connection;
    context_.connections.add(std::move(connection));
    if (!started.start())
      started.close();
  }
}

}  // namespace berth::proxy
