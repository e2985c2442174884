// UnitName: what a unit is called, and the three forms that follow from it.
#pragma once

#include <string>
#include <string_view>

#include "units/result.h"

namespace berth {

/// "redis", or "tenant@2025/boston": a template's name, '@' and the instance. A template itself is
/// "tenant@". Name: [A-Za-z0-9][A-Za-z0-9_.-]*, at most 128 bytes. Instance: such parts joined by
/// '/', none empty, "." or "..".
class UnitName {
 public:
  UnitName() = default;
  static Result<UnitName> parse(std::string_view text);

  const std::string& str() const { return text_; }
  bool is_template() const { return !text_.empty() && text_.back() == '@'; }
  bool is_instance() const;
  /// "tenant@" of "tenant@2025/boston"; empty for a plain unit.
  std::string template_name() const;
  /// "2025/boston" of "tenant@2025/boston"; empty for a plain unit.
  std::string_view instance() const;
  /// '/' as '-': "2025-boston".
  std::string instance_dashed() const;
  /// Safe as a file name and distinct for distinct names: '/' as "%2F" ('%' cannot stand in a
  /// name).
  std::string escaped() const;

  auto operator<=>(const UnitName&) const = default;

 private:
  explicit UnitName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace berth
