// UnitName: the grammar of names, and the forms that follow from one.
#include "units/unit_name.h"

#include <algorithm>

#include "units/scan.h"

namespace berth {
namespace {

// Escaped, the longest possible name still fits into a file name (NAME_MAX is 255).
constexpr std::size_t kLongestName = 128;

Error bad_name(std::string_view name, const std::string& why) {
  return Error{ErrorCode::invalid, "\"" + std::string(name) + "\" is no name of a unit: " + why};
}

bool is_name_part(std::string_view part) {
  return !part.empty() && scan::is_alnum(part.front()) &&
         std::all_of(part.begin(), part.end(),
                     [](char c) { return scan::is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

/// Parts joined by '/', at least one.
bool is_instance_text(std::string_view text) {
  while (true) {
    const std::size_t slash = text.find('/');
    if (!is_name_part(text.substr(0, slash))) {
      return false;
    }
    if (slash == text.npos) {
      return true;
    }
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<UnitName> UnitName::parse(std::string_view text) {
  if (text.size() > kLongestName) {
    return bad_name(text, "it has more than " + std::to_string(kLongestName) + " bytes");
  }
  const std::size_t at = text.find('@');
  if (!is_name_part(text.substr(0, at))) {
    return bad_name(text, "a name begins with a letter or digit and goes on with [A-Za-z0-9_.-]");
  }
  if (at != text.npos && at + 1 < text.size() && !is_instance_text(text.substr(at + 1))) {
    return bad_name(text, "an instance is made of such names, joined by \"/\"");
  }
  return UnitName(std::string(text));
}

bool UnitName::is_instance() const {
  const std::size_t at = text_.find('@');
  return at != text_.npos && at + 1 < text_.size();
}

std::string UnitName::template_name() const {
  const std::size_t at = text_.find('@');
  return at == text_.npos ? std::string() : text_.substr(0, at + 1);
}

std::string_view UnitName::instance() const {
  const std::size_t at = text_.find('@');
  return at == text_.npos ? std::string_view() : std::string_view(text_).substr(at + 1);
}

std::string UnitName::instance_dashed() const {
  std::string dashed(instance());
  std::replace(dashed.begin(), dashed.end(), '/', '-');
  return dashed;
}

std::string UnitName::escaped() const {
  std::string out;
  out.reserve(text_.size());
  for (const char c : text_) {
    if (c == '/') {
      out += "%2F";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace berth
