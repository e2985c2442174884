// From lines to fields, and from fields to variables.
#include "proxy/cgi_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "proxy/header_name.h"

namespace berth::proxy {
namespace {

/// Names without a dash that a block may begin with all the same: a line "error: no such file" is
/// none.
constexpr auto kFirstNames = std::to_array<std::string_view>(
    {"allow", "date", "etag", "expires", "link", "location", "pragma", "server", "status", "vary"});
constexpr int kLeastStatus = 200;
constexpr int kMostStatus = 599;

struct Line {
  std::string_view text;  ///< without its end
  std::size_t size = 0;   ///< with its end
  bool ended = false;
};

Line first_line(std::string_view output) {
  const std::size_t end = output.find('\n');
  Line line;
  line.ended = end != std::string_view::npos;
  line.size = line.ended ? end + 1 : output.size();
  line.text = output.substr(0, line.ended ? end : output.size());
  if (line.text.ends_with('\r'))
    line.text.remove_suffix(1);
  return line;
}

struct Field {
  std::string_view name, value;
};

std::optional<Field> read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return std::nullopt;
  return Field{line.substr(0, colon), trimmed(line.substr(colon + 1))};
}

bool begins_block(std::string_view name) {
  return name.find('-') != std::string_view::npos ||
         std::any_of(kFirstNames.begin(), kFirstNames.end(),
                     [&](std::string_view each) { return equals_ignoring_case(name, each); });
}

/// Whether a line that is not complete could become the first one of a block.
bool could_begin_block(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  return text.empty() ||
         (is_token(name) && (colon == std::string_view::npos || begins_block(name)));
}

/// The fields of a block, on their way to a response.
class Block {
 public:
  void add(const Field& field) {
    if (equals_ignoring_case(field.name, "status")) {
      status_ = field.value;
      is_block_ = true;
      return;
    }
    is_location_ |= equals_ignoring_case(field.name, "location");
    is_block_ |= is_location_ || equals_ignoring_case(field.name, "content-type");
    // What frames a message is ours to say.
    const HeaderName name = header_name(field.name);
    if (!is_hop_by_hop(name) && name != HeaderName::trailer)
      append_field(fields_, field.name, field.value);
  }
  bool is_one() const { return is_block_; }
  /// Empty if the status is none.
  std::string response() const {
    const std::string status = status_.empty() ? is_location_ ? "302 Found" : "200 OK" : status_;
    const std::string code = status.substr(0, status.find(' '));
    int number = 0;
    const auto [stop, error] = std::from_chars(code.data(), code.data() + code.size(), number);
    if (error != std::errc() || stop != code.data() + code.size() || number < kLeastStatus ||
        number > kMostStatus)
      return {};
    return "HTTP/1.1 " + status + (code == status ? " \r\n" : "\r\n") + fields_ + "\r\n";
  }

 private:
  std::string status_;
  std::string fields_;
  bool is_block_ = false;
  bool is_location_ = false;
};

CgiHead found(CgiHeadOutcome outcome, std::size_t size = 0, std::string response = {}) {
  return {outcome, size, std::move(response)};
}

CgiHead finished(const Block& block, std::size_t size) {
  if (!block.is_one())
    return found(CgiHeadOutcome::none);
  std::string response = block.response();
  return response.empty() ? found(CgiHeadOutcome::bad)
                          : found(CgiHeadOutcome::complete, size, std::move(response));
}

}  // namespace

CgiHead read_cgi_head(std::string_view output, bool over) {
  Block block;
  std::size_t at = 0;
  while (true) {
    const Line line = first_line(output.substr(at));
    const bool is_first = at == 0;
    if (!line.ended && !over) {
      if (is_first && !could_begin_block(line.text))
        return found(CgiHeadOutcome::none);
      return found(output.size() < kMaxCgiHead ? CgiHeadOutcome::more : CgiHeadOutcome::bad);
    }
    const bool begins = !is_first || could_begin_block(line.text);
    if (begins && at + line.size >= kMaxCgiHead)
      return found(CgiHeadOutcome::bad);
    if (line.text.empty())
      return is_first ? found(CgiHeadOutcome::none) : finished(block, at + line.size);
    const auto field = read_field(line.text);
    if (!field || (is_first && !begins_block(field->name)))
      return found(CgiHeadOutcome::none);
    block.add(*field);
    at += line.size;
  }
}

}  // namespace berth::proxy
