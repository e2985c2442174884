// The two directions of a run.
#include "proxy/cgi_relay.h"

#include <array>
#include <utility>

#include "init/os/errno_error.h"
#include "init/os/pipe.h"
#include "init/os/stream.h"
#include "proxy/body_pump.h"
#include "proxy/cgi_head.h"
#include "proxy/head_writer.h"

namespace berth::proxy {
namespace {

using control::RunPhase;

constexpr std::string_view kPlainText =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";

}  // namespace

CgiRelay::CgiRelay(const Relay::Workshop& workshop, Runs& runs, ClientRequest& request,
                   const FieldEdits& edits, User& user)
    : shop_(workshop), runs_(runs), request_(request), edits_(edits), user_(&user) {}

CgiRelay::~CgiRelay() {
  close_input();
  close_output();
}

Result<void> CgiRelay::ask(const std::string& job, cgi::Variables variables) {
  os::PipePair pipes = BERTH_TRY(os::make_pipe_pair());
  input_ = std::move(pipes.input.write_end);
  output_ = std::move(pipes.output.read_end);
  if (!shop_.loop.watch(input_.borrow(), false, true, *this, true) ||
      !shop_.loop.watch(output_.borrow(), true, false, *this, true))
    return os::errno_error("watch the pipes of a job");
  std::vector<os::UniqueFd> ends;
  ends.push_back(std::move(pipes.input.read_end));
  ends.push_back(std::move(pipes.output.write_end));
  asked_ = true;
  id_ = runs_.begin(job, std::move(variables), std::move(ends), *this);
  return {};
}

CgiRelay::Answer CgiRelay::answer() const {
  if (!answered_)
    return Answer::pending;
  return phase_ == RunPhase::busy      ? Answer::busy
         : phase_ == RunPhase::refused ? Answer::refused
                                       : Answer::accepted;
}

void CgiRelay::retire(std::unique_ptr<CgiRelay> relay, Graveyard& graveyard) {
  if (relay == nullptr)
    return;
  relay->user_ = nullptr;
  relay->close_input();
  relay->close_output();
  if (relay->asked_)
    relay->runs_.leave(relay->id_);
  graveyard.bury(std::move(relay));
}

void CgiRelay::start(bool keep_alive, std::uint64_t max_body) {
  keep_alive_ = keep_alive;
  max_body_ = max_body;
}

bool CgiRelay::is_over() const {
  return answered_ &&
         (phase_ == RunPhase::done || phase_ == RunPhase::failed || phase_ == RunPhase::broken);
}

bool CgiRelay::waits_for_client() const {
  return !request_.body.is_complete() && kept_.empty() && !is_over();
}

void CgiRelay::on_run(RunPhase phase) noexcept {
  answered_ = true;
  phase_ = phase;
  if (user_ != nullptr)
    user_->on_job();
}

void CgiRelay::on_events(os::Events) noexcept {
  if (user_ != nullptr)
    user_->on_job();
}

void CgiRelay::close_input() {
  if (!input_.is_open())
    return;
  shop_.loop.unwatch(input_.borrow());
  input_.reset();
  kept_ = std::string();
}

void CgiRelay::close_output() {
  if (!output_.is_open())
    return;
  shop_.loop.unwatch(output_.borrow());
  output_.reset();
}

void CgiRelay::flush_input() {
  while (!kept_.empty() && input_.is_open()) {
    const os::Transfer sent = os::write_some(input_.borrow(), kept_);
    if (sent.state == os::TransferState::would_block)
      return;
    if (sent.state != os::TransferState::done)
      return close_input();  // the job reads no more of it
    kept_.erase(0, sent.size);
  }
}

CgiRelay::Outcome CgiRelay::pump_input(Stream& client) {
  flush_input();
  const Outcome outcome = pump_body(
      shop_, request_, client, max_body_, [this] { return waits_for_client(); },
      [this](const BodyDecoder::Step& step) {
        if (input_.is_open())
          kept_ = step.payload;
        flush_input();
      });
  if (outcome == Outcome::under_way && request_.body.is_complete() && kept_.empty())
    close_input();
  return outcome;
}

CgiRelay::Outcome CgiRelay::pass_back(Stream& client, std::span<char> bytes,
                                      std::string_view head) {
  // What the job prints beyond its Content-Length is nobody's.
  std::string_view payload;
  if (!response_body_.is_complete())
    payload = response_body_.take(bytes).payload;
  std::array<char, kChunkHeadRoom> room{};
  const bool chunk = chunk_reply_ && !payload.empty();
  const std::array<std::string_view, 4> pieces = {
      head, chunk ? chunk_head(payload.size(), room) : std::string_view(), payload,
      chunk ? kChunkEnd : std::string_view()};
  has_replied_ = true;
  return client.write(pieces) ? Outcome::under_way : Outcome::client_gone;
}

CgiRelay::Outcome CgiRelay::send_head(Stream& client, std::string_view response, std::string rest) {
  HeadParser parser;
  parser.start(HeadKind::response, response_);
  std::size_t used = 0;
  if (parser.feed(response, used) != HeadOutcome::complete)
    return Outcome::bad_gateway;
  const BodyKind kind = response_body_kind(response_, request_.is_head_method());
  response_body_.start(kind, response_.content_length);
  const bool delimited = kind == BodyKind::none || kind == BodyKind::length;
  chunk_reply_ = !delimited && request_.head.minor == 1;
  keep_alive_ &= delimited || chunk_reply_;
  std::string& head = shop_.scratch;
  head.clear();
  append_response_head({response_, request_.head.minor, chunk_reply_, keep_alive_, false,
                        shop_.date.now(), edits_, Coding::identity, false},
                       head);
  head_done_ = true;
  return pass_back(client, rest, head);
}

CgiRelay::Outcome CgiRelay::take_head(Stream& client, bool over) {
  CgiHead head = read_cgi_head(begin_, over);
  switch (head.outcome) {
    case CgiHeadOutcome::more:
      return Outcome::under_way;
    case CgiHeadOutcome::none:
      return send_head(client, kPlainText, std::exchange(begin_, {}));
    case CgiHeadOutcome::complete:
      begin_.erase(0, head.size);
      return send_head(client, head.response, std::exchange(begin_, {}));
    case CgiHeadOutcome::bad:
      break;
  }
  return Outcome::bad_gateway;
}

CgiRelay::Outcome CgiRelay::take_output(Stream& client, std::span<char> bytes) {
  if (head_done_)
    return pass_back(client, bytes, {});
  begin_.append(bytes.data(), bytes.size());
  return take_head(client, false);
}

CgiRelay::Outcome CgiRelay::pump_output(Stream& client) {
  std::size_t moved = 0;
  while (output_.is_open() && !client.is_stalled()) {
    const os::Transfer got = os::read_some(output_.borrow(), shop_.buffer);
    if (got.state == os::TransferState::would_block)
      break;
    if (got.state != os::TransferState::done) {
      close_output();
      break;
    }
    const Outcome outcome = take_output(client, shop_.buffer.first(got.size));
    moved += got.size;
    if (outcome != Outcome::under_way)
      return outcome;
    if (moved >= kMostInARow) {
      shop_.loop.rearm(output_.borrow());
      return Outcome::under_way;
    }
  }
  // Whoever still holds the pipe then has got away from the run.
  return is_over() && !client.is_stalled() ? finish(client) : Outcome::under_way;
}

CgiRelay::Outcome CgiRelay::finish(Stream& client) {
  if (reply_over_)
    return Outcome::under_way;
  if (phase_ == RunPhase::broken)
    return has_replied_ ? Outcome::cut : Outcome::bad_gateway;
  if (!head_done_ && begin_.empty() && phase_ == RunPhase::failed)
    return Outcome::lost_unanswered;
  if (!head_done_) {
    const Outcome outcome = take_head(client, true);
    if (outcome != Outcome::under_way)
      return outcome;
  }
  if (response_body_.kind() == BodyKind::length && !response_body_.is_complete())
    return Outcome::cut;
  reply_over_ = true;
  const std::array<std::string_view, 2> end = {kLastChunk, kChunkEnd};
  return !chunk_reply_ || client.write(end) ? Outcome::under_way : Outcome::client_gone;
}

CgiRelay::Outcome CgiRelay::pump(Stream& client) {
  if (!client.flush())
    return Outcome::client_gone;
  Outcome outcome = pump_input(client);
  if (outcome == Outcome::under_way)
    outcome = pump_output(client);
  if (outcome != Outcome::under_way)
    return outcome;
  return reply_over_ && !client.is_stalled() ? Outcome::complete : Outcome::under_way;
}

}  // namespace berth::proxy
