// Chunked transfer coding (RFC 9112 section 7.1), read strictly.
#include "proxy/body_decoder.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "proxy/header_name.h"

namespace berth::proxy {
namespace {

constexpr std::uint8_t kMaxDigits = 15;
/// Of one chunk's extensions, or of all trailers: nobody needs more, and nobody may send them for
/// ever.
constexpr std::uint16_t kMaxOverhead = 8 * 1024;

int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9')
    return byte - '0';
  if (byte >= 'a' && byte <= 'f')
    return byte - 'a' + 10;
  return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

bool is_forbidden(char byte) {
  return (static_cast<unsigned char>(byte) < ' ' && byte != '\t') || byte == '\x7f';
}

}  // namespace

void BodyDecoder::start(BodyKind kind, std::uint64_t length) {
  *this = BodyDecoder();
  kind_ = kind;
  switch (kind) {
    case BodyKind::none:
      break;
    case BodyKind::length:
      state_ = length > 0 ? State::counted : State::done;
      left_ = length;
      break;
    case BodyKind::chunked:
      state_ = State::size_first;
      break;
    case BodyKind::until_close:
      state_ = State::open_ended;
      break;
  }
}

std::size_t BodyDecoder::expected() const {
  return state_ == State::counted ? static_cast<std::size_t>(std::min<std::uint64_t>(
                                        left_, std::numeric_limits<std::size_t>::max()))
                                  : std::numeric_limits<std::size_t>::max();
}

void BodyDecoder::size_byte(char byte) {
  const int digit = hex_digit(byte);
  if (digit >= 0 && digits_ < kMaxDigits) {
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    ++digits_;
    state_ = State::size;
  } else if (digits_ > 0 && byte == '\r') {
    state_ = State::size_lf;
  } else if (digits_ > 0 && byte == ';') {
    state_ = State::extension;
  } else {
    state_ = State::broken;
  }
}

void BodyDecoder::extension_byte(char byte) {
  if (byte == '\r')
    state_ = State::size_lf;
  else if (is_forbidden(byte) || ++overhead_ > kMaxOverhead)
    state_ = State::broken;
}

void BodyDecoder::trailer_byte(char byte) {
  if (byte == '\r') {
    state_ = state_ == State::trailer_start ? State::end_lf : State::trailer_lf;
    return;
  }
  if (is_forbidden(byte) || ++overhead_ > kMaxOverhead) {
    state_ = State::broken;
    return;
  }
  if (state_ == State::trailer_start)
    trailer_at_ = trailers_.size();
  trailers_ += byte;
  state_ = State::trailer;
}

void BodyDecoder::end_trailer() {
  const std::string_view line = std::string_view(trailers_).substr(trailer_at_);
  const std::string_view name = line.substr(0, line.find(':'));
  const bool sound = name.size() < line.size() && is_token(name);
  if (sound && header_name(name) == HeaderName::other && !is_disguised_header(name))
    trailers_ += "\r\n";
  else
    trailers_.resize(trailer_at_);
  state_ = sound ? State::trailer_start : State::broken;
}

void BodyDecoder::control(char byte) {
  const auto expect = [&](char wanted, State next) {
    state_ = byte == wanted ? next : State::broken;
  };
  switch (state_) {
    case State::size_first:
    case State::size:
      return size_byte(byte);
    case State::extension:
      return extension_byte(byte);
    case State::size_lf:
      digits_ = 0;
      overhead_ = 0;
      return expect('\n', left_ > 0 ? State::data : State::trailer_start);
    case State::data_cr:
      return expect('\r', State::data_lf);
    case State::data_lf:
      return expect('\n', State::size_first);
    case State::trailer_start:
    case State::trailer:
      return trailer_byte(byte);
    case State::trailer_lf:
      return byte == '\n' ? end_trailer() : expect('\n', State::broken);
    case State::end_lf:
      return expect('\n', State::done);
    case State::done:
    case State::counted:
    case State::open_ended:
    case State::data:
    case State::broken:
      break;
  }
}

BodyDecoder::Step BodyDecoder::take(std::span<char> bytes) {
  std::size_t at = 0;
  char* begin = nullptr;  // the payload, gathered
  std::size_t size = 0;
  while (at < bytes.size() && state_ != State::done && state_ != State::broken) {
    if (state_ != State::counted && state_ != State::data && state_ != State::open_ended) {
      control(bytes[at++]);
      continue;
    }
    std::size_t count = bytes.size() - at;
    if (state_ != State::open_ended) {
      count = static_cast<std::size_t>(std::min<std::uint64_t>(count, left_));
      left_ -= count;
    }
    if (begin == nullptr)
      begin = bytes.data() + at;
    else
      std::memmove(begin + size, bytes.data() + at, count);
    size += count;
    at += count;
    if (left_ == 0 && state_ != State::open_ended)
      state_ = state_ == State::counted ? State::done : State::data_cr;
  }
  total_ += size;
  const Outcome outcome = state_ == State::done     ? Outcome::complete
                          : state_ == State::broken ? Outcome::malformed
                                                    : Outcome::more;
  return Step{outcome, at, begin == nullptr ? std::string_view() : std::string_view(begin, size)};
}

std::string_view chunk_head(std::size_t size, std::span<char, kChunkHeadRoom> room) {
  char* end = std::to_chars(room.data(), room.data() + room.size() - 2, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {room.data(), static_cast<std::size_t>(end - room.data())};
}

}  // namespace berth::proxy
