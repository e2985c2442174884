// The part of an exchange that has to do with a job that the request starts.
#include <algorithm>

#include "proxy/cgi_variables.h"
#include "proxy/connection.h"
#include "proxy/exchange.h"

namespace berth::proxy {
namespace {

bool may_use(const RouteSpec& route, const std::string& user) {
  const auto& users = route.allowed_users;
  return users.empty() || std::find(users.begin(), users.end(), user) != users.end();
}

}  // namespace

void Exchange::take_route(const Place& route) {
  if (!may_use(*route.route, request_.facts.remote_user))
    return answer_error(403);
  if (route.lease != nullptr)
    return forward(route);
  run_job(*route.route);
}

void Exchange::run_job(const RouteSpec& route) {
  unit_ = route.job;
  if (context_.runs.is_busy(route.job))
    return answer_error(409);
  cgi::Variables variables = cgi_variables(request_.head, request_.facts, route);
  if (!cgi::fit(variables))
    return answer_error(431);
  take_edits(route);
  cgi_ =
      std::make_unique<CgiRelay>(context_.workshop, context_.runs, request_, reply_edits_, *this);
  if (const auto asked = cgi_->ask(route.job, std::move(variables)); !asked) {
    context_.counters.count(Refusal::descriptors_gone);
    return answer_unavailable(context_.spec().retry_after);
  }
  client_->post(ConnectionEvent::ask);
  client_->arm(context_.spec().upstream_timeout);
}

void Exchange::on_job() noexcept {
  Connection& client = *client_;
  if (client.state() == ConnectionState::checking)
    take_run_answer();
  else if (client.state() == ConnectionState::relaying)
    pump();
  client.run();
}

void Exchange::take_run_answer() {
  switch (cgi_->answer()) {
    case CgiRelay::Answer::pending:
      return;
    case CgiRelay::Answer::busy:
      return answer_error(409);
    case CgiRelay::Answer::refused:
      note_error("the job cannot be run now");
      return answer_unavailable(context_.spec().retry_after);
    case CgiRelay::Answer::accepted:
      return start_run();
  }
}

void Exchange::start_run() {
  client_->post(ConnectionEvent::connect);
  client_->post(ConnectionEvent::connected);
  const bool waits = request_.head.expects_continue && request_.head.minor == 1 &&
                     !request_.body.is_complete() && request_.leftover().empty();
  if (waits && !client_->stream().write(kContinue))
    return client_->close();
  cgi_->start(may_keep_client(), context_.spec().max_body.count);
  pump();
}

void Exchange::pump_job() {
  if (!may_keep_client())
    cgi_->keep_no_client();
  const Relay::Outcome outcome = cgi_->pump(client_->stream());
  switch (outcome) {
    case Relay::Outcome::under_way:
      return arm_for_job();
    case Relay::Outcome::complete: {
      log(cgi_->status(), cgi_->body_bytes(), ReplyKind::cgi);
      const bool keeps = cgi_->keeps_client();
      drop_upstream();
      return finish(keeps);
    }
    case Relay::Outcome::client_gone:
    case Relay::Outcome::bad_request:
    case Relay::Outcome::too_large:
      return end_by_client(outcome);
    case Relay::Outcome::lost_unanswered:
      note_error("the job has failed and printed nothing");
      return break_off(500);
    case Relay::Outcome::bad_gateway:
      note_error("the job was ended, or its header block is malformed");
      return break_off(502);
    case Relay::Outcome::cut:
    case Relay::Outcome::upgraded:
      note_error("the job's output broke off");
      return break_off(502);
  }
}

void Exchange::arm_for_job() {
  const bool waits = cgi_->waits_for_client();
  // How long the job may take is PID 1's to watch.
  arm_for_body(waits, waits ? context_.spec().upstream_timeout : Milliseconds(0));
}

}  // namespace berth::proxy
