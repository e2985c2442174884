// Finding static files, and the conditions and ranges of their requests.
#include "proxy/static_files.h"

#include <algorithm>
#include <charconv>

#include "proxy/diagnostics.h"
#include "proxy/mime_types.h"
#include "proxy/text.h"
#include "proxy/url_path.h"

namespace berth::proxy {
namespace {

/// A name that begins with a dot, anywhere but in the folder that RFC 8615 has made for strangers.
bool has_hidden_segment(std::string_view name) {
  constexpr std::string_view kWellKnown = ".well-known/";
  if (name.starts_with(kWellKnown))
    name.remove_prefix(kWellKnown.size());
  return name.starts_with('.') || name.find("/.") != std::string_view::npos;
}

os::Links links_of(Symlinks symlinks) {
  switch (symlinks) {
    case Symlinks::none:
      return os::Links::none;
    case Symlinks::any:
      return os::Links::any;
    case Symlinks::below:
      break;
  }
  return os::Links::below;
}

std::string entity_tag(const StaticFile& file) {
  const os::FileInfo& info = file.info;
  std::string tag = "\"";
  append_hex(tag, static_cast<std::uint64_t>(info.modified));
  tag += '-';
  append_hex(tag, info.modified_nsec);
  tag += '-';
  append_hex(tag, info.size);
  // Another form of the same is another entity.
  tag += suffix_of(file.coding);
  tag += '"';
  return tag;
}

enum class Comparison { weak, strong };

/// Any of the listed tags, or "*" (RFC 9110 section 8.8.3.2).
bool has_tag(std::string_view list, std::string_view tag, Comparison comparison) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view each = trimmed(list.substr(0, comma));
    if (each.starts_with("W/") && comparison == Comparison::weak)
      each.remove_prefix(2);
    if (each == tag || each == "*")
      return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

/// Whether it is not the file that the client means (RFC 9110 section 13.2.2, steps 1 and 2).
bool is_another(const HttpHead& request, const os::FileInfo& info, std::string_view tag) {
  const std::string_view tags = field_value(request, "if-match");
  if (!tags.empty())
    return !has_tag(tags, tag, Comparison::strong);
  const auto before = parse_http_date(field_value(request, "if-unmodified-since"));
  return before >= 0 && info.modified > before;
}

bool is_unchanged(const HttpHead& request, const os::FileInfo& info, std::string_view tag) {
  const std::string_view tags = request.value(HeaderName::if_none_match);
  if (!tags.empty())
    return has_tag(tags, tag, Comparison::weak);
  const std::string_view since = request.value(HeaderName::if_modified_since);
  return !since.empty() && parse_http_date(since) >= info.modified;
}

bool read_number(std::string_view text, std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return !text.empty() && error == std::errc() && stop == end;
}

/// What follows a slash, other than an extension.
bool is_file_name(std::string_view tail) {
  return !tail.starts_with('/') && !tail.starts_with('.');
}

enum class RangeKind { whole, part, unsatisfiable };

/// One range of bytes; several, or what cannot be read, mean the whole file.
RangeKind read_range(std::string_view value, std::uint64_t size, FileAnswer& answer) {
  constexpr std::string_view kUnit = "bytes=";
  if (!value.starts_with(kUnit) || value.find(',') != std::string_view::npos)
    return RangeKind::whole;
  const std::string_view range = value.substr(kUnit.size());
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos)
    return RangeKind::whole;
  const std::string_view from = trimmed(range.substr(0, dash));
  const std::string_view until = trimmed(range.substr(dash + 1));
  std::uint64_t first = 0;
  std::uint64_t last = size == 0 ? 0 : size - 1;
  if (from.empty()) {
    std::uint64_t suffix = 0;
    if (!read_number(until, suffix))
      return RangeKind::whole;
    if (suffix == 0 || size == 0)
      return RangeKind::unsatisfiable;
    first = size - std::min(suffix, size);
  } else {
    std::uint64_t wanted_last = last;
    if (!read_number(from, first) || (!until.empty() && !read_number(until, wanted_last)) ||
        wanted_last < first)
      return !from.empty() && read_number(from, first) && first >= size ? RangeKind::unsatisfiable
                                                                        : RangeKind::whole;
    last = std::min(last, wanted_last);
    if (first >= size)
      return RangeKind::unsatisfiable;
  }
  answer.first = first;
  answer.size = last - first + 1;
  return RangeKind::part;
}

void apply_range(const HttpHead& request, const os::FileInfo& info, std::string_view tag,
                 FileAnswer& answer) {
  const std::string_view range = request.value(HeaderName::range);
  if (range.empty() || request.method != HTTP_GET)
    return;
  const std::string_view if_range = request.value(HeaderName::if_range);
  if (!if_range.empty() && if_range != tag && parse_http_date(if_range) != info.modified)
    return;
  const RangeKind kind = read_range(range, info.size, answer);
  if (kind == RangeKind::whole)
    return;
  answer.status = kind == RangeKind::part ? 206 : 416;
  answer.fields += "Content-Range: bytes ";
  if (kind == RangeKind::part) {
    append_number(answer.fields, answer.first);
    answer.fields += '-';
    append_number(answer.fields, answer.first + answer.size - 1);
  } else {
    answer.size = 0;
    answer.fields += '*';
  }
  answer.fields += '/';
  append_number(answer.fields, info.size);
  answer.fields += "\r\n";
}

}  // namespace

