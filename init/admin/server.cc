// Accepting and admitting.
#include "init/admin/server.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "init/admin/permission.h"
#include "init/log.h"
#include "init/os/socket.h"

namespace berth::admin {
namespace {

/// So that a flood of strangers leaves time for those who were admitted.
constexpr int kAcceptsPerTurn = 16;

}  // namespace

Server::Server(os::EventLoop& loop, os::UniqueFd control, os::UniqueFd listener,
               const Options& options)
    : loop_(loop),
      listener_(std::move(listener)),
      options_(options),
      link_(loop, std::move(control), options.answer_time,
            {[this](const JobEnd& end) {
               for (const auto& client : clients_)
                 client->job_ended(end);
             },
             [this] { loop_.stop(); }}) {
  if (!loop_.watch(listener_.borrow(), true, false, *this)) {
    log_error("berth-admin: the admin socket cannot be watched");
    loop_.stop();
  }
  idle_ = loop_.after(options_.idle_exit, [this] { loop_.stop(); });
  loop_.set_turn_end([this] { settle(); });
}

Server::~Server() {
  loop_.set_turn_end(nullptr);
  loop_.cancel(idle_);
  loop_.unwatch(listener_.borrow());
}

void Server::on_events(os::Events) noexcept {
  try {
    accept_some();
  } catch (const std::exception& error) {
    log_error(std::string("berth-admin: ") + error.what());
  }
}

void Server::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn && clients_.size() < options_.max_clients; ++i) {
    os::UniqueFd socket = os::accept_on(listener_.borrow());
    if (!socket.is_open())
      return;
    // The credentials decide before a byte of what was sent is looked at.
    const auto peer = peer_of(socket.borrow());
    if (!peer.has_value() || !may_connect(*peer, options_.owner, options_.admin_group))
      continue;
    auto bus = BusPeer::start(std::move(socket), next_client_);
    if (!bus) {
      log_warning("berth-admin: " + bus.error().message);
      continue;
    }
    auto client = std::make_unique<Client>(loop_, link_, *std::move(bus), next_client_++, peer->uid,
                                           options_.client, [this](Client& gone) { drop(gone); });
    if (client->start())
      clients_.push_back(std::move(client));
  }
}

void Server::drop(Client& client) {
  const auto found = std::find_if(clients_.begin(), clients_.end(),
                                  [&client](const auto& each) { return each.get() == &client; });
  if (found == clients_.end())
    return;
  // It may be in one of its own callbacks.
  loop_.defer_delete(std::move(*found));
  clients_.erase(found);
}

void Server::settle() {
  for (std::size_t i = clients_.size(); i > 0; --i)
    clients_[i - 1]->settle();  // may drop itself
  loop_.rewatch(listener_.borrow(), clients_.size() < options_.max_clients, false);
  if (!clients_.empty())
    loop_.cancel(std::exchange(idle_, os::kNoTimer));
  else if (idle_ == os::kNoTimer)
    idle_ = loop_.after(options_.idle_exit, [this] { loop_.stop(); });
}

}  // namespace berth::admin
