// A scanner over the whole text, since values may go over several lines.
#include "units/env_file.h"

#include <algorithm>

#include "units/expansion.h"

namespace berth {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

class EnvFileParser {
 public:
  EnvFileParser(std::string_view text, const std::string& path) : rest_(text), path_(path) {}

  Result<Variables> parse() {
    if (const std::size_t zero = rest_.find('\0'); zero != rest_.npos) {
      return error(1 + std::ranges::count(rest_.substr(0, zero), '\n'), "a zero byte");
    }
    Variables variables;
    for (;;) {
      skip_empty_lines();
      if (rest_.empty()) {
        return variables;
      }
      std::string name = BERTH_TRY(take_name());
      std::string value = BERTH_TRY(take_value());
      variables.emplace_back(std::move(name), std::move(value));
    }
  }

 private:
  Error error(std::size_t line, const std::string& what) const {
    return Error{ErrorCode::invalid, path_ + ":" + std::to_string(line) + ": " + what};
  }

  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    line_ += c == '\n' ? 1 : 0;
    return c;
  }

  void skip_line() {
    while (!rest_.empty() && take() != '\n') {
    }
  }

  void skip_empty_lines() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (is_space(c) || c == '\n') {
        take();
      } else if (c == '#' || c == ';') {
        skip_line();
      } else {
        return;
      }
    }
  }

  Result<std::string> take_name() {
    std::string_view name = before_equals();
    constexpr std::string_view exported = "export";
    if (name.starts_with(exported) && name.size() > exported.size() &&
        is_space(name[exported.size()])) {
      name.remove_prefix(exported.size());
      name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    }
    if (!has_equals_) {
      return error(line_, "a line must be NAME=value or a comment");
    }
    if (!is_variable_name(name)) {
      return error(line_, "the name of a variable is made of letters, digits and _");
    }
    return std::string(name);
  }

  /// The rest of the line up to the first '=', which is taken, too.
  std::string_view before_equals() {
    const std::size_t end = std::min(rest_.find_first_of("=\n"), rest_.size());
    has_equals_ = end < rest_.size() && rest_[end] == '=';
    const std::string_view taken = rest_.substr(0, end);
    if (has_equals_) {
      rest_.remove_prefix(end + 1);
    }
    return taken;
  }

  Result<std::string> take_value() {
    std::string value;
    std::size_t kept = 0;  // what may not be trimmed: it was quoted or protected
    while (!rest_.empty() && is_space(rest_.front())) {
      take();
    }
    while (!rest_.empty() && rest_.front() != '\n') {
      const char c = take();
      if (c == '\'' || c == '"') {
        BERTH_TRY(take_quoted(c, value));
        kept = value.size();
      } else if (c == '\\') {
        take_protected(value);
        kept = value.size();
      } else {
        value += c;
      }
    }
    while (value.size() > kept && is_space(value.back())) {
      value.pop_back();
    }
    return value;
  }

  /// After a backslash outside of quotes.
  void take_protected(std::string& value) {
    if (rest_.starts_with("\r\n")) {
      take();
    }
    if (rest_.empty()) {
      return;
    }
    const char c = take();
    if (c != '\n') {
      value += c;
    }
  }

  Result<void> take_quoted(char quote, std::string& value) {
    const std::size_t opened = line_;
    while (!rest_.empty()) {
      const char c = take();
      if (c == quote) {
        return {};
      }
      if (c != '\\' || quote == '\'' || rest_.empty()) {
        value += c;
        continue;
      }
      const char next = take();
      if (std::string_view("\"\\$`\n").find(next) == std::string_view::npos) {
        value += c;
      }
      if (next != '\n') {
        value += next;
      }
    }
    return error(opened, std::string("a quote ") + quote + " is never closed");
  }

  std::string_view rest_;
  const std::string& path_;
  std::size_t line_ = 1;
  bool has_equals_ = false;
};

}  // namespace

Result<Variables> parse_env_file(std::string_view text, const std::string& path) {
  return EnvFileParser(text, path).parse();
}

}  // namespace berth
