// Wiring, and what PID 1 commands.
#include "proxy/server.h"

#include <algorithm>
#include <chrono>

#include "proxy/connection.h"
#include "proxy/diagnostics.h"
#include "units/wire.h"

namespace berth::proxy {
namespace {

/// Ten thousand instances take less than a tenth of this.
constexpr std::size_t kMaxConfig = std::size_t{64} * 1024 * 1024;
constexpr std::chrono::seconds kTendEvery{1};
/// How long a client that another process could serve may still send one more request: closed at
/// once, its connection might be closed while that is on its way.
constexpr Milliseconds kLastCall{1000};
constexpr Milliseconds kFarewell{1000};

}  // namespace

Server::Server(os::EventLoop& loop, Sockets sockets, os::BorrowedFd log)
    : loop_(loop),
      buffer_(std::make_unique<std::array<char, kBufferSize>>()),
      date_(loop),
      wheel_(loop.now()),
      control_(loop, std::move(sockets.control), *this),
      upstream_host_{loop, wheel_, graveyard_},
      workshop_{loop, *buffer_, scratch_, date_, compression_},
      log_(loop, log),
      logins_(loop),
      targets_(loop,
               [this](const Targets::Answer& answer) {
                 std::visit([this](const auto& message) { leases_.on_message(message); }, answer);
               }),
      leases_(upstream_host_, control_, targets_),
      metrics_(loop, control_),
      activity_(loop, wheel_, control_),
      runs_(control_),
      context_{.loop = loop,
               .wheel = wheel_,
               .upstream_host = upstream_host_,
               .workshop = workshop_,
               .leases = leases_,
               .logins = logins_,
               .runs = runs_,
               .log = log_,
               .metrics = metrics_,
               .activity = activity_,
               .site = Site(),
               .replays = Replays(),
               .sticky = Sticky(),
               .exchanges = ExchangePool(),
               .connections = ConnectionTable(graveyard_),
               .ids = RequestIds(),
               .date = date_,
               .tls = {},
               .tls_targets = {},
               .http2 = {},
               .addresses = AddressCounts(),
               .counters = Counters()} {
  for (os::UniqueFd& listener : sockets.listeners)
    listeners_.push_back(std::make_unique<Listener>(context_, std::move(listener), Door::site));
  for (os::UniqueFd& listener : sockets.metrics)
    listeners_.push_back(std::make_unique<Listener>(context_, std::move(listener), Door::metrics));
  loop_.set_turn_end([this] { on_turn_end(); });
}

Server::~Server() {
  loop_.set_turn_end({});
  loop_.cancel(wheel_timer_);
  listeners_.clear();
  context_.connections.for_each([](Connection& connection) { connection.close(); });
  graveyard_.clear();
}

int Server::run() {
  while (!over_)
    loop_.run_once(Milliseconds(-1));
  log_.flush();
  return status_;
}

void Server::stop(int status) {
  over_ = true;
  status_ = status;
}

void Server::on_control(control::ToProxy& message, std::vector<os::UniqueFd>& fds) {
  if (const auto* configured = std::get_if<control::Configure>(&message))
    configure(*configured, fds);
  else if (const auto* granted = std::get_if<control::Granted>(&message))
    leases_.on_message(*granted);
  else if (const auto* refused = std::get_if<control::Refused>(&message))
    leases_.on_message(*refused);
  else if (const auto* ending = std::get_if<control::Ending>(&message))
    leases_.on_message(*ending);
  else if (const auto* revoke = std::get_if<control::Revoke>(&message))
    leases_.on_message(*revoke);
  else if (const auto* draining = std::get_if<control::Drain>(&message))
    drain(*draining);
  else if (const auto* run = std::get_if<control::RunState>(&message))
    runs_.on_message(*run);
  else if (std::holds_alternative<control::Figures>(message))
    take_figures(fds);
  else
    shut_down();
}

void Server::on_control_lost() {
  report("PID 1 has closed the control socket");
  stop(1);
}

void Server::configure(const control::Configure& message, const std::vector<os::UniqueFd>& fds) {
  if (fds.empty())
    return report("route table: no memfd came with it");
  const auto bytes = os::read_sealed(fds.front().borrow(), kMaxConfig);
  if (!bytes)
    return report("route table: " + bytes.error().message);
  auto config = wire::decode<ProxyConfig>(*bytes);
  if (!config)
    return report("route table: " + config.error().message);
  if (configured_ && confine_)
    take_places(config->spec, context_.spec());
  targets_.configure(config->backends);
  std::vector<Lease*> leases = leases_.configure(config->backends);
  context_.site = Site(*std::move(config), std::move(leases));
  context_.replays = Replays(context_.spec());
  context_.sticky = Sticky(context_.spec().sticky, context_.site.config().machine);
  compression_.assign(context_.spec());
  logins_.configure(context_.spec().auth_htpasswd);
  context_.tls.configure(context_.spec().tls);
  if (!configured_)
    addresses_ = context_.spec().listen;
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    listeners_[i]->encrypt(i < addresses_.size() && context_.spec().tls.covers(addresses_[i]));
  log_.configure(context_.spec().access_log, context_.spec().log_to);
  control_.send(control::Configured{message.generation});
  activity_.configure(context_.site.config().tells_activity);
  if (configured_ || context_.draining)
    return;
  configured_ = true;
  if (confine_)
    confine_(context_.spec());
  for (const auto& listener : listeners_)
    listener->open();
}

void Server::take_figures(const std::vector<os::UniqueFd>& fds) {
  if (fds.empty())
    return report("figures: no memfd came with them");
  const auto bytes = os::read_sealed(fds.front().borrow(), kMaxConfig);
  if (!bytes)
    return report("figures: " + bytes.error().message);
  auto figures = wire::decode<SystemFigures>(*bytes);
  if (!figures)
    return report("figures: " + figures.error().message);
  metrics_.on_figures(*std::move(figures));
}

void Server::shut_down() {
  context_.shutting_down = true;
  leases_.refuse_waiting(context_.spec().retry_after);
}

void Server::drain(const control::Drain& message) {
  context_.draining = true;
  for (const auto& listener : listeners_)
    listener->pause();
  if (message.replaced) {
    leases_.give_back_unused();
    farewell_ = std::min(kFarewell, message.grace / 4);
    wheel_.arm(last_call_timer_, loop_.now() + std::min(kLastCall, message.grace));
  } else {
    shut_down();
    leases_.cut_tunnels();
    let_go();
  }
  wheel_.arm(drain_timer_, loop_.now() + message.grace);
}

void Server::let_go() noexcept {
  context_.connections.for_each([](Connection& connection) { connection.drain(); });
}

void Server::drain_over() noexcept {
  leases_.cut_tunnels();
  context_.connections.for_each([](Connection& connection) {
    if (connection.state() != ConnectionState::lingering)
      connection.cut();
  });
  if (farewell_.count() == 0)
    stop(0);
  else
    wheel_.arm(farewell_timer_, loop_.now() + farewell_);
}

void Server::tend() noexcept {
  leases_.tend();
}

void Server::wake_wheel() {
  const auto due = wheel_.next_due();
  if (!due || (wheel_timer_ != os::kNoTimer && wheel_due_ <= *due))
    return;
  loop_.cancel(wheel_timer_);
  wheel_due_ = *due;
  wheel_timer_ = loop_.at(*due, [this] {
    wheel_timer_ = os::kNoTimer;
    wheel_.advance(loop_.now());
  });
}

void Server::on_turn_end() {
  if (!context_.draining && context_.connections.size() < context_.spec().max_connections &&
      configured_) {
    context_.crowded = false;
    for (const auto& listener : listeners_)
      if (!listener->is_armed())
        listener->open();
  }
  if (leases_.needs_tending() && !tend_timer_.is_armed())
    wheel_.arm(tend_timer_, loop_.now() + kTendEvery);
  leases_.grant_free();
  wake_wheel();
  log_.flush();
  graveyard_.clear();
  context_.exchanges.clear_excess();
  if (context_.draining && context_.connections.size() == 0)
    stop(0);
}

}  // namespace berth::proxy
