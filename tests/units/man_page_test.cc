// The table of keys and berth.unit(5) say the same: every key of one is in the other, with its type
// and default.
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "units/keys.h"

namespace berth {
namespace {

/// What the page says about a key, by section and name: "duration; default: "10s"".
using Documented = std::map<std::pair<std::string, std::string>, std::string>;

constexpr std::string_view kSection = ".Ss ";
constexpr std::string_view kItem = ".It Ic ";
constexpr std::string_view kType = ".Em ";
constexpr std::string_view kDefault = ".Li ";

/// Undoes the two escapes that a default needs in mdoc(7).
std::string unescape(std::string text) {
  for (const auto& [from, to] : {std::pair{"\\(dq", "\""}, std::pair{"\\e", "\\"}}) {
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + 1)) {
      text.replace(at, std::string_view(from).size(), to);
    }
  }
  return text;
}

/// The text after `prefix` without what closes it (" ;" or " ."); empty if the line is another.
std::string rest_of(const std::string& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) {
    return "";
  }
  return unescape(line.substr(prefix.size(), line.rfind(' ') - prefix.size()));
}

Documented read_page() {
  std::ifstream page(BERTH_SOURCE_DIR "/man/berth.unit.5");
  Documented documented;
  std::string section, line;
  while (std::getline(page, line)) {
    if (line.starts_with(kSection)) {
      section = line.substr(kSection.size());
    } else if (line.starts_with(kItem)) {
      const std::string key = line.substr(kItem.size());
      std::getline(page, line);
      std::string summary = rest_of(line, kType);
      std::getline(page, line);
      if (line == "default:") {
        std::getline(page, line);
        summary += "; default: " + rest_of(line, kDefault);
      }
      documented[{section, key}] = summary;
    }
  }
  return documented;
}

std::string summary(const Key& key) {
  const std::string fallback(key.fallback);
  return std::string(key.type) + (fallback.empty() ? "" : "; default: " + fallback);
}

TEST(ManPage, AgreesWithTheTableOfKeys) {
  Documented expected;
  for (const std::span<const Key> rows : all_keys()) {
    for (const Key& key : rows) {
      expected[{std::string(key.table), std::string(key.name)}] = summary(key);
    }
  }

  EXPECT_EQ(expected, read_page());
}

}  // namespace
}  // namespace berth
