// Fuzz target: the head that is written from the fields of an HTTP/2 request. Whatever they are, it
// is refused or read as one head with one framing, and nothing is left behind it.
//
// An input is fields that end in 0x1e, each a name and a value with 0x1f between them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http2_request.h"
#include "proxy/http_head.h"
#include "tests/fuzz/require.h"

namespace {

using namespace berth::proxy;

void check(std::string_view input, bool ends) {
  Http2Request request;
  std::size_t regular = 0;
  while (!input.empty()) {
    const std::string_view field = input.substr(0, input.find('\x1e'));
    input.remove_prefix(std::min(field.size() + 1, input.size()));
    const std::size_t middle = std::min(field.find('\x1f'), field.size());
    const std::string_view name = field.substr(0, middle);
    request.add({name, field.substr(std::min(middle + 1, field.size()))});
    regular += name.starts_with(':') || name == "host" || name == "cookie" ? 0 : 1;
  }
  const std::string head = request.take_head(ends);
  if (head.empty())
    return;
  HttpHead parsed;
  HeadParser parser;
  parser.start(HeadKind::request, parsed);
  std::size_t used = 0;
  const HeadOutcome outcome = parser.feed(head, used);
  require(outcome != HeadOutcome::more);
  if (outcome != HeadOutcome::complete)
    return;
  require(used == head.size());
  const std::size_t added = parsed.count(HeaderName::host) + (request.is_chunked() ? 1 : 0);
  require(parsed.fields.size() >= regular + added && parsed.fields.size() <= regular + added + 1);
  require((parsed.body == BodyKind::chunked) == request.is_chunked());
  require(request.is_chunked() || parsed.content_length == request.length());
  require(!ends || parsed.body == BodyKind::none);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(input, false);
  check(input, true);
  return 0;
}
