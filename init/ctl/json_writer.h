// JsonWriter: JSON (RFC 8259) on one line, members in the order in which they are written.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::ctl {

/// REQUIRES: begins and ends match; inside an object every value follows a key().
class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);

  /// Text that is not UTF-8 has U+FFFD in place of what is wrong.
  void value(std::string_view text);
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool truth);
  void value(std::unsigned_integral auto number) { plain(std::to_string(number)); }
  void value(const std::vector<std::string>& texts);
  void value(const std::vector<std::uint32_t>& numbers);
  void null() { plain("null"); }
  template <typename T>
  void value(const std::optional<T>& maybe) {
    if (maybe.has_value())
      value(*maybe);
    else
      null();
  }

  template <typename T>
  void member(std::string_view name, const T& content) {
    key(name);
    value(content);
  }

  /// What was written, with a newline.
  std::string take() &&;

 private:
  void open(char bracket);
  void close(char bracket);
  void plain(std::string_view text);
  void separate();

  std::string out_;
  bool comma_ = false;  ///< something stands before in this object or array
};

}  // namespace berth::ctl