StaticFiles::StaticFiles(const ProxySpec& spec)
    : prefix_(spec.static_prefix),
      extensions_(spec.static_extensions),
      cache_(spec.cache),
      try_files_(spec.try_files),
      trailing_slash_(spec.trailing_slash),
      precompressed_(spec.precompressed),
      links_(links_of(spec.symlinks)) {
  if (spec.static_root.empty())
    return;
  auto root = os::open_folder(spec.static_root);
  if (root)
    root_ = *std::move(root);
  else
    report("static files: " + root.error().message);
  // The most specific rule first.
  std::stable_sort(cache_.begin(), cache_.end(), [](const CacheRule& a, const CacheRule& b) {
    return a.path.size() > b.path.size();
  });
}

bool StaticFiles::allows(std::string_view extension) const {
  return extensions_.empty() ||
         std::any_of(extensions_.begin(), extensions_.end(), [&](const std::string& allowed) {
           return equals_ignoring_case(allowed, extension);
         });
}

std::optional<StaticFile> StaticFiles::open(std::string_view name) const {
  if (!root_.is_open())
    return std::nullopt;
  name.remove_prefix(std::min(name.find_first_not_of('/'), name.size()));
  if (name.empty() || has_hidden_segment(name))
    return std::nullopt;
  auto file = os::open_beneath(root_.borrow(), std::string(name), links_);
  if (!file)
    return std::nullopt;
  const auto info = os::file_info(file->borrow());
  if (!info || !info->regular)
    return std::nullopt;
  StaticFile found;
  found.file = *std::move(file);
  found.info = *info;
  found.name = name;
  found.type = mime_type(extension_of(name));
  return found;
}

std::optional<StaticFile> StaticFiles::open_allowed(const std::string& name) const {
  if (name.ends_with('/') || !allows(extension_of(name)))
    return std::nullopt;
  return open(name);
}

std::optional<StaticFile> StaticFiles::try_names(const std::string& name) const {
  for (const std::string& tail : try_files_) {
    // "a" and "index.html" make "aindex.html", which nobody means.
    const bool joins = name.ends_with('/') ? !tail.starts_with('/') : !is_file_name(tail);
    if (auto found = joins ? open_allowed(name + tail) : std::nullopt)
      return found;
  }
  if (!trailing_slash_ || name.ends_with('/'))
    return std::nullopt;
  for (const std::string& tail : try_files_) {
    auto found = is_file_name(tail) ? open_allowed(name + "/" + tail) : std::nullopt;
    if (found) {
      found->needs_slash = true;
      return found;
    }
  }
  return std::nullopt;
}

void StaticFiles::compress(StaticFile& file, const HttpHead& request) const {
  if (!precompressed_)
    return;
  file.varies = true;
  for (const Coding coding : accepted_codings(request)) {
    if (coding == Coding::identity)
      return;
    auto other = open(file.name + std::string(suffix_of(coding)));
    // One that is older was made of something else.
    if (!other || other->info.modified < file.info.modified)
      continue;
    file.file = std::move(other->file);
    file.info = other->info;
    file.coding = coding;
    return;
  }
}

void StaticFiles::set_cache(std::string_view path, StaticFile& file) const {
  const auto rule = std::find_if(cache_.begin(), cache_.end(), [&](const CacheRule& each) {
    return path.starts_with(each.path);
  });
  if (rule == cache_.end())
    return;
  file.cache_control = "public, max-age=";
  append_number(file.cache_control,
                static_cast<std::uint64_t>(
                    std::chrono::duration_cast<std::chrono::seconds>(rule->max_age).count()));
  if (rule->immutable)
    file.cache_control += ", immutable";
}

std::optional<StaticFile> StaticFiles::find(std::string_view path, const HttpHead& request) const {
  if (!root_.is_open() || !is_below(path, prefix_) ||
      (try_files_.empty() && !allows(extension_of(path))))
    return std::nullopt;
  std::string name;
  if (!decode_path(path.substr(prefix_.size()), name))
    return std::nullopt;
  std::optional<StaticFile> found = open_allowed(name);
  if (!found)
    found = try_names(name);
  if (!found || found->needs_slash)
    return found;
  compress(*found, request);
  set_cache(path, *found);
  return found;
}

FileAnswer answer_for(const StaticFile& file, const HttpHead& request) {
  FileAnswer answer;
  answer.size = file.info.size;
  const std::string tag = entity_tag(file);
  answer.fields = "ETag: " + tag + "\r\nLast-Modified: " + http_date(file.info.modified) +
                  "\r\nAccept-Ranges: bytes\r\n";
  if (file.coding != Coding::identity)
    answer.fields += "Content-Encoding: " + std::string(name_of(file.coding)) + "\r\n";
  if (file.varies)
    answer.fields += "Vary: Accept-Encoding\r\n";
  if (!file.cache_control.empty())
    answer.fields += "Cache-Control: " + file.cache_control + "\r\n";
  if (is_another(request, file.info, tag)) {
    answer.status = 412;
    answer.size = 0;
    return answer;
  }
  if (is_unchanged(request, file.info, tag)) {
    answer.status = 304;
    answer.size = 0;
    return answer;
  }
  apply_range(request, file.info, tag, answer);
  return answer;
}

}  // namespace berth::proxy
