// Fuzz target: what a job prints. What is found of a header block is the same however the output
// comes, it lies within the output and the limit, and what is made of it is the head of one
// response or is refused as one; with the end of the output there is always an answer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/cgi_head.h"
#include "proxy/http_head.h"
#include "tests/fuzz/require.h"

namespace {

using namespace berth::proxy;

/// Longer inputs are cut in this many places only.
constexpr std::size_t kAllCuts = 200;

void check_response(const CgiHead& found, std::size_t size) {
  if (found.outcome != CgiHeadOutcome::complete)
    return;
  require(found.size <= size && found.size <= kMaxCgiHead);
  HttpHead head;
  HeadParser parser;
  parser.start(HeadKind::response, head);
  std::size_t used = 0;
  if (parser.feed(found.response, used) != HeadOutcome::complete)
    return;
  require(used == found.response.size());
  require(head.status >= 200 && head.status < 600);
  require(head.body != BodyKind::chunked);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view output(reinterpret_cast<const char*>(data), size);
  const CgiHead whole = read_cgi_head(output, false);
  check_response(whole, size);
  const CgiHead last = read_cgi_head(output, true);
  check_response(last, size);
  require(last.outcome != CgiHeadOutcome::more);
  require(whole.outcome == CgiHeadOutcome::more || last.outcome == whole.outcome);
  for (std::size_t cut = 0; cut < std::min(size, kAllCuts); ++cut) {
    const CgiHead part = read_cgi_head(output.substr(0, cut), false);
    if (part.outcome != CgiHeadOutcome::more)
      require(part.outcome == whole.outcome && part.size == whole.size &&
              part.response == whole.response);
  }
  return 0;
}
