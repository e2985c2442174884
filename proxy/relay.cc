// The two directions of a relay.
#include "proxy/relay.h"

#include <array>

#include "proxy/body_pump.h"
#include "proxy/head_writer.h"

namespace berth::proxy {
namespace {

/// Instead of kMostInARow, if it is compressed on the way, which takes some 10 ms a megabyte.
constexpr std::size_t kCompressedBudget = std::size_t{128} * 1024;
constexpr std::size_t kKeptRoom = std::size_t{8} * 1024;
constexpr std::size_t kKeptFields = 64;

}  // namespace

void Relay::reset() {
  settings_ = Settings();
  response_.clear();
  response_body_.start(BodyKind::none, 0);
  early_bytes_.clear();
  compressor_.reset();
  compressed_bytes_ = 0;
  has_sent_ = has_replied_ = head_done_ = chunk_reply_ = response_over_ = false;
  upstream_reusable_ = upstream_deaf_ = false;
}

void Relay::trim() {
  compressor_.reset();
  compressed_ = std::string();
  if (response_.raw.capacity() > kKeptRoom)
    response_.raw = std::string();
  if (response_.fields.capacity() > kKeptFields)
    response_.fields = std::vector<HeaderField>();
}

void Relay::attach(std::unique_ptr<UpstreamConnection> connection) {
  upstream_ = std::move(connection);
  has_sent_ = upstream_deaf_ = false;
}

std::unique_ptr<UpstreamConnection> Relay::detach() {
  if (upstream_ != nullptr)
    upstream_->set_user(nullptr);
  return std::move(upstream_);
}

bool Relay::is_event_stream() const {
  constexpr std::string_view kType = "text/event-stream";
  return head_done_ &&
         std::any_of(response_.fields.begin(), response_.fields.end(),
                     [&](const HeaderField& field) {
                       return equals_ignoring_case(response_.name_of(field), "content-type") &&
                              equals_ignoring_case(
                                  response_.value_of(field).substr(0, kType.size()), kType);
                     });
}

void Relay::start(std::string_view request_head, const Settings& settings) {
  settings_ = settings;
  parser_.start(HeadKind::response, response_);
  // A body that came with the head leaves with it, if it is plain.
  std::string_view first;
  const std::span<char> leftover = request_.leftover();
  if (request_.body.kind() == BodyKind::length && !leftover.empty()) {
    const BodyDecoder::Step step = request_.body.take(leftover);
    request_.use_leftover(step.used);
    first = step.payload;
  }
  const std::array<std::string_view, 2> pieces = {request_head, first};
  has_sent_ = true;
  upstream_deaf_ = !upstream_->stream().write(pieces);
}

void Relay::pass_on(const BodyDecoder::Step& step) {
  if (upstream_deaf_)
    return;
  bool alive = true;
  if (request_.body.kind() == BodyKind::chunked) {
    std::array<char, kChunkHeadRoom> room{};
    const bool any = !step.payload.empty();
    const bool over = request_.body.is_complete();
    const std::array<std::string_view, 6> pieces = {
        any ? chunk_head(step.payload.size(), room) : std::string_view(),
        step.payload,
        any ? kChunkEnd : std::string_view(),
        over ? kLastChunk : std::string_view(),
        over ? request_.body.trailers() : std::string_view(),
        over ? kChunkEnd : std::string_view()};
    alive = upstream_->stream().write(pieces);
  } else {
    alive = upstream_->stream().write(step.payload);
  }
  upstream_deaf_ = !alive;
}

Relay::Outcome Relay::pump_request(Stream& client) {
  return pump_body(
      shop_, request_, client, settings_.max_body,
      [this] {
        return !request_.body.is_complete() && !upstream_->stream().is_stalled() && !response_over_;
      },
      [this](const BodyDecoder::Step& step) { pass_on(step); });
}

Coding Relay::choose_coding(BodyKind kind, bool& varies) {
  varies = kind != BodyKind::none && request_.head.minor == 1 && shop_.compression.is_on() &&
           shop_.compression.covers(response_);
  if (!varies)
    return Coding::identity;
  const Coding coding = coding_for(request_.head);
  compressor_ = Compressor::make(coding);
  return compressor_ == nullptr ? Coding::identity : coding;
}

std::string_view Relay::outgoing(std::string_view payload, bool last) {
  if (compressor_ == nullptr)
    return payload;
  compressed_.clear();
  compressor_->take(payload, last, compressed_);
  compressed_bytes_ += compressed_.size();
  return compressed_;
}

Relay::Outcome Relay::finish_head(std::string& head) {
  const BodyKind kind = response_body_kind(response_, request_.is_head_method());
  response_body_.start(kind, response_.content_length);
  // A 204 that announces a body: whether one follows, nobody can tell.
  const bool doubtful = response_.status == 204 && response_.body != BodyKind::none &&
                        response_.body != BodyKind::until_close;
  upstream_reusable_ = response_.keep_alive && kind != BodyKind::until_close && !doubtful;
  bool varies = false;
  const Coding coding = choose_coding(kind, varies);
  const bool delimited =
      coding == Coding::identity && (kind == BodyKind::none || kind == BodyKind::length);
  chunk_reply_ = !delimited && request_.head.minor == 1;
  settings_.keep_alive &= delimited || chunk_reply_;
  append_response_head({response_, request_.head.minor, chunk_reply_, settings_.keep_alive, false,
                        shop_.date.now(), edits_, coding, varies},
                       head);
  head_done_ = true;
  return Outcome::under_way;
}

Relay::Outcome Relay::take_head(Stream& client, std::span<char>& bytes) {
  std::size_t used = 0;
  const HeadOutcome outcome = parser_.feed({bytes.data(), bytes.size()}, used);
  bytes = bytes.subspan(used);
  if (outcome == HeadOutcome::more)
    return Outcome::under_way;
  if (outcome != HeadOutcome::complete)
    return Outcome::bad_gateway;
  std::string& head = shop_.scratch;
  head.clear();
  if (response_.status >= 200)
    return finish_head(head);
  if (response_.status == 101) {
    if (!settings_.upgrade)
      return Outcome::bad_gateway;
    append_response_head({response_, 1, false, true, true, {}, edits_, Coding::identity, false},
                         head);
    early_bytes_.assign(bytes.data(), bytes.size());
    has_replied_ = true;
    return client.write(head) ? Outcome::upgraded : Outcome::client_gone;
  }
  // HTTP/1.0 knows no interim replies.
  if (request_.head.minor == 1) {
    append_interim_head(response_, head);
    if (!client.write(head))
      return Outcome::client_gone;
  }
  parser_.start(HeadKind::response, response_);
  return Outcome::under_way;
}

Relay::Outcome Relay::pass_back(Stream& client, std::span<char> bytes, std::string_view head) {
  const BodyDecoder::Step step = response_body_.take(bytes);
  if (step.outcome == BodyDecoder::Outcome::malformed)
    return has_replied_ ? Outcome::cut : Outcome::bad_gateway;
  std::array<char, kChunkHeadRoom> room{};
  const bool over = response_body_.is_complete();
  const std::string_view payload = outgoing(step.payload, over);
  const bool chunk = chunk_reply_ && !payload.empty();
  const bool last = chunk_reply_ && over;
  const std::array<std::string_view, 7> pieces = {
      head,
      chunk ? chunk_head(payload.size(), room) : std::string_view(),
      payload,
      chunk ? kChunkEnd : std::string_view(),
      last ? kLastChunk : std::string_view(),
      last ? response_body_.trailers() : std::string_view(),
      last ? kChunkEnd : std::string_view()};
  has_replied_ = true;
  if (!client.write(pieces))
    return Outcome::client_gone;
  if (over) {
    response_over_ = true;
    // Bytes behind the response belong to no request: such a connection cannot be trusted.
    upstream_reusable_ &= step.used == bytes.size();
  }
  return Outcome::under_way;
}

Relay::Outcome Relay::take_response(Stream& client, std::span<char> bytes) {
  while (!head_done_) {
    const Outcome outcome = take_head(client, bytes);
    if (outcome != Outcome::under_way)
      return outcome;
    if (head_done_)
      return pass_back(client, bytes, shop_.scratch);
    if (bytes.empty())
      return Outcome::under_way;
  }
  return pass_back(client, bytes, {});
}

Relay::Outcome Relay::response_ended(Stream& client, bool in_order) {
  if (!head_done_)
    return response_.raw.empty() ? Outcome::lost_unanswered : Outcome::bad_gateway;
  if (response_body_.kind() != BodyKind::until_close || !in_order)
    return Outcome::cut;
  response_over_ = true;
  const std::string_view rest = outgoing({}, true);
  std::array<char, kChunkHeadRoom> room{};
  const std::array<std::string_view, 5> end = {
      rest.empty() ? std::string_view() : chunk_head(rest.size(), room), rest,
      rest.empty() ? std::string_view() : kChunkEnd, kLastChunk, kChunkEnd};
  return !chunk_reply_ || client.write(end) ? Outcome::under_way : Outcome::client_gone;
}

Relay::Outcome Relay::pump_response(Stream& client) {
  std::size_t moved = 0;
  while (!response_over_ && !client.is_stalled()) {
    const os::IoResult got = upstream_->stream().read(shop_.buffer);
    if (got.status == os::IoStatus::would_block)
      return Outcome::under_way;
    const Outcome outcome = got.status == os::IoStatus::done
                                ? take_response(client, shop_.buffer.first(got.bytes))
                                : response_ended(client, got.status == os::IoStatus::closed);
    if (outcome != Outcome::under_way)
      return outcome;
    moved += got.bytes;
    if (moved >= (compressor_ == nullptr ? kMostInARow : kCompressedBudget)) {
      upstream_->stream().rearm(shop_.loop);
      return Outcome::under_way;
    }
  }
  return Outcome::under_way;
}

Relay::Outcome Relay::pump(Stream& client) {
  if (!client.flush())
    return Outcome::client_gone;
  if (!upstream_->stream().flush())
    upstream_deaf_ = true;
  Outcome outcome = pump_request(client);
  if (outcome == Outcome::under_way)
    outcome = pump_response(client);
  if (outcome != Outcome::under_way)
    return outcome;
  return response_over_ && !client.is_stalled() ? Outcome::complete : Outcome::under_way;
}

}  // namespace berth::proxy
