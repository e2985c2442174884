// Accept-Encoding and its weights.
#include "proxy/content_coding.h"

#include <algorithm>

namespace berth::proxy {
namespace {

constexpr int kFull = 1000;

/// "0.8" in thousandths; what is no weight counts as none.
int weight(std::string_view text) {
  int value = 0;
  int scale = kFull;
  bool fraction = false;
  for (const char c : text.substr(0, 5)) {
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      scale = fraction ? scale / 10 : scale;
      value += (c - '0') * scale;
    } else {
      return 0;
    }
  }
  return std::min(value, kFull);
}

/// The weight of `coding` in the list; that of "*" if it is not named, 0 if that is not either.
int quality(std::string_view list, std::string_view coding) {
  int any = 0;
  for (Weighted entry; take_weighted(list, entry);) {
    if (equals_ignoring_case(entry.name, coding))
      return entry.weight;
    if (entry.name == "*")
      any = entry.weight;
  }
  return any;
}

}  // namespace

bool take_weighted(std::string_view& list, Weighted& entry) {
  if (list.empty())
    return false;
  const std::size_t comma = std::min(list.find(','), list.size());
  std::string_view rest = list.substr(0, comma);
  list.remove_prefix(std::min(comma + 1, list.size()));
  const std::size_t semicolon = std::min(rest.find(';'), rest.size());
  entry = {trimmed(rest.substr(0, semicolon)), kFull};
  // The weight is the last parameter.
  rest.remove_prefix(semicolon);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view parameter = trimmed(rest.substr(0, end));
    if (parameter.starts_with("q=") || parameter.starts_with("Q="))
      entry.weight = weight(trimmed(parameter.substr(2)));
    rest.remove_prefix(end);
  }
  return true;
}

std::string_view name_of(Coding coding) {
  constexpr std::array<std::string_view, 4> kNames = {"", "br", "zstd", "gzip"};
  return kNames[static_cast<std::size_t>(coding)];
}

std::string_view suffix_of(Coding coding) {
  constexpr std::array<std::string_view, 4> kSuffixes = {"", ".br", ".zst", ".gz"};
  return kSuffixes[static_cast<std::size_t>(coding)];
}

std::string_view field_value(const HttpHead& head, std::string_view name) {
  const auto found = std::find_if(
      head.fields.begin(), head.fields.end(),
      [&](const HeaderField& field) { return equals_ignoring_case(head.name_of(field), name); });
  return found == head.fields.end() ? std::string_view() : head.value_of(*found);
}

Codings accepted_codings(const HttpHead& request) {
  Codings codings{};
  const std::string_view list = field_value(request, "accept-encoding");
  if (list.empty())
    return codings;
  std::array<int, 4> weights{};
  std::size_t count = 0;
  for (const Coding coding : {Coding::br, Coding::zstd, Coding::gzip}) {
    const int q = quality(list, name_of(coding));
    if (q == 0)
      continue;
    std::size_t at = count++;
    for (; at > 0 && weights[at - 1] < q; --at) {
      weights[at] = weights[at - 1];
      codings[at] = codings[at - 1];
    }
    weights[at] = q;
    codings[at] = coding;
  }
  return codings;
}

}  // namespace berth::proxy
