// Fuzz target: targets and routes. A normalised path stays as it is when it is normalised again,
// and holds nothing that leads elsewhere; a target means the same however its head is cut; the
// longest prefix that is found is the one that a plain search finds.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/prefix_table.h"
#include "proxy/request_facts.h"
#include "proxy/url_path.h"
#include "tests/fuzz/require.h"

namespace {

using namespace berth::proxy;

/// Longer inputs are cut in this many places only.
constexpr std::size_t kAllCuts = 200;
constexpr std::array<std::string_view, 6> kPrefixes = {"/",    "/a/",       "/a/b/",
                                                       "/ab/", "/a/b/c/d/", "/%2F/"};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void check_path(std::string_view raw) {
  std::string path;
  const PathChange change = normalise_path(raw, path);
  if (change == PathChange::refused)
    return;
  require(path.starts_with('/'));
  for (const std::string_view bad : {"//", "/./", "/../", "\\", "%00", "%2e", "%2f"})
    require(!contains(path, bad));
  require(!path.ends_with("/.") && !path.ends_with("/.."));
  require(change != PathChange::none || path == raw);
  std::string again;
  require(normalise_path(path, again) == PathChange::none && again == path);
  // A file name never has a segment more than its path.
  std::string decoded;
  if (decode_path(path, decoded))
    require(std::ranges::count(decoded, '/') == std::ranges::count(path, '/'));
}

void check_table(std::string_view path) {
  PrefixTable table;
  for (std::uint32_t i = 0; i < kPrefixes.size(); ++i)
    table.insert({}, kPrefixes[i], i);
  std::uint32_t longest = PrefixTable::kNone;
  bool needs_slash = false;
  for (std::uint32_t i = 0; i < kPrefixes.size(); ++i) {
    const bool is_bare = std::string(path) + "/" == kPrefixes[i];
    if ((is_below(path, kPrefixes[i]) || is_bare) &&
        (longest == PrefixTable::kNone || kPrefixes[i].size() > kPrefixes[longest].size())) {
      longest = i;
      needs_slash = is_bare;
    }
  }
  const PrefixTable::Match match = table.find("some.host", path);
  require(match.value == longest);
  require(longest == PrefixTable::kNone || match.needs_slash == needs_slash);
}

/// Reads a request for `target`, in two portions; what it decides by, or "refused".
std::string facts_of(std::string_view target, std::size_t cut) {
  const std::string bytes = "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  HttpHead head;
  HeadParser parser;
  parser.start(HeadKind::request, head);
  std::size_t used = 0;
  HeadOutcome outcome = parser.feed(std::string_view(bytes).substr(0, cut), used);
  if (outcome == HeadOutcome::more)
    outcome = parser.feed(std::string_view(bytes).substr(cut), used);
  RequestFacts facts;
  if (outcome != HeadOutcome::complete || !read_target(head, facts))
    return "refused";
  std::string all = facts.path;
  for (const std::string_view part :
       {std::string_view(facts.host), std::string_view(facts.authority), head.text(facts.query),
        head.text(facts.raw_path)}) {
    all += '\n';
    all += part;
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  check_path(raw);
  check_table(raw);
  const std::string whole = facts_of(raw, size + 100);
  for (std::size_t cut = 1; cut < std::min(size + 30, kAllCuts); ++cut)
    require(facts_of(raw, cut) == whole);
  return 0;
}
