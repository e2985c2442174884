// Receiving datagrams.
#include "init/notify_socket.h"

#include "init/os/files.h"
#include "init/os/random.h"
#include "units/notify_message.h"

namespace berth {
namespace {

constexpr int kDatagramsPerTurn = 16;
/// Finding out who has sent one reads some files of /proc: a flood may cost a fraction of a
/// processor.
constexpr std::chrono::milliseconds kPause{5};

}  // namespace

NotifySocket::~NotifySocket() {
  loop_.cancel(pause_);
  loop_.unwatch(socket_.borrow());
  if (!path_.empty())
    os::remove_file(path_);
}

Result<void> NotifySocket::open(const Settings& settings) {
  receive();
  loop_.disarm(pause_);
  loop_.unwatch(socket_.borrow());
  socket_.reset();
  if (settings.has_run_dir) {
    address_ = settings.run_dir() + "/notify";
    if (auto socket = os::bind_datagrams(address_)) {
      socket_ = *std::move(socket);
      path_ = address_;
    }
  }
  if (!socket_.is_open()) {
    address_ = "@berth-notify-" + os::random_id();
    auto socket = os::bind_datagrams(address_);
    if (!socket) {
      address_.clear();
      return socket.error();
    }
    socket_ = *std::move(socket);
  }
  loop_.watch(socket_.borrow(), true, false, *this);
  return {};
}

void NotifySocket::on_events(os::Events) {
  if (receive())
    return;
  loop_.rewatch(socket_.borrow(), false, false);
  pause_ = loop_.after(kPause, [this] {
    pause_ = os::kNoTimer;
    loop_.rewatch(socket_.borrow(), true, false);
  });
}

bool NotifySocket::receive() {
  if (!socket_.is_open())
    return true;
  os::Datagram datagram;
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    if (!os::receive_datagram(socket_.borrow(), kMaxNotifyMessage, datagram))
      return true;
    on_datagram_(datagram);
  }
  return false;
}

}  // namespace berth
