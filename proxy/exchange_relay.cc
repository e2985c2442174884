// The part of an exchange that has to do with a unit: waiting for it, connecting, relaying.
#include <chrono>

#include "proxy/connection.h"
#include "proxy/exchange.h"
#include "proxy/head_writer.h"
#include "proxy/tunnel.h"

namespace berth::proxy {

namespace {

/// A tenant's instance goes by its own name in the log, as it does everywhere that people look.
std::string_view log_name(const Place& place) {
  const std::string_view unit = place.lease->unit();
  const std::size_t at = unit.find('@');
  return place.tenant != nullptr && at != std::string_view::npos ? unit.substr(at + 1) : unit;
}

}  // namespace

std::string Exchange::upstream_target(const Place& place) const {
  const RequestFacts& facts = request_.facts;
  const HttpHead& head = request_.head;
  const RouteSpec* route = place.route;
  if (route != nullptr && !(route->path_template().empty() && route->strip.empty()))
    return target_of(*route, place.captures, {facts.path, std::string(facts.query_of(head))});
  // What was decided by is what is sent; only another spelling of the same path may pass as it is.
  std::string target(facts.change == PathChange::shape ? std::string_view(facts.path)
                                                       : head.text(facts.raw_path));
  target += facts.query_of(head);
  return target;
}

void Exchange::take_edits(const RouteSpec& route) {
  request_edits_.assign(route.headers, request_.head, request_.facts);
  reply_edits_.assign(route.response_headers, request_.head, request_.facts);
  if (route.target.host.empty())
    return;
  host_ = authority_of(route.target);
  const std::string usual = route.target.secure ? ":443" : ":80";
  if (host_.ends_with(usual))
    host_.resize(host_.size() - usual.size());
}

bool Exchange::stick(const Place& place) {
  const Sticky& sticky = context_.sticky;
  const bool is_elsewhere = place.route != nullptr && !place.route->target.host.empty();
  if (!sticky.is_on() || place.lease == nullptr || is_elsewhere)
    return false;
  const HttpHead& head = request_.head;
  const std::string_view machine = sticky.named_by(head);
  if (sticky.is_here(machine))
    return false;
  // Whose machine is no more has a new one.
  names_machine_ = machine.empty() || !head.value(HeaderName::fly_replay_failed).empty();
  if (names_machine_)
    return false;
  const auto target = Replays::to_machine(head, machine);
  if (target)
    send_to(*target);
  return target.has_value();
}

void Exchange::pass_on(const std::string& host) {
  TargetUrl other;
  other.host = host;
  other.port = context_.replays.port();
  Place place;
  place.lease = &context_.leases.passing(target_backend(other));
  // Who chooses names shall not make figures of each.
  if (place.lease->figures() == nullptr)
    place.lease->set_figures(context_.metrics.of(to_string(ReplyKind::replay)));
  request_edits_.set_beside(context_.replays.source_field());
  forward(place);
}

void Exchange::forward(const Place& place) {
  const HttpHead& head = request_.head;
  target_ = upstream_target(place);
  if (target_.empty())
    return answer_error(400);
  if (place.route != nullptr)
    take_edits(*place.route);
  unit_ = log_name(place);
  if (place.lease->figures() == nullptr)
    place.lease->set_figures(context_.metrics.of(class_of(place.lease->unit())));
  figures_ = place.lease->figures();
  upgrade_ = head.wants_upgrade && head.method == HTTP_GET && head.body == BodyKind::none &&
             equals_ignoring_case(head.value(HeaderName::upgrade), "websocket") &&
             (place.route == nullptr || place.route->websocket);
  switch (place.lease->admit(*this)) {
    case Lease::Admission::in_flight:
      return connect();
    case Lease::Admission::waiting:
      return park();
    case Lease::Admission::full:
      context_.counters.count(Refusal::waiting_room_full);
      note_error("too many requests wait for the unit");
      return answer_unserved(context_.spec().retry_after);
    case Lease::Admission::refused:
      note_error("the unit could not be started");
      return answer_unserved(place.lease->retry_after());
  }
}

void Exchange::park() {
  client_->post(ConnectionEvent::park);
  if (held_since_ == os::TimePoint())
    held_since_ = context_.loop.now();
  held_until_ = held_since_;
  if (hold_until_ == os::TimePoint())
    hold_until_ = context_.loop.now() + lease()->config().hold;
  client_->arm_at(hold_until_);
}

void Exchange::on_granted() noexcept {
  Connection& client = *client_;
  held_until_ = context_.loop.now();
  connect();
  client.run();
}

void Exchange::on_refused(Milliseconds retry_after) noexcept {
  Connection& client = *client_;
  held_until_ = context_.loop.now();
  note_error("the unit could not be started");
  answer_unserved(retry_after);
  client.run();
}

void Exchange::on_cut(bool) noexcept {
  Connection& client = *client_;
  // Nothing has been sent yet: the next life can answer it as well.
  if (client.state() == ConnectionState::connecting)
    unreachable();
  else
    client.cut();
  client.run();
}

void Exchange::connect() {
  client_->post(ConnectionEvent::connect);
  backend_ = lease()->endpoint_text();
  client_->arm(context_.spec().upstream_timeout);
  // A request that must not be sent twice gets a connection of its own: an idle one may have been
  // closed by the unit just now, and then nobody could tell whether it has seen the request.
  const bool may_reuse =
      !fresh_only_ && request_.is_idempotent() && request_.head.body == BodyKind::none;
  std::unique_ptr<UpstreamConnection> connection;
  if (may_reuse)
    connection = lease()->idle_connections().take();
  if (connection == nullptr) {
    auto opened = UpstreamConnection::open(context_.upstream_host, lease()->endpoint());
    // The unit is not to blame if we have no descriptors.
    if (!opened && os::is_out_of_resources(opened.error().os_errno)) {
      context_.counters.count(Refusal::descriptors_gone);
      return answer_unavailable(context_.spec().retry_after);
    }
    if (!opened)
      return unreachable();
    connection = *std::move(opened);
    if (!encrypt(*connection))
      return UpstreamConnection::retire(std::move(connection));
  }
  connection->set_user(this);
  const UpstreamConnection::Phase phase = connection->phase();
  relay_.attach(std::move(connection));
  if (phase == UpstreamConnection::Phase::connected)
    start_relay();
  else if (phase == UpstreamConnection::Phase::failed)
    connection_failed();
}

bool Exchange::encrypt(UpstreamConnection& connection) {
  const berth::Backend& config = lease()->config();
  if (!config.target_secure)
    return true;
  std::unique_ptr<TlsClientSession> session =
      context_.tls_targets.open(connection.stream().fd(), config.target_host, context_.loop.now());
  if (session == nullptr) {
    note_error("TLS cannot be had");
    answer_error(502);
    return false;
  }
  connection.encrypt(std::move(session));
  return true;
}

void Exchange::connection_failed() {
  const std::string why = relay_.upstream()->tls_failure();
  if (why.empty())
    return unreachable();
  // It would not be another one at its next address, nor in a moment.
  context_.tls_targets.complain(lease()->unit(), why, context_.loop.now());
  note_error("the target is not to be trusted, or speaks no TLS");
  answer_error(502);
}

void Exchange::unreachable() {
  UpstreamConnection::retire(relay_.detach());
  park();
  lease()->wait_again(*this);
}

void Exchange::start_relay() {
  client_->post(ConnectionEvent::connected);
  std::string beside;
  if (context_.spec().server_timing && held_since_ != os::TimePoint())
    beside = "Server-Timing: hold;dur=" + std::to_string(held().count()) + "\r\n";
  if (names_machine_)
    beside += context_.sticky.field(scheme_of(request_.head, request_.facts) == "https");
  reply_edits_.set_beside(std::move(beside));
  std::string& head = context_.workshop.scratch;
  head.clear();
  append_request_head({request_.head, request_.facts, target_, upgrade_, host_, request_edits_},
                      head);
  relay_.start(head, {upgrade_, may_keep_client(), context_.spec().max_body.count});
  pump();
}

void Exchange::on_upstream() noexcept {
  Connection& client = *client_;
  if (client.state() == ConnectionState::relaying) {
    pump();
  } else if (client.state() == ConnectionState::connecting) {
    const UpstreamConnection::Phase phase = relay_.upstream()->phase();
    if (phase == UpstreamConnection::Phase::connected)
      start_relay();
    else if (phase == UpstreamConnection::Phase::failed)
      connection_failed();
  }
  client.run();
}

void Exchange::pump() {
  if (cgi_ != nullptr)
    return pump_job();
  if (!may_keep_client())
    relay_.keep_no_client();
  on_outcome(relay_.pump(client_->stream()));
}

void Exchange::on_outcome(Relay::Outcome outcome) {
  switch (outcome) {
    case Relay::Outcome::under_way:
      return arm_for_relay();
    case Relay::Outcome::complete: {
      log(relay_.status(), relay_.body_bytes(), ReplyKind::proxy);
      const bool keeps = relay_.keeps_client();
      if (relay_.keeps_upstream() && lease()->is_current(*this))
        lease()->idle_connections().give(relay_.detach());
      drop_upstream();
      return finish(keeps);
    }
    case Relay::Outcome::upgraded:
      return upgrade();
    case Relay::Outcome::client_gone:
    case Relay::Outcome::bad_request:
    case Relay::Outcome::too_large:
      return end_by_client(outcome);
    case Relay::Outcome::lost_unanswered:
      return on_lost_unanswered();
    case Relay::Outcome::bad_gateway:
      note_error("the unit's reply is malformed");
      return break_off(502);
    case Relay::Outcome::cut:
      note_error("the unit's reply broke off");
      return break_off(502);
  }
}

void Exchange::end_by_client(Relay::Outcome outcome) {
  if (outcome == Relay::Outcome::client_gone)
    return client_->close();
  if (outcome == Relay::Outcome::too_large)
    return break_off(413);
  note_error("the chunks of the request are malformed");
  break_off(400);
}

void Exchange::arm_for_relay() {
  arm_for_body(!request_.body.is_complete() && !relay_.upstream()->stream().is_stalled(),
               context_.spec().upstream_timeout);
}

void Exchange::arm_for_body(bool waits_for_client, Milliseconds otherwise) {
  const ProxySpec& spec = context_.spec();
  // Once there is a reply, the two may talk as slowly as they like.
  if (waits_for_client && !has_replied())
    return client_->arm_at(
        pace_.deadline(context_.loop.now(), request_.body.total(), spec.upstream_timeout));
  pace_.pause();
  client_->arm(client_->stream().is_stalled() ? spec.idle_timeout : otherwise);
}

void Exchange::on_lost_unanswered() {
  const bool was_reused = relay_.upstream()->is_reused();
  const bool is_dying = fresh_only_ && !waited_;
  if (relay_.has_replied() || (!was_reused && !is_dying)) {
    note_error("the unit has closed the connection without a reply");
    return break_off(502);
  }
  fresh_only_ = true;
  UpstreamConnection::retire(relay_.detach());
  // The unit had closed the idle connection: once more on a new one.
  if (was_reused && lease()->is_current(*this))
    return connect();
  // It closed the new one too, or its life has ended: it was dying before the request came, and
  // the next life answers it. Once: a request that kills whoever reads it ends here.
  waited_ = true;
  unreachable();
}

void Exchange::break_off(int status) {
  if (has_replied())
    return client_->close();
  answer_error(status);
}

void Exchange::upgrade() {
  log(relay_.status(), 0, ReplyKind::proxy);
  auto tunnel = std::make_unique<Tunnel>(context_.workshop, *client_, relay_.detach());
  if (lease()->config().count_websockets)
    tunnel->count_in(context_.activity);
  lease()->hand_over(*this, *tunnel);
  const std::string early = relay_.take_early_bytes();
  const std::span<char> leftover = request_.leftover();
  client_->post(ConnectionEvent::upgraded);
  client_->become(std::move(tunnel), early, {leftover.data(), leftover.size()});
}

}  // namespace berth::proxy
