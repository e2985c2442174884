// Between frames and HTTP/1.1.
#include "proxy/http2_stream.h"

#include <algorithm>
#include <array>
#include <utility>

namespace berth::proxy {
namespace {

/// The Connection may go on writing while less than this waits for the client. A write is at most a
/// TLS record's worth (Stream), so there is never more than twice as much.
constexpr std::size_t kOutputRoom = std::size_t{16} * 1024;
/// Of an upload that goes on like this.
constexpr std::uint64_t kLargeUpload = std::uint64_t{1024} * 1024;
/// What a chunk needs besides its payload.
constexpr std::size_t kChunkFrame = kChunkHeadRoom + kChunkEnd.size();

std::size_t take_from(std::string& text, std::size_t& at, std::span<char> room) {
  const std::size_t count = std::string_view(text).substr(at).copy(room.data(), room.size());
  at += count;
  if (at == text.size()) {
    text.clear();
    at = 0;
  }
  return count;
}

}  // namespace

/// What the Connection's Stream holds of it.
class Http2StreamEnd final : public Transport {
 public:
  explicit Http2StreamEnd(Http2Stream& stream) : stream_(stream) {}
  ~Http2StreamEnd() override { stream_.detach(); }
  Result read(std::span<char> room) noexcept override { return stream_.read(room); }
  Result write(std::string_view bytes) noexcept override { return stream_.write(bytes); }
  void finish_sending() noexcept override { stream_.finished_ = true; }
  void rearm() noexcept override { stream_.touch(); }

 private:
  Http2Stream& stream_;
};

void Http2Stream::on_field(const Http2Field& field) {
  if (!head_complete_)
    request_.add(field);
  else if (trailers_.size() <= kMaxHead)
    trailers_ += http1_trailer(field);
}

void Http2Stream::on_fields_end(bool request_ends) {
  if (!head_complete_) {
    head_ = request_.take_head(request_ends);
    if (head_.empty())
      return reset(Http2Error::protocol);
    head_complete_ = true;
    reply_.emplace(request_.is_head_method());
    touch();
  }
  if (request_ends)
    on_request_end();
}

void Http2Stream::on_data(std::string_view bytes) {
  received_ += bytes.size();
  // Nobody is to take what is too much for the next request.
  if (!request_.is_chunked() && received_ > request_.length())
    return reset(Http2Error::protocol);
  if (reset_ || (served_ && connection_ == nullptr))
    return;
  input_.erase(0, std::exchange(input_at_, 0));
  input_ += bytes;
  touch();
}

void Http2Stream::on_request_end() {
  if (input_over_)
    return;
  input_over_ = true;
  touch();
}

void Http2Stream::on_closed() {
  closed_ = true;
  touch();
}

std::unique_ptr<Transport> Http2Stream::serve(Connection& connection) {
  connection_ = &connection;
  served_ = true;
  return std::make_unique<Http2StreamEnd>(*this);
}

std::size_t Http2Stream::read_body(std::span<char> room) {
  std::size_t size = 0;
  std::size_t count = 0;
  if (!request_.is_chunked()) {
    size = count = take_from(input_, input_at_, room);
  } else if (room.size() > kChunkFrame) {  // whoever reads chunks gives much more
    count = std::min(room.size() - kChunkFrame, input_.size() - input_at_);
    std::array<char, kChunkHeadRoom> digits{};
    const std::string_view head = chunk_head(count, digits);
    size = head.copy(room.data(), head.size());
    size += take_from(input_, input_at_, room.subspan(size, count));
    size += kChunkEnd.copy(room.data() + size, kChunkEnd.size());
  }
  carrier_.session().consumed(id_, count);
  // Who has taken so much takes more, and an upload from far away needs a window to fill the line.
  if (!widened_ && received_ - (input_.size() - input_at_) >= kLargeUpload) {
    widened_ = true;
    carrier_.session().widen(id_);
  }
  carrier_.send();
  return size;
}

Transport::Result Http2Stream::read(std::span<char> room) {
  using Status = Transport::Status;
  if (closed_ || reset_)
    return {Status::failed, 0};
  if (finished_)
    return {Status::closed, 0};
  if (head_.empty() && !input_.empty())
    return {Status::done, read_body(room)};
  // The end of the chunks; once.
  if (head_.empty() && input_over_ && request_.is_chunked() && !ended_chunks_) {
    ended_chunks_ = true;
    head_ += kLastChunk;
    head_ += trailers_;
    head_ += kChunkEnd;
  }
  if (!head_.empty())
    return {Status::done, take_from(head_, head_at_, room)};
  return {input_over_ ? Status::closed : Status::needs_read, 0};
}

bool Http2Stream::take_reply(std::string_view bytes) {
  using Event = Http2Reply::Event;
  Http2Session& session = carrier_.session();
  while (!bytes.empty()) {
    switch (reply_->take(bytes, output_)) {
      case Event::none:
        break;
      case Event::interim:
        session.interim_reply(id_, reply_->fields());
        break;
      case Event::head:
        session.reply(id_, reply_->fields(), reply_->is_over());
        break;
      case Event::body:
        session.resume(id_);
        break;
      case Event::broken:
        return false;
    }
  }
  return true;
}

Transport::Result Http2Stream::write(std::string_view bytes) {
  using Status = Transport::Status;
  if (closed_ || reset_)
    return {Status::failed, 0};
  if (output_.size() - output_at_ >= kOutputRoom) {
    stalled_ = true;
    return {Status::needs_write, 0};
  }
  output_.erase(0, std::exchange(output_at_, 0));
  if (!take_reply(bytes))
    return {Status::failed, 0};
  carrier_.send();
  return {Status::done, bytes.size()};
}

Http2Handler::Portion Http2Stream::take_body(std::span<char> room) {
  Http2Handler::Portion portion;
  portion.bytes = take_from(output_, output_at_, room);
  if (!output_.empty())
    return portion;
  portion.over = reply_->is_over();
  if (portion.over && reply_->has_trailers()) {
    carrier_.session().trailers(id_, reply_->trailers());
    portion.trailers = true;
  }
  if (std::exchange(stalled_, false))
    touch();
  return portion;
}

void Http2Stream::detach() {
  connection_ = nullptr;
  input_ = head_ = std::string();
  input_at_ = head_at_ = 0;
  if (!reply_->is_over())
    reset(Http2Error::internal);
  touch();
}

void Http2Stream::reset(Http2Error why) {
  if (closed_ || std::exchange(reset_, true))
    return;
  carrier_.session().reset(id_, why);
  carrier_.send();
}

}  // namespace berth::proxy
