// The requests of one connection, and when they are served.
#include "proxy/http2.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "proxy/connection.h"

namespace berth::proxy {
namespace {

/// Frames go out together up to this much: a TLS record.
constexpr std::size_t kRecord = std::size_t{16} * 1024;
/// So often in a row do streams that have room again get their turn.
constexpr int kRounds = 4;

}  // namespace

bool NuisanceBudget::take(os::TimePoint now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - filled_);
  if (seconds.count() > 0) {
    const auto more = static_cast<std::uint64_t>(seconds.count()) * kPerSecond;
    left_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(left_ + more, kBurst));
    filled_ = now;
  }
  if (left_ == 0)
    return false;
  --left_;
  return true;
}

Http2::~Http2() {
  context_.loop.disarm(later_);
}

Http2Stream* Http2::find(std::int32_t stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Http2::on_begin(std::int32_t stream) noexcept {
  // Requests count as connections do. When there are too many, each connection has one at a time.
  if (!streams_.empty() && context_.connections.size() >= context_.spec().max_connections) {
    context_.counters.count(Refusal::connections_full);
    return false;
  }
  streams_[stream] = std::make_unique<Http2Stream>(*this, stream);
  return true;
}

void Http2::on_field(std::int32_t stream, const Http2Field& field) noexcept {
  if (Http2Stream* found = find(stream))
    found->on_field(field);
}

void Http2::on_fields_end(std::int32_t stream, bool request_ends) noexcept {
  if (Http2Stream* found = find(stream))
    found->on_fields_end(request_ends);
}

void Http2::on_data(std::int32_t stream, std::string_view bytes) noexcept {
  if (Http2Stream* found = find(stream))
    found->on_data(bytes);
}

void Http2::on_request_end(std::int32_t stream) noexcept {
  if (Http2Stream* found = find(stream))
    found->on_request_end();
}

void Http2::on_closed(std::int32_t stream) noexcept {
  if (Http2Stream* found = find(stream))
    found->on_closed();
}

void Http2::on_nuisance() noexcept {
  flooded_ |= !budget_.take(context_.loop.now());
}

Http2Handler::Portion Http2::take_body(std::int32_t stream, std::span<char> room) noexcept {
  Http2Stream* found = find(stream);
  return found == nullptr ? Portion{0, true, false} : found->take_body(room);
}

void Http2::touch(Http2Stream& stream) {
  if (stream.is_touched())
    return;
  stream.set_touched(true);
  touched_.push_back(stream.id());
  if (!busy_)
    settle_later();
}

void Http2::send() {
  if (busy_)
    return;
  send_frames();
  // Whoever writes a reply is in no state to see the connection end.
  if (socket_gone_)
    settle_later();
}

void Http2::send_frames() {
  Stream& socket = client_.stream();
  std::array<char, kRecord> room;  // NOLINT(cppcoreguidelines-init-variables): filled as needed
  std::size_t size = 0;
  const auto write_out = [&](std::string_view bytes) {
    socket_gone_ = socket_gone_ || (!bytes.empty() && !socket.write(bytes));
  };
  while (!socket.is_stalled() && !socket_gone_) {
    const std::string_view frames = session_->next_output();
    if (frames.empty())
      break;
    if (size + frames.size() > room.size()) {
      write_out({room.data(), size});
      size = 0;
    }
    if (frames.size() > room.size())
      write_out(frames);
    else
      size += frames.copy(room.data() + size, frames.size());
  }
  write_out({room.data(), size});
}

void Http2::settle_later() {
  // In the next turn: the others have theirs in between.
  if (later_ == os::kNoTimer && !released_)
    later_ = context_.loop.after(std::chrono::nanoseconds(1), [this] {
      later_ = os::kNoTimer;
      settle();
    });
}

void Http2::start(std::unique_ptr<Http2Session> session, std::string_view bytes) {
  session_ = std::move(session);
  busy_ = true;
  feed(bytes);
  on_socket();
}

void Http2::feed(std::string_view bytes) {
  const Http2Session::Verdict verdict = session_->feed(bytes);
  broken_ |= verdict != Http2Session::Verdict::sound;
  flooded_ |= verdict == Http2Session::Verdict::flooded;
}

void Http2::on_socket() {
  busy_ = true;
  if (client_.stream().flush() && read_all())
    return settle();
  socket_gone_ = true;
  client_.close();
}

bool Http2::read_all() {
  Stream& socket = client_.stream();
  std::size_t moved = 0;
  // Who does not read our answers is not read either.
  while (!socket.is_stalled() && !broken_ && !flooded_) {
    const os::IoResult got = socket.read(context_.workshop.buffer);
    if (got.status == os::IoStatus::would_block)
      return true;
    if (got.status != os::IoStatus::done)
      return false;
    feed({context_.workshop.buffer.data(), got.bytes});
    serve_touched();
    send_frames();
    moved += got.bytes;
    if (moved >= kMostInARow) {
      socket.rearm(context_.loop);
      return true;
    }
  }
  return true;
}

void Http2::serve_touched() {
  std::vector<std::int32_t> now;
  now.swap(touched_);
  for (const std::int32_t id : now) {
    Http2Stream* stream = find(id);
    if (stream == nullptr)
      continue;
    stream->set_touched(false);
    if (stream->is_closed())
      forget(*stream);
    else
      serve(*stream);
  }
}

void Http2::forget(Http2Stream& stream) {
  if (stream.connection() != nullptr)
    stream.connection()->close();
  streams_.erase(stream.id());
}

void Http2::serve(Http2Stream& stream) {
  if (stream.wants_connection())
    return open_connection(stream);
  if (stream.connection() != nullptr)
    stream.connection()->on_events({.readable = true, .writable = true});
}

void Http2::open_connection(Http2Stream& stream) {
  auto made = std::make_unique<Connection>(context_, client_);
  Connection& connection = *made;
  connection.stream().pass_through(stream.serve(connection));
  context_.connections.add(std::move(made));
  connection.start();
}

void Http2::set_idle_timer() {
  const bool any = std::any_of(streams_.begin(), streams_.end(), [](const auto& entry) {
    return entry.second->connection() != nullptr;
  });
  if (any && std::exchange(timed_, false))
    client_.arm(Milliseconds(0));
  // While the ends of replies wait to be taken, news of the client are progress; later they are
  // not.
  if (any || (timed_ && streams_.empty()))
    return;
  timed_ = true;
  client_.arm(context_.spec().idle_timeout);
}

void Http2::end_flood() {
  if (!flooded_ || std::exchange(flood_ended_, true))
    return;
  context_.counters.count(Refusal::http2_flood);
  session_->terminate(Http2Error::enhance_your_calm);
}

void Http2::settle() {
  busy_ = true;
  end_flood();
  send_frames();
  for (int round = 0; round < kRounds && !touched_.empty(); ++round) {
    serve_touched();
    send_frames();
  }
  busy_ = false;
  if (socket_gone_)
    return client_.close();
  if (session_->is_over() && !client_.stream().is_stalled())
    return client_.http2_over();
  if (!touched_.empty())
    settle_later();
  set_idle_timer();
}

void Http2::drain() {
  session_->go_away();
  settle();
}

void Http2::release() {
  if (std::exchange(released_, true))
    return;
  context_.loop.disarm(later_);
  busy_ = true;
  for (const auto& [id, stream] : streams_) {
    if (stream->connection() != nullptr)
      stream->connection()->close();
  }
  streams_.clear();
  session_->go_away();
  send_frames();
}

}  // namespace berth::proxy
