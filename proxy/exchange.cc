// What is decided about a request, in the order of UNITS.md [proxy].
#include "proxy/exchange.h"

#include <chrono>
#include <optional>

#include "proxy/connection.h"

namespace berth::proxy {
namespace {

/// What a client is told that went away itself; nobody but the log sees it. nginx's number.
constexpr int kClientClosedRequest = 499;

int status_of(HeadOutcome outcome) {
  switch (outcome) {
    case HeadOutcome::too_large:
      return 431;
    case HeadOutcome::target_too_long:
      return 414;
    case HeadOutcome::version_unsupported:
      return 505;
    case HeadOutcome::method_refused:
      return 405;
    case HeadOutcome::encoding_unsupported:
    case HeadOutcome::method_unknown:
      return 501;
    case HeadOutcome::malformed:
    case HeadOutcome::more:
    case HeadOutcome::complete:
      break;
  }
  return 400;
}

bool is_read_only(const HttpHead& head) {
  return head.method == HTTP_GET || head.method == HTTP_HEAD;
}

}  // namespace

Exchange::Exchange(Context& context)
    : context_(context), relay_(context.workshop, request_, reply_edits_) {}

Exchange::~Exchange() = default;

void Exchange::assign(Connection& client) {
  client_ = &client;
  renew();
}

void Exchange::renew() {
  use_.end();
  request_.clear();
  relay_.reset();
  pace_.pause();
  unit_.clear();
  figures_ = nullptr;
  backend_.clear();
  destination_.clear();
  file_path_.clear();
  error_ = {};
  held_since_ = held_until_ = os::TimePoint();
  host_.clear();
  request_edits_.clear();
  reply_edits_.clear();
  names_machine_ = upgrade_ = fresh_only_ = waited_ = asked_client_ = reply_keeps_ = false;
  reply_left_ = reply_bytes_ = 0;
  reply_status_ = 0;
  hold_until_ = os::TimePoint();
  started_ = context_.loop.now();
  head_outcome_ = HeadOutcome::more;
  parser_.start(HeadKind::request, request_.head);
}

void Exchange::drop_upstream() {
  UpstreamConnection::retire(relay_.detach());
  CgiRelay::retire(std::move(cgi_), context_.upstream_host.graveyard);
  if (lease() != nullptr)
    lease()->leave(*this);
}

void Exchange::stop_asking() {
  LoginWaiter::unlink();
  FiguresWaiter::unlink();
}

void Exchange::retire() {
  use_.end();
  drop_upstream();
  stop_asking();
  reply_file_.reset();
  request_.set_leftover({});
  request_.clear();
  request_.trim();
  relay_.trim();
  client_ = nullptr;
}

bool Exchange::feed(std::string_view bytes, std::size_t& used) {
  head_outcome_ = parser_.feed(bytes, used);
  return head_outcome_ != HeadOutcome::more;
}

void Exchange::identify() {
  RequestFacts& facts = request_.facts;
  facts.secure = client_->stream().is_encrypted();
  read_origin(request_.head, client_->peer(), context_.spec().trust_proxy, facts);
  facts.request_id = sent_request_id(request_.head);
  if (facts.request_id.empty())
    facts.request_id = context_.ids.next();
}

bool Exchange::refuse_bad_head() {
  const HttpHead& head = request_.head;
  if (head_outcome_ != HeadOutcome::complete) {
    answer_error(status_of(head_outcome_));
    return true;
  }
  request_.body.start(head.body, head.content_length);
  if (head.method == HTTP_OPTIONS && (head.text(head.target) == "*" || max_forwards(head) == 0U)) {
    answer(options_reply());
    return true;
  }
  if (!read_target(head, request_.facts)) {
    answer_error(400);
    return true;
  }
  return false;
}

bool Exchange::refuse_over_limit() {
  if (!client_->is_over_limit())
    return false;
  answer_error(429);
  return true;
}

void Exchange::on_head() {
  const HttpHead& head = request_.head;
  identify();
  if (refuse_over_limit())
    return;
  if (refuse_bad_head())
    return;
  if (client_->door() == Door::metrics)
    return ask_metrics();
  if (context_.shutting_down)
    return answer_unavailable(context_.spec().retry_after);
  const std::uint64_t max_body = context_.spec().max_body.count;
  if (max_body > 0 && head.content_length > max_body)
    return answer_error(413);
  const std::string& health = context_.spec().health_path;
  if (!health.empty() && request_.facts.path == health && is_read_only(head))
    return answer(health_reply(context_.site));
  use_.begin(context_.activity);
  if (!rewrite())
    return answer_error(400);
  decide();
}

bool Exchange::rewrite() {
  const Router& router = context_.site.router();
  if (!router.has_rewrites())
    return true;
  RequestFacts& facts = request_.facts;
  PathAndQuery place{facts.path, std::string(request_.head.text(facts.query))};
  bool refused = false;
  if (!router.rewrite(place, refused) || refused)
    return !refused;
  facts.sent_path = std::exchange(facts.path, std::move(place.path));
  facts.new_query = std::move(place.query);
  facts.change = PathChange::shape;
  facts.rewritten = true;
  return true;
}

std::optional<StaticFile> Exchange::find_file() const {
  if (!is_read_only(request_.head))
    return std::nullopt;
  return context_.site.files().find(request_.facts.path, request_.head);
}

bool Exchange::needs_login(const Place& route, const Place& tenant,
                           std::optional<StaticFile>& file) const {
  const std::string& path = request_.facts.client_path();
  if (route.route != nullptr && !route.route->allowed_users.empty())
    return true;
  if (!context_.site.needs_login(path, tenant))
    return false;
  // "*.ext" opens what a static file answers, and nothing else of that name.
  if (route.kind == Place::Kind::nowhere && context_.site.is_public_file(path, tenant))
    file = find_file();
  return !file.has_value();
}

void Exchange::decide() {
  const RequestFacts& facts = request_.facts;
  const Site& site = context_.site;
  const Place route = site.find_route(request_.head.text(request_.head.method_text), facts.path);
  const bool is_routed = route.kind != Place::Kind::nowhere;
  const Place tenant = is_routed ? Place() : site.find_tenant(facts.host, facts.path);
  // Whether a login is needed is a matter of the path that the client has sent.
  const Place asked =
      is_routed || !facts.rewritten ? tenant : site.find_tenant(facts.host, facts.sent_path);
  std::optional<StaticFile> file;
  if (facts.remote_user.empty() && needs_login(route, asked, file))
    ask_login();
  else
    proceed(route, tenant, std::move(file));
}

void Exchange::ask_login() {
  const HttpHead& head = request_.head;
  if (head.count(HeaderName::authorization) > 1)
    return answer_error(400);
  take_login(context_.logins.check(head.value(HeaderName::authorization),
                                   request_.facts.remote_user, *this));
}

void Exchange::take_login(Logins::Answer outcome) {
  switch (outcome) {
    case Logins::Answer::accepted:
      return decide();
    case Logins::Answer::pending:
      client_->post(ConnectionEvent::ask);
      return client_->arm(context_.spec().upstream_timeout);
    case Logins::Answer::denied:
      request_.facts.remote_user.clear();
      return answer(login_reply(context_.site, request_.head));
    case Logins::Answer::busy:
    case Logins::Answer::closed:
      request_.facts.remote_user.clear();
      return answer_unavailable(context_.spec().retry_after);
  }
}

void Exchange::on_login(LoginWaiter::Verdict verdict) noexcept {
  Connection& client = *client_;
  if (verdict == LoginWaiter::Verdict::accepted)
    take_login(Logins::Answer::accepted);
  else
    take_login(verdict == LoginWaiter::Verdict::denied ? Logins::Answer::denied
                                                       : Logins::Answer::busy);
  client.run();
}

void Exchange::proceed(const Place& route, const Place& tenant, std::optional<StaticFile> file) {
  const RequestFacts& facts = request_.facts;
  const auto redirection =
      context_.site.router().find_redirect(facts.client_path(), request_.head.text(facts.query));
  if (redirection)
    return answer(redirect_reply(redirection->status, redirection->location));
  if (replay(tenant))
    return;
  if (route.kind == Place::Kind::route) {
    if (!stick(route))
      take_route(route);
    return;
  }
  const BotAction bots =
      context_.site.bot_action(tenant, request_.head.value(HeaderName::user_agent));
  // Who reads robots.txt goes away by itself.
  const bool hides_files =
      bots == BotAction::reject && !request_.facts.path.ends_with("/robots.txt");
  if (!file && !hides_files)
    file = find_file();
  if (file && !hides_files && file->needs_slash)
    return answer(redirect_reply(
        301, facts.client_path() + "/" + std::string(request_.head.text(facts.query))));
  if (file && !hides_files)
    return answer(file_reply(*std::move(file), request_.head));
  if (stick(tenant))
    return;
  // Before bots: those who are refused for good do not come again after the maintenance.
  if (context_.site.config().maintenance)
    return answer_unavailable(context_.spec().retry_after);
  if (bots != BotAction::allow)
    return answer(refuse_bot(request_.head));
  if (tenant.kind == Place::Kind::nowhere)
    return answer_error(404);
  if (tenant.kind == Place::Kind::tenant)
    return forward(tenant);
  std::string location = facts.path + "/";
  location += facts.query_of(request_.head);
  answer(redirect_reply(is_read_only(request_.head) ? 302 : 307, location));
}

bool Exchange::replay(const Place& tenant) {
  const Replays& replays = context_.replays;
  auto target = replays.find(request_.head, request_.facts.path);
  if (!target && tenant.tenant != nullptr)
    target = replays.to_region(request_.head, tenant.tenant->region);
  if (!target)
    return false;
  send_to(*target);
  return true;
}

void Exchange::send_to(const ReplayTarget& target) {
  destination_ = target.text();
  if (!target.failed && !target.host.empty())
    return pass_on(target.host);
  if (!target.failed)
    return answer(replay_reply(target));
  note_error("the machine that should answer could not be reached");
  answer_unavailable(context_.spec().retry_after);
}

void Exchange::finish(bool keep_alive) {
  reply_file_.reset();
  client_->post(keep_alive ? ConnectionEvent::done : ConnectionEvent::done_close);
  client_->exchange_over();
}

void Exchange::on_client() {
  if (client_->state() == ConnectionState::relaying)
    pump();
  else if (client_->state() == ConnectionState::replying)
    continue_reply();
}

void Exchange::on_client_end() {
  // Who has finished sending may have left, or may wait for the answer (RFC 9112 section 9.6 speaks
  // of both). An interim reply, which whoever reads has to bear (RFC 9110 section 15.2), tells:
  // somebody who has left answers it with a reset.
  const ConnectionState state = client_->state();
  // Nobody who reads events leaves half.
  if (state == ConnectionState::relaying && relay_.is_event_stream())
    return client_->close();
  const bool waits = state == ConnectionState::waiting_backend ||
                     state == ConnectionState::connecting ||
                     (state == ConnectionState::relaying && !has_replied());
  if (!waits || asked_client_ || request_.head.minor == 0 || client_->stream().is_stalled())
    return;
  asked_client_ = true;
  if (!client_->stream().write(kContinue))
    client_->close();
}

void Exchange::abandon() {
  const bool answered = reply_status_ != 0;
  if (head_outcome_ == HeadOutcome::complete)
    log(answered        ? reply_status_
        : has_replied() ? relayed_status()
                        : kClientClosedRequest,
        relayed_bytes(),
        answered ? reply_kind_
        : cgi_   ? ReplyKind::cgi
                 : ReplyKind::proxy);
  drop_upstream();
  stop_asking();
}

void Exchange::stop(ConnectionAction how) {
  switch (how) {
    case ConnectionAction::answer_slow:
      identify();
      return answer_error(408);
    case ConnectionAction::answer_unavailable:
      held_until_ = held_since_ != os::TimePoint() ? context_.loop.now() : held_until_;
      note_error(client_->state() == ConnectionState::waiting_backend
                     ? "held for as long as the unit allows"
                     : "no answer from the password check or PID 1");
      return host_.empty() ? answer_unavailable(context_.spec().retry_after) : answer_error(504);
    case ConnectionAction::answer_late:
      note_error("the unit takes no connection");
      return answer_error(504);
    case ConnectionAction::give_up: {
      // Whose turn was it? The client's, if its request is not complete and the unit takes it.
      UpstreamConnection* upstream = relay_.upstream();
      const bool client_is_slow = cgi_ ? cgi_->waits_for_client()
                                       : !request_.body.is_complete() && upstream != nullptr &&
                                             !upstream->stream().is_stalled();
      note_error(client_is_slow ? "the client sends its body too slowly"
                                : "the unit does not answer in time");
      return break_off(client_is_slow ? 408 : 504);
    }
    default:
      return;
  }
}

Milliseconds Exchange::held() const {
  return std::chrono::duration_cast<Milliseconds>(held_until_ - held_since_);
}

void Exchange::log(int status, std::uint64_t bytes, ReplyKind kind) {
  const HttpHead& head = request_.head;
  const RequestFacts& facts = request_.facts;
  const auto duration =
      std::chrono::duration_cast<std::chrono::microseconds>(context_.loop.clock().now() - started_);
  const std::string_view protocol = client_->is_http2() ? "HTTP/2.0"
                                    : head.minor == 0   ? "HTTP/1.0"
                                                        : "HTTP/1.1";
  RequestFigures& figures = figures_ != nullptr ? *figures_ : context_.metrics.of(to_string(kind));
  figures.count(status, duration);
  if (held_since_ != os::TimePoint())
    ++figures.held;
  context_.log.add({facts.client_ip, facts.remote_user, head.text(head.method_text),
                    head.text(head.target), protocol, status, bytes, facts.request_id, duration,
                    head.value(HeaderName::referer), head.value(HeaderName::user_agent),
                    head.value(HeaderName::fly_request_id), unit_, kind, destination_, backend_,
                    file_path_, error_, held()});
}

}  // namespace berth::proxy
