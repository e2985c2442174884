// HtpasswdFile: users and hashes, read again when the file changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "init/os/beneath.h"
#include "init/os/clock.h"

namespace berth::proxy {

/// "user:hash" a line; empty lines and lines that start with '#' are comments. A hash of a form
/// that we do not know lets nobody in.
class Htpasswd {
 public:
  static Htpasswd parse(std::string_view text);
  /// nullptr if there is no such user.
  const std::string* hash_of(const std::string& user) const;
  /// Some hash of the file, for users that it does not know: they are to wait as long as others.
  const std::string& any_hash() const { return any_hash_; }
  std::size_t size() const { return users_.size(); }

 private:
  std::unordered_map<std::string, std::string> users_;
  std::string any_hash_;
};

class HtpasswdFile {
 public:
  void set_path(const std::string& path);
  /// Looks at the file, at most once a second. True if it is another one than before.
  bool refresh(os::TimePoint now);
  /// Nothing if the file is missing, unreadable or too large: then nobody comes in.
  const std::optional<Htpasswd>& content() const { return content_; }
  /// Rises with each change.
  std::uint64_t version() const { return version_; }

 private:
  void load();

  std::string path_;
  os::TimePoint next_look_;
  std::optional<os::FileInfo> info_;
  std::optional<Htpasswd> content_;
  std::uint64_t version_ = 0;
};

}  // namespace berth::proxy
