// Bookkeeping of a client's bytes.
#include "proxy/client_request.h"

namespace berth::proxy {
namespace {

/// What a pooled request may keep; more is given back.
constexpr std::size_t kKeptRoom = std::size_t{8} * 1024;
constexpr std::size_t kKeptFields = 64;

}  // namespace

void ClientRequest::set_leftover(std::string_view bytes) {
  leftover_ = bytes;
  leftover_at_ = 0;
}

bool ClientRequest::is_idempotent() const {
  switch (head.method) {
    case HTTP_GET:
    case HTTP_HEAD:
    case HTTP_OPTIONS:
    case HTTP_PUT:
    case HTTP_DELETE:
      return true;
    default:
      return false;
  }
}

bool ClientRequest::discard_body() {
  while (!body.is_complete() && !leftover().empty()) {
    const BodyDecoder::Step step = body.take(leftover());
    use_leftover(step.used);
    if (step.outcome == BodyDecoder::Outcome::malformed)
      return false;
  }
  return body.is_complete();
}

void ClientRequest::clear() {
  leftover_.erase(0, leftover_at_);
  leftover_at_ = 0;
  head.clear();
  facts.clear();
  body.start(BodyKind::none, 0);
}

void ClientRequest::trim() {
  if (leftover_.capacity() > kKeptRoom && leftover_.empty())
    leftover_ = std::string();
  if (head.raw.capacity() > kKeptRoom)
    head.raw = std::string();
  if (head.fields.capacity() > kKeptFields)
    head.fields = std::vector<HeaderField>();
}

}  // namespace berth::proxy
