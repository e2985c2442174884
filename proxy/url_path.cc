// Normalisation of paths (RFC 3986 sections 5.2.4 and 6.2.2).
#include "proxy/url_path.h"

namespace berth::proxy {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The byte that the escape at `at` stands for, or -1 if it is not one.
int escaped_byte(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size() || text[at] != '%')
    return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_unreserved(int byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

bool needs_work(std::string_view raw) {
  if (raw.empty() || raw[0] != '/')
    return true;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto c = static_cast<unsigned char>(raw[i]);
    if (c <= ' ' || c >= 0x7f || c == '%' || c == '\\')
      return true;
    if (c == '/' && i + 1 < raw.size() && (raw[i + 1] == '/' || raw[i + 1] == '.'))
      return true;
  }
  return false;
}

constexpr char kUpperHex[] = "0123456789ABCDEF";

/// Decodes what may be decoded. `encoded_dot` tells that a dot was written as an escape.
PathChange unify(std::string_view raw, std::string& path, bool& encoded_dot) {
  PathChange change = PathChange::none;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto c = static_cast<unsigned char>(raw[i]);
    if (c <= ' ' || c >= 0x7f || c == '\\')
      return PathChange::refused;
    if (c != '%') {
      path += raw[i];
      continue;
    }
    const int byte = escaped_byte(raw, i);
    if (byte <= 0)
      return PathChange::refused;
    if (is_unreserved(byte)) {
      path += static_cast<char>(byte);
      encoded_dot |= byte == '.';
      change = PathChange::spelling;
    } else {
      path += '%';
      path += kUpperHex[byte / 16];
      path += kUpperHex[byte % 16];
      if (std::string_view(path).substr(path.size() - 2) != raw.substr(i + 1, 2))
        change = PathChange::spelling;
    }
    i += 2;
  }
  return change;
}

/// Resolves dots and merges slashes, in place. REQUIRES: `path` starts with '/'.
PathChange resolve(std::string& path, bool& had_dots) {
  PathChange change = PathChange::none;
  std::size_t out = 0;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view segment = std::string_view(path).substr(at + 1, end - at - 1);
    const bool last = end == path.size();
    if (segment == "..") {
      if (out == 0)
        return PathChange::refused;
      out = path.rfind('/', out - 1);
    }
    if (segment == "." || segment == ".." || (segment.empty() && !last)) {
      had_dots |= !segment.empty();
      change = PathChange::shape;
      if (last)
        path[out++] = '/';
    } else {
      path.replace(out, end - at, path, at, end - at);
      out += end - at;
    }
    at = end;
  }
  path.resize(out);
  return change;
}

}  // namespace

PathChange normalise_path(std::string_view raw, std::string& path) {
  path.clear();
  if (!needs_work(raw)) {
    path = raw;
    return PathChange::none;
  }
  if (raw.empty() || raw[0] != '/')
    return PathChange::refused;
  bool encoded_dot = false;
  bool had_dots = false;
  const PathChange spelling = unify(raw, path, encoded_dot);
  if (spelling == PathChange::refused)
    return PathChange::refused;
  const PathChange shape = resolve(path, had_dots);
  // Nobody but an attacker writes the dots of a dot segment as escapes.
  if (shape == PathChange::refused || (had_dots && encoded_dot))
    return PathChange::refused;
  return shape == PathChange::none ? spelling : shape;
}

bool decode_path(std::string_view path, std::string& decoded) {
  decoded.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int byte = escaped_byte(path, i);
    if (byte == 0)
      return false;
    if (byte < 0 || byte == '/') {
      decoded += path[i];
      continue;
    }
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return true;
}

bool is_below(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix))
    return false;
  return prefix.empty() || prefix.back() == '/' || path.size() == prefix.size() ||
         path[prefix.size()] == '/';
}

}  // namespace berth::proxy
