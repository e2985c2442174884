// Fuzz target: heads. Whole, byte by byte or cut in two anywhere, the outcome is the same, and what
// is accepted is written so that it is accepted again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/head_writer.h"
#include "proxy/http_head.h"
#include "proxy/request_facts.h"
#include "tests/fuzz/require.h"

namespace {

using namespace berth::proxy;

/// Longer inputs are cut in this many places only.
constexpr std::size_t kAllCuts = 300;

HeadOutcome parse(HeadKind kind, std::string_view bytes, std::size_t portion, HttpHead& head,
                  std::size_t& total) {
  HeadParser parser;
  parser.start(kind, head);
  HeadOutcome outcome = HeadOutcome::more;
  for (total = 0; total < bytes.size() && outcome == HeadOutcome::more;) {
    std::size_t used = 0;
    outcome = parser.feed(bytes.substr(total, portion), used);
    total += used;
  }
  return outcome;
}

/// As parse(), in two portions.
HeadOutcome parse_cut(HeadKind kind, std::string_view bytes, std::size_t cut, HttpHead& head,
                      std::size_t& total) {
  HeadParser parser;
  parser.start(kind, head);
  HeadOutcome outcome = parser.feed(bytes.substr(0, cut), total);
  std::size_t used = 0;
  if (outcome == HeadOutcome::more)
    outcome = parser.feed(bytes.substr(cut), used);
  total += used;
  return outcome;
}

void check_request(const HttpHead& head) {
  RequestFacts facts;
  if (!read_target(head, facts))
    return;
  facts.request_id = "id";
  std::string out;
  append_request_head({head, facts, facts.path, false, {}, FieldEdits()}, out);
  HttpHead again;
  std::size_t used = 0;
  const HeadOutcome outcome = parse(HeadKind::request, out, out.size(), again, used);
  // Our fields come on top, so only its size may be in the way of another round.
  require(outcome == HeadOutcome::complete || outcome == HeadOutcome::too_large ||
          outcome == HeadOutcome::target_too_long);
  if (outcome == HeadOutcome::complete)
    require(used == out.size() && again.body == head.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const HeadKind kind : {HeadKind::request, HeadKind::response}) {
    HttpHead whole;
    HttpHead parts;
    std::size_t whole_used = 0;
    std::size_t parts_used = 0;
    const HeadOutcome outcome = parse(kind, bytes, bytes.size(), whole, whole_used);
    require(parse(kind, bytes, 1, parts, parts_used) == outcome);
    for (std::size_t cut = 1; cut < std::min(bytes.size(), kAllCuts); ++cut) {
      HttpHead cut_head;
      std::size_t cut_used = 0;
      require(parse_cut(kind, bytes, cut, cut_head, cut_used) == outcome);
      require(outcome != HeadOutcome::complete ||
              (cut_used == whole_used && cut_head.raw == whole.raw));
    }
    if (outcome != HeadOutcome::complete)
      continue;
    require(whole_used == parts_used && whole.raw == parts.raw && whole.body == parts.body);
    if (kind == HeadKind::request)
      check_request(whole);
  }
  return 0;
}
