// Times, sizes and counts as people say them.
#include "init/ctl/words.h"

#include <array>
#include <ctime>

#include "units/values.h"

namespace berth::ctl {

std::string roughly(std::uint64_t duration_ms) {
  struct Step {
    std::uint64_t seconds;
    char letter;
  };
  static constexpr std::array kSteps{Step{86'400, 'd'}, Step{3'600, 'h'}, Step{60, 'm'}};
  const std::uint64_t seconds = duration_ms / 1000;
  for (const Step& step : kSteps) {
    if (seconds >= step.seconds)
      return std::to_string(seconds / step.seconds) + step.letter;
  }
  return std::to_string(seconds) + "s";
}

std::string ago(std::uint64_t then_ms, std::uint64_t now_ms) {
  if (then_ms == 0)
    return {};
  if (now_ms < then_ms + 1000)
    return "now";
  return roughly(now_ms - then_ms) + " ago";
}

std::string precisely(std::uint64_t duration_us) {
  constexpr std::uint64_t kMilli = 1'000;
  constexpr std::uint64_t kSecond = 1'000 * kMilli;
  constexpr std::uint64_t kMinute = 60 * kSecond;
  if (duration_us < kMilli)
    return std::to_string(duration_us) + "us";
  if (duration_us < kSecond)
    return std::to_string(duration_us / kMilli) + "ms";
  std::string thousandths = std::to_string(duration_us % kSecond / kMilli);
  thousandths.insert(0, 3 - thousandths.size(), '0');
  const std::string minutes =
      duration_us < kMinute ? "" : std::to_string(duration_us / kMinute) + "m ";
  return minutes + std::to_string(duration_us % kMinute / kSecond) + '.' + thousandths + 's';
}

std::string local_time(std::uint64_t time_ms) {
  const auto seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm broken{};
  std::array<char, 32> text{};
  if (::localtime_r(&seconds, &broken) == nullptr)
    return "?";
  return std::string(text.data(),
                     std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &broken));
}

std::string size_text(const Figure& bytes) {
  return bytes.has_value() ? format_size(Bytes{*bytes}) : "-";
}

std::string count_of(std::size_t number, std::string_view noun) {
  std::string text = std::to_string(number) + ' ';
  text += noun;
  return number == 1 ? text : text + 's';
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    // U+0080 to U+009F: as good as ESC to some terminals.
    const bool is_c1 = byte == 0xC2 && next >= 0x80 && next <= 0x9F;
    const bool is_c0 = (byte < 0x20 && byte != '\t') || byte == 0x7F;
    clean += is_c0 || is_c1 ? '?' : text[i];
    i += is_c1 ? 1 : 0;
  }
  return clean;
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  std::string joined;
  for (const std::string& word : words) {
    if (!joined.empty())
      joined += between;
    joined += word;
  }
  return joined;
}

}  // namespace berth::ctl
