// The glue to llhttp: spans of the raw head instead of copies.
#include "proxy/http_head.h"

#include <algorithm>

namespace berth::proxy {
namespace {

/// Bytes behind the head are not copied needlessly: the head is taken in steps of this size.
constexpr std::size_t kSlice = std::size_t{4} * 1024;

}  // namespace

std::string_view HttpHead::value(HeaderName name) const {
  for (const HeaderField& field : fields) {
    if (field.name == name)
      return value_of(field);
  }
  return {};
}

std::size_t HttpHead::count(HeaderName name) const {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(),
                    [name](const HeaderField& field) { return field.name == name; }));
}

void HttpHead::clear() {
  raw.clear();
  fields.clear();
  target = method_text = Span{};
  method = minor = 0;
  status = 0;
  body = BodyKind::none;
  content_length = 0;
  has_content_length = keep_alive = wants_upgrade = expects_continue = false;
}

const llhttp_settings_t& HeadParser::settings() {
  static const llhttp_settings_t made_once = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_url = &HeadParser::on_url;
    made.on_method = &HeadParser::on_method;
    made.on_header_field = &HeadParser::on_field;
    made.on_header_value = &HeadParser::on_value;
    made.on_header_value_complete = &HeadParser::on_value_complete;
    made.on_headers_complete = &HeadParser::on_headers_complete;
    return made;
  }();
  return made_once;
}

void HeadParser::start(HeadKind kind, HttpHead& head) {
  head.clear();
  head_ = &head;
  in_name_ = complete_ = false;
  llhttp_init(&parser_, kind == HeadKind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  parser_.data = this;
}

Span& HeadParser::extend(Span& span, const char* at, std::size_t size) const {
  if (span.size == 0)
    span.at = static_cast<std::uint32_t>(at - head_->raw.data());
  span.size += static_cast<std::uint32_t>(size);
  return span;
}

int HeadParser::on_url(llhttp_t* parser, const char* at, std::size_t size) {
  const auto& self = *static_cast<HeadParser*>(parser->data);
  return self.extend(self.head_->target, at, size).size > kMaxTarget ? HPE_USER : HPE_OK;
}

int HeadParser::on_method(llhttp_t* parser, const char* at, std::size_t size) {
  const auto& self = *static_cast<HeadParser*>(parser->data);
  self.extend(self.head_->method_text, at, size);
  return HPE_OK;
}

int HeadParser::on_field(llhttp_t* parser, const char* at, std::size_t size) {
  auto& self = *static_cast<HeadParser*>(parser->data);
  auto& fields = self.head_->fields;
  if (!self.in_name_) {
    if (fields.size() == kMaxFields)
      return HPE_USER;
    fields.emplace_back();
    self.in_name_ = true;
  }
  self.extend(fields.back().name_text, at, size);
  return HPE_OK;
}

int HeadParser::on_value(llhttp_t* parser, const char* at, std::size_t size) {
  auto& self = *static_cast<HeadParser*>(parser->data);
  self.in_name_ = false;
  self.extend(self.head_->fields.back().value, at, size);
  return HPE_OK;
}

int HeadParser::on_value_complete(llhttp_t* parser) {
  static_cast<HeadParser*>(parser->data)->in_name_ = false;
  return HPE_OK;
}

int HeadParser::on_headers_complete(llhttp_t* parser) {
  static_cast<HeadParser*>(parser->data)->complete_ = true;
  // The body is ours to delimit: llhttp stops behind the empty line.
  return HPE_PAUSED;
}

HeadOutcome HeadParser::failure() const {
  const llhttp_errno_t why = llhttp_get_errno(&parser_);
  if (why == HPE_USER)
    return head_->target.size > kMaxTarget ? HeadOutcome::target_too_long : HeadOutcome::too_large;
  if (why == HPE_INVALID_VERSION)
    return HeadOutcome::version_unsupported;
  if (why == HPE_INVALID_METHOD && met_unknown_method())
    return HeadOutcome::method_unknown;
  return HeadOutcome::malformed;
}

bool HeadParser::met_unknown_method() const {
  // Up to the byte that makes it none of those that we know: however the head is cut, this is the
  // same. "GE T" may have been meant as something else.
  const std::string_view raw = head_->raw;
  const auto known = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - raw.data());
  const std::string_view begin = raw.substr(0, known + 1);
  return !begin.empty() && std::all_of(begin.begin(), begin.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

HeadOutcome HeadParser::feed_slice(std::string_view slice, std::size_t& used) {
  std::string& raw = head_->raw;
  const std::size_t before = raw.size();
  raw.append(slice);
  const llhttp_errno_t outcome = llhttp_execute(&parser_, raw.data() + before, slice.size());
  used += slice.size();
  if (outcome == HPE_OK)
    return raw.size() >= kMaxHead ? HeadOutcome::too_large : HeadOutcome::more;
  if (outcome != HPE_PAUSED || !complete_)
    return failure();

  // llhttp names the LF of the empty line or the byte behind it, depending on where the portion
  // ended; the head ends behind the LF.
  auto end = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - raw.data());
  if (end < raw.size() && (end == 0 || raw[end - 1] != '\n'))
    ++end;
  used -= raw.size() - end;
  raw.resize(end);
  head_->method = llhttp_get_method(&parser_);
  head_->minor = llhttp_get_http_minor(&parser_);
  head_->status = static_cast<std::uint16_t>(llhttp_get_status_code(&parser_));
  if (llhttp_get_http_major(&parser_) != 1 || head_->minor > 1)
    return HeadOutcome::version_unsupported;
  return apply_head_rules(parser_.type == HTTP_REQUEST ? HeadKind::request : HeadKind::response,
                          *head_);
}

HeadOutcome HeadParser::feed(std::string_view bytes, std::size_t& used) {
  used = 0;
  if (head_->raw.empty()) {
    // Empty lines before a request line are to be ignored (RFC 9112 section 2.2).
    used = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
  }
  while (used < bytes.size()) {
    const std::size_t room = std::min(kSlice, kMaxHead - head_->raw.size());
    const HeadOutcome outcome = feed_slice(bytes.substr(used, room), used);
    if (outcome != HeadOutcome::more)
      return outcome;
  }
  return HeadOutcome::more;
}

}  // namespace berth::proxy
