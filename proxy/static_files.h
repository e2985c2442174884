// StaticFiles: the files below the static root that are answered without any unit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "init/os/beneath.h"
#include "proxy/content_coding.h"
#include "proxy/http_head.h"
#include "units/proxy_spec.h"

namespace berth::proxy {

struct StaticFile {
  os::UniqueFd file;
  os::FileInfo info;
  std::string name;  ///< below the root
  std::string_view type;
  std::string cache_control;         ///< empty = none
  Coding coding = Coding::identity;  ///< what `file` is compressed by
  bool varies = false;               ///< by what the client takes
  bool needs_slash = false;          ///< it would answer the path with a slash behind it
};

class StaticFiles {
 public:
  StaticFiles() = default;
  explicit StaticFiles(const ProxySpec& spec);

  /// The file that answers `path` (normalised), or nothing: whatever is in the way (a folder, a
  /// FIFO, a name too long, a hidden name, an extension that is not allowed) means that somebody
  /// else answers.
  std::optional<StaticFile> find(std::string_view path, const HttpHead& request) const;
  /// A file of the root by its own name, whatever its extension: the maintenance page.
  std::optional<StaticFile> open(std::string_view name) const;

 private:
  bool allows(std::string_view extension) const;
  std::optional<StaticFile> open_allowed(const std::string& name) const;
  /// By a name that try_files makes of `name`.
  std::optional<StaticFile> try_names(const std::string& name) const;
  /// Takes the compressed form of the file instead, if there is one that the client takes.
  void compress(StaticFile& file, const HttpHead& request) const;
  void set_cache(std::string_view path, StaticFile& file) const;

  os::UniqueFd root_;
  std::string prefix_;
  std::vector<std::string> extensions_;
  std::vector<CacheRule> cache_;
  std::vector<std::string> try_files_;
  bool trailing_slash_ = false;
  bool precompressed_ = false;
  os::Links links_ = os::Links::below;
};

/// What of a file is sent, and with which status (RFC 9110 sections 13 and 14).
struct FileAnswer {
  int status = 200;  ///< 200, 206, 304, 412, 416
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  std::string fields;  ///< ETag, Last-Modified, Content-Range ... with their line ends
};
FileAnswer answer_for(const StaticFile& file, const HttpHead& request);

}  // namespace berth::proxy
