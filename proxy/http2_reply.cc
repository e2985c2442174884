// From a head to fields.
#include "proxy/http2_reply.h"

#include <algorithm>

namespace berth::proxy {
namespace {

/// HTTP/2 knows names in lower case only.
void lower(std::span<char> text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
}

}  // namespace

void Http2Reply::set_fields(HttpHead& head) {
  fields_.clear();
  status_ = std::to_string(head.status);
  fields_.push_back({":status", status_});
  for (const HeaderField& field : head.fields) {
    if (is_hop_by_hop(field.name) || fields_.size() == Http2Session::kMaxReplyFields)
      continue;
    lower(std::span(head.raw).subspan(field.name_text.at, field.name_text.size));
    fields_.push_back({head.name_of(field), head.value_of(field)});
  }
}

Http2Reply::Event Http2Reply::take_head(std::string_view& bytes) {
  if (reading_ == nullptr) {
    reading_ = std::make_unique<Reading>();
    reading_->parser.start(HeadKind::response, reading_->head);
  }
  std::size_t used = 0;
  const HeadOutcome outcome = reading_->parser.feed(bytes, used);
  bytes.remove_prefix(used);
  if (outcome == HeadOutcome::more)
    return Event::none;
  HttpHead& head = reading_->head;
  if (outcome != HeadOutcome::complete || head.status == 101)
    return Event::broken;
  set_fields(head);
  if (head.status < 200)
    return Event::interim;
  has_head_ = true;
  body_.start(response_body_kind(head, to_head_), head.content_length);
  return Event::head;
}

Http2Reply::Event Http2Reply::take(std::string_view& bytes, std::string& body) {
  // What the fields of the last head are views of is not needed any more.
  if (!fields_.empty()) {
    fields_.clear();
    reading_.reset();
  }
  if (!has_head_)
    return take_head(bytes);
  // In place, hence in a copy; payload is never longer than what it comes in.
  const std::size_t before = body.size();
  body += bytes;
  const BodyDecoder::Step step = body_.take(std::span(body).subspan(before));
  bytes.remove_prefix(step.used);
  if (step.payload.data() != nullptr)
    std::copy(step.payload.begin(), step.payload.end(),
              body.begin() + static_cast<std::ptrdiff_t>(before));
  body.resize(before + step.payload.size());
  return step.outcome == BodyDecoder::Outcome::malformed || !bytes.empty() ? Event::broken
                                                                           : Event::body;
}

std::vector<Http2Field> Http2Reply::trailers() {
  trailer_text_ = body_.trailers();
  std::vector<Http2Field> fields;
  std::size_t line = 0;
  for (std::size_t end = 0; (end = trailer_text_.find("\r\n", line)) != std::string::npos;
       line = end + 2) {
    const std::size_t colon = trailer_text_.find(':', line);
    lower(std::span(trailer_text_).subspan(line, colon - line));
    const std::string_view text = trailer_text_;
    fields.push_back(
        {text.substr(line, colon - line), trimmed(text.substr(colon + 1, end - colon - 1))});
  }
  return fields;
}

}  // namespace berth::proxy
