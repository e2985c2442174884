// One hash over the path; at each slash it is the hash of a candidate.
#include "proxy/prefix_table.h"

#include <algorithm>

namespace berth::proxy {
namespace {

// FNV-1a. The keys are the admin's, so nobody from outside can make them collide.
constexpr std::uint64_t kFnvStart = 14695981039346656037U;
constexpr std::uint64_t kFnvPrime = 1099511628211U;
constexpr std::size_t kMinSlots = 16;

std::uint64_t hash_on(std::uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
}

std::uint64_t hash_host(std::string_view host) {
  std::uint64_t hash = kFnvStart;
  for (const char c : host)
    hash = hash_on(hash, c);
  return hash_on(hash, '\0');
}

}  // namespace

void PrefixTable::grow() {
  slots_.assign(std::max(kMinSlots, slots_.size() * 2), kNone);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash & (slots_.size() - 1);
    while (slots_[at] != kNone)
      at = (at + 1) & (slots_.size() - 1);
    slots_[at] = i;
  }
}

void PrefixTable::insert(std::string_view host, std::string_view prefix, std::uint32_t value) {
  std::uint64_t hash = hash_host(host);
  for (const char c : prefix)
    hash = hash_on(hash, c);
  if (look_up(hash, host, prefix) != kNone)
    return;
  std::string key(host);
  key += '\0';
  key += prefix;
  entries_.push_back(Entry{hash, std::move(key), value});
  deepest_ = std::max(deepest_, static_cast<std::size_t>(std::ranges::count(prefix, '/')));
  has_hosts_ |= !host.empty();
  if (entries_.size() * 2 > slots_.size()) {
    grow();
    return;
  }
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != kNone)
    at = (at + 1) & (slots_.size() - 1);
  slots_[at] = static_cast<std::uint32_t>(entries_.size() - 1);
}

std::uint32_t PrefixTable::look_up(std::uint64_t hash, std::string_view host,
                                   std::string_view prefix) const {
  if (slots_.empty())
    return kNone;
  std::size_t at = hash & (slots_.size() - 1);
  for (; slots_[at] != kNone; at = (at + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[at]];
    if (entry.hash == hash && entry.key.size() == host.size() + 1 + prefix.size() &&
        entry.key.starts_with(host) && entry.key.ends_with(prefix))
      return entry.value;
  }
  return kNone;
}

PrefixTable::Match PrefixTable::longest(std::string_view host, std::string_view path) const {
  Match best;
  std::uint64_t hash = hash_host(host);
  std::size_t depth = 0;
  for (std::size_t i = 0; i < path.size() && depth < deepest_; ++i) {
    hash = hash_on(hash, path[i]);
    if (path[i] != '/')
      continue;
    ++depth;
    const std::uint32_t value = look_up(hash, host, path.substr(0, i + 1));
    if (value != kNone)
      best = Match{value, false};
  }
  if (depth < deepest_ && !path.ends_with('/')) {
    const std::uint64_t with_slash = hash_on(hash, '/');
    const std::string prefix = std::string(path) + '/';
    const std::uint32_t value = look_up(with_slash, host, prefix);
    if (value != kNone)
      best = Match{value, true};
  }
  return best;
}

std::size_t PrefixTable::longest_run() const {
  std::size_t longest = 0;
  std::size_t run = 0;
  // Twice round: a run may go over the end.
  for (std::size_t i = 0; i < slots_.size() * 2; ++i) {
    run = slots_[i & (slots_.size() - 1)] == kNone ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  return longest;
}

PrefixTable::Match PrefixTable::find(std::string_view host, std::string_view path) const {
  if (has_hosts_ && !host.empty()) {
    const Match match = longest(host, path);
    if (match.value != kNone)
      return match;
  }
  return longest({}, path);
}

}  // namespace berth::proxy
