// Reading and writing the cookie (RFC 6265).
#include "proxy/sticky.h"

#include <algorithm>
#include <chrono>

#include "units/scan.h"

namespace berth::proxy {
namespace {

constexpr std::size_t kLongestName = 64;

bool is_machine(std::string_view text) {
  return text.size() <= kLongestName && scan::is_plain(text);
}

/// The value of the first cookie of that name; empty if there is none.
std::string_view cookie_of(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(';'), list.size());
    const std::string_view pair = trimmed(list.substr(0, end));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {};
}

}  // namespace

Sticky::Sticky(const StickySpec& spec, std::string machine)
    : spec_(spec), machine_(std::move(machine)) {}

std::string_view Sticky::named_by(const HttpHead& head) const {
  for (const HeaderField& field : head.fields) {
    if (!equals_ignoring_case(head.name_of(field), "cookie"))
      continue;
    const std::string_view machine = cookie_of(head.value_of(field), spec_.cookie);
    if (!machine.empty() && is_machine(machine))
      return machine;
  }
  return {};
}

std::string Sticky::field(bool secure) const {
  std::string field = "Set-Cookie: " + spec_.cookie + '=' + machine_ + "; Path=/";
  if (spec_.max_age.count() > 0)
    field += "; Max-Age=" +
             std::to_string(std::chrono::ceil<std::chrono::seconds>(spec_.max_age).count());
  field += "; HttpOnly; SameSite=Lax";
  if (secure)
    field += "; Secure";
  return field + "\r\n";
}

}  // namespace berth::proxy
