// The proxies' sockets.
#include "init/proxy_links.h"

#include <algorithm>

#include "init/log.h"
#include "init/os/packet_socket.h"
#include "init/os/socket.h"
#include "units/wire.h"

namespace berth {
namespace {

constexpr std::chrono::seconds kStallLimit{5};
constexpr int kPacketsPerTurn = 64;
constexpr Milliseconds kFiguresPause{100};
/// Names of units have no space.
constexpr std::string_view kLife = " (life ";

}  // namespace

ProxyLinks::~ProxyLinks() {
  for (auto& [name, link] : links_)
    loop_.unwatch(link.socket.borrow());
}

std::string ProxyLinks::user_of(const Unit& proxy) const {
  if (!proxy.process.user.empty())
    return proxy.process.user;
  return settings_.is_root ? "nobody" : "";
}

Result<Identity> ProxyLinks::identity_of(const Unit& proxy, const FoundNames& names) const {
  return find_user(user_of(proxy), names);
}

Result<os::BorrowedFd> ProxyLinks::open_listener(const Address& address) {
  os::UniqueFd& listener = listeners_[format_address(address)];
  // The last proxy had it too, and may have shut it down for everybody.
  if (listener.is_open() && !os::is_listening(listener.borrow()))
    listener.reset();
  if (!listener.is_open())
    listener = BERTH_TRY(os::listen_on(address));
  return listener.borrow();
}

Result<ProxyStart> ProxyLinks::prepare(const Unit& proxy) {
  ProxyStart start;
  for (const Address& address : proxy.proxy->listen)
    start.listeners.push_back(BERTH_TRY(open_listener(address)));
  for (const Address& address : proxy.proxy->metrics_listen)
    start.metrics.push_back(BERTH_TRY(open_listener(address)));
  auto [own_end, child_end] = BERTH_TRY(os::packet_pair());
  start.own_end = std::move(own_end);
  start.child_end = std::move(child_end);
  return start;
}

void ProxyLinks::keep_listeners_of(const std::vector<const Unit*>& proxies) {
  std::set<std::string> wanted;
  for (const Unit* proxy : proxies)
    for (const auto* addresses : {&proxy->proxy->listen, &proxy->proxy->metrics_listen})
      for (const Address& address : *addresses)
        wanted.insert(format_address(address));
  std::erase_if(listeners_, [&](const auto& entry) { return wanted.count(entry.first) == 0; });
}

std::string ProxyLinks::link_of(const std::string& proxy, std::uint64_t life) {
  return proxy + std::string(kLife) + std::to_string(life) + ")";
}

std::string ProxyLinks::proxy_of(const std::string& link) {
  return link.substr(0, link.find(kLife));
}

void ProxyLinks::connect(const std::string& name, os::UniqueFd own_end) {
  disconnect(name);
  Link& link = links_[name];
  link.socket = std::move(own_end);
  link.handler = std::make_unique<os::FunctionHandler>(
      [this, name](os::Events events) { on_events(name, events); });
  loop_.watch(link.socket.borrow(), true, false, *link.handler);
  link.config_unsent = configs_.count(proxy_of(name)) != 0;
  flush(name, link);
}

void ProxyLinks::disconnect(const std::string& name) {
  const auto found = links_.find(name);
  if (found == links_.end())
    return;
  Link link = std::move(found->second);
  links_.erase(found);
  loop_.unwatch(link.socket.borrow());
  loop_.cancel(link.stalled);
  if (runner_ != nullptr)
    runner_->proxy_gone(name);
  owner_->on_disconnected(name);
}

void ProxyLinks::send(const std::string& name, const std::string& unit,
                      const control::ToProxy& message) {
  const auto found = links_.find(name);
  if (found == links_.end())
    return;
  Link& link = found->second;
  const auto unsent = link.unsent.find(unit);
  const bool grant_unsent =
      unsent != link.unsent.end() && std::holds_alternative<control::Granted>(unsent->second);
  if (grant_unsent && std::holds_alternative<control::Revoke>(message))
    return;  // it would be no answer to the Acquire; unanswered, it is asked again
  // The proxy never heard of the life that ends: the answer to its Acquire is a refusal then.
  const bool takes_grant_back = grant_unsent && std::holds_alternative<control::Ending>(message);
  link.unsent[unit] = takes_grant_back
                          ? control::ToProxy(control::Refused{unit, Milliseconds(0), "it ended"})
                          : message;
  flush(name, link);
}

void ProxyLinks::drain(const std::string& name, Milliseconds limit, bool replaced) {
  send(name, "", control::Drain{limit * 3 / 4, replaced});
}

void ProxyLinks::send_to_all(const std::string& unit, const control::ToProxy& message) {
  std::vector<std::string> names;
  for (const auto& [name, link] : links_)
    names.push_back(name);
  for (const std::string& name : names)
    send(name, unit, message);
}

void ProxyLinks::configure(const std::string& proxy, ProxyConfig config) {
  auto& current = configs_[proxy];
  config.generation = current.generation;
  if (config == current)
    return;
  config.generation = ++generation_;
  current = std::move(config);
  for (auto& [name, link] : links_) {
    if (proxy_of(name) != proxy)
      continue;
    link.config_unsent = true;
    flush(name, link);
  }
}

bool ProxyLinks::send_config(const std::string& name, Link& link) {
  const ProxyConfig& config = configs_[proxy_of(name)];
  auto memfd = os::sealed_memfd("berth-routes", wire::encode(config));
  if (!memfd) {
    log_error("route table for " + name + ": " + memfd.error().message);
    return false;
  }
  const auto bytes = wire::encode_any(control::ToProxy(control::Configure{config.generation}));
  return os::send_packet(link.socket.borrow(), bytes, {memfd->borrow()}) == os::SendOutcome::sent;
}

bool ProxyLinks::names_job(const std::string& name, const std::string& job) const {
  const auto config = configs_.find(proxy_of(name));
  if (config == configs_.end())
    return false;
  const auto& routes = config->second.spec.routes;
  return std::any_of(routes.begin(), routes.end(),
                     [&](const RouteSpec& route) { return route.job == job; });
}

bool ProxyLinks::has_latest_table(const std::string& name) const {
  const auto link = links_.find(name);
  const auto config = configs_.find(proxy_of(name));
  return link != links_.end() && config != configs_.end() &&
         link->second.configured == config->second.generation;
}

void ProxyLinks::send_figures(const std::string& name) {
  const auto found = links_.find(name);
  if (found == links_.end())
    return;
  Link& link = found->second;
  // To count costs something: nobody who asks all the time keeps PID 1 busy with it.
  if (link.figures_sent != os::TimePoint() && loop_.now() - link.figures_sent < kFiguresPause)
    return;
  link.figures_sent = loop_.now();
  const auto memfd = os::sealed_memfd("berth-figures", wire::encode(figures_()));
  if (!memfd)
    return log_warning("figures for " + name + ": " + memfd.error().message);
  // What does not fit now is asked for again.
  os::send_packet(link.socket.borrow(), wire::encode_any(control::ToProxy(control::Figures{})),
                  {memfd->borrow()});
}

void ProxyLinks::flush(const std::string& name, Link& link) {
  // The route table first: what is said about a unit may need it.
  if (link.config_unsent) {
    if (!send_config(name, link))
      return wait_writable(name, link);
    link.config_unsent = false;
  }
  while (!link.unsent.empty()) {
    const auto next = link.unsent.begin();
    if (os::send_packet(link.socket.borrow(), wire::encode_any(next->second)) !=
        os::SendOutcome::sent)
      return wait_writable(name, link);
    link.unsent.erase(next);
  }
  loop_.disarm(link.stalled);
  loop_.rewatch(link.socket.borrow(), true, false);
}

void ProxyLinks::wait_writable(const std::string& name, Link& link) {
  loop_.rewatch(link.socket.borrow(), true, true);
  if (link.stalled == os::kNoTimer)
    link.stalled = loop_.after(kStallLimit, [this, name] { owner_->on_stalled(name); });
}

bool ProxyLinks::take(const std::string& name, control::FromProxy& message,
                      std::vector<os::UniqueFd>& fds) {
  if (auto* run = std::get_if<control::RunJob>(&message))
    return runner_->run(name, *run, fds);
  if (const auto* stop = std::get_if<control::StopRun>(&message)) {
    runner_->stop_run(name, stop->id);
    return true;
  }
  if (const auto* configured = std::get_if<control::Configured>(&message))
    links_.at(name).configured = configured->generation;
  owner_->on_message(name, message);
  return true;
}

void ProxyLinks::on_events(const std::string& name, os::Events events) {
  os::Packet packet;
  for (int i = 0; i < kPacketsPerTurn; ++i) {
    const auto found = links_.find(name);
    if (found == links_.end())
      return;
    const auto outcome =
        os::receive_packet(found->second.socket.borrow(), control::kMaxPacket, packet);
    if (outcome == os::ReceiveOutcome::empty)
      break;
    if (outcome == os::ReceiveOutcome::closed)
      return disconnect(name);
    auto message = wire::decode_any<control::FromProxy>(packet.bytes);
    if (!message || !take(name, *message, packet.fds)) {
      const std::string kept = name;  // that of the handler, which goes with the link
      disconnect(kept);
      return owner_->on_malformed(kept);
    }
  }
  const auto found = links_.find(name);
  if (events.writable && found != links_.end())
    flush(name, found->second);
}

}  // namespace berth
