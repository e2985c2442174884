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

bool has_hidden_segment(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

std::string entity_tag(const os::FileInfo& info) {
  std::string tag = "\"";
  append_hex(tag, static_cast<std::uint64_t>(info.modified));
  tag += '-';
  append_hex(tag, info.modified_nsec);
  tag += '-';
  append_hex(tag, info.size);
  tag += '"';
  return tag;
}

/// If-None-Match: any of the listed tags, compared weakly, or "*".
bool has_tag(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view each = trimmed(list.substr(0, comma));
    if (each.starts_with("W/"))
      each.remove_prefix(2);
    if (each == tag || each == "*")
      return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

bool is_unchanged(const HttpHead& request, const os::FileInfo& info, std::string_view tag) {
  const std::string_view tags = request.value(HeaderName::if_none_match);
  if (!tags.empty())
    return has_tag(tags, tag);
  const std::string_view since = request.value(HeaderName::if_modified_since);
  return !since.empty() && parse_http_date(since) >= info.modified;
}

bool read_number(std::string_view text, std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return !text.empty() && error == std::errc() && stop == end;
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
    : prefix_(spec.static_prefix), extensions_(spec.static_extensions), cache_(spec.cache) {
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
  auto file = os::open_beneath(root_.borrow(), std::string(name));
  if (!file)
    return std::nullopt;
  const auto info = os::file_info(file->borrow());
  if (!info || !info->regular)
    return std::nullopt;
  return StaticFile{*std::move(file), *info, mime_type(extension_of(name)), std::string(name), {}};
}

std::optional<StaticFile> StaticFiles::find(std::string_view path) const {
  if (!root_.is_open() || path.ends_with('/') || !is_below(path, prefix_))
    return std::nullopt;
  const std::string_view extension = extension_of(path);
  std::string name;
  if (!allows(extension) || !decode_path(path.substr(prefix_.size()), name))
    return std::nullopt;
  std::optional<StaticFile> found = open(name);
  if (!found)
    return std::nullopt;
  const auto rule = std::find_if(cache_.begin(), cache_.end(), [&](const CacheRule& each) {
    return path.starts_with(each.path);
  });
  if (rule != cache_.end()) {
    found->cache_control = "public, max-age=";
    append_number(found->cache_control,
                  static_cast<std::uint64_t>(
                      std::chrono::duration_cast<std::chrono::seconds>(rule->max_age).count()));
    if (rule->immutable)
      found->cache_control += ", immutable";
  }
  return found;
}

FileAnswer answer_for(const StaticFile& file, const HttpHead& request) {
  FileAnswer answer;
  answer.size = file.info.size;
  const std::string tag = entity_tag(file.info);
  answer.fields = "ETag: " + tag + "\r\nLast-Modified: " + http_date(file.info.modified) +
                  "\r\nAccept-Ranges: bytes\r\n";
  if (!file.cache_control.empty())
    answer.fields += "Cache-Control: " + file.cache_control + "\r\n";
  if (is_unchanged(request, file.info, tag)) {
    answer.status = 304;
    answer.size = 0;
    return answer;
  }
  apply_range(request, file.info, tag, answer);
  return answer;
}

}  // namespace berth::proxy
