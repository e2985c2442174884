// Reading htpasswd files.
#include "proxy/htpasswd.h"

#include <chrono>

#include "proxy/diagnostics.h"
#include "proxy/password.h"

namespace berth::proxy {
namespace {

constexpr std::size_t kMaxFile = std::size_t{4} * 1024 * 1024;
constexpr std::chrono::seconds kLookEvery{1};

}  // namespace

Htpasswd Htpasswd::parse(std::string_view text) {
  Htpasswd parsed;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos || colon == 0)
      continue;
    std::string_view hash = line.substr(colon + 1);
    hash = hash.substr(0, hash.find(':'));
    if (!is_known_hash(hash))
      continue;
    if (parsed.any_hash_.empty())
      parsed.any_hash_ = hash;
    // The first line of a user counts, as with Apache.
    parsed.users_.emplace(line.substr(0, colon), hash);
  }
  return parsed;
}

const std::string* Htpasswd::hash_of(const std::string& user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? nullptr : &found->second;
}

void HtpasswdFile::set_path(const std::string& path) {
  if (path == path_)
    return;
  path_ = path;
  info_.reset();
  content_.reset();
  ++version_;
  next_look_ = os::TimePoint();
}

void HtpasswdFile::load() {
  content_.reset();
  if (!info_)
    return report("htpasswd: " + path_ + " is missing: nobody can log in");
  auto text = os::read_regular(path_, kMaxFile);
  if (!text)
    return report("htpasswd: " + text.error().message + ": nobody can log in");
  content_ = Htpasswd::parse(*text);
}

bool HtpasswdFile::refresh(os::TimePoint now) {
  if (path_.empty() || now < next_look_)
    return false;
  const bool first = next_look_ == os::TimePoint();
  next_look_ = now + kLookEvery;
  const auto info = os::file_info(path_);
  if (info == info_ && !first)
    return false;
  info_ = info;
  ++version_;
  load();
  return true;
}

}  // namespace berth::proxy
