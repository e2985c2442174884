// JSON on one line.
#include "init/ctl/json_writer.h"

#include <utility>

#include "init/json_text.h"

namespace berth::ctl {

void JsonWriter::separate() {
  if (std::exchange(comma_, true))
    out_ += ',';
}

void JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
}

void JsonWriter::close(char bracket) {
  out_ += bracket;
  comma_ = true;
}

void JsonWriter::plain(std::string_view text) {
  separate();
  out_ += text;
}

void JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  comma_ = false;
}

void JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
}

void JsonWriter::value(bool truth) {
  plain(truth ? "true" : "false");
}

void JsonWriter::value(const std::vector<std::string>& texts) {
  begin_array();
  for (const std::string& text : texts)
    value(text);
  end_array();
}

void JsonWriter::value(const std::vector<std::uint32_t>& numbers) {
  begin_array();
  for (const std::uint32_t number : numbers)
    value(number);
  end_array();
}

std::string JsonWriter::take() && {
  out_ += '\n';
  return std::move(out_);
}

}  // namespace berth::ctl
