// Lines of the feed: "state TIME TIME UNIT FROM TO INVOCATION REASON" and "dropped COUNT", with
// tabs.
#include "units/state_change.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace berth {
namespace {

constexpr std::string_view kState = "state";
constexpr std::string_view kDropped = "dropped";
constexpr std::size_t kMostReason = 1024;
constexpr std::size_t kStateFields = 8;
constexpr std::size_t kDroppedFields = 2;

void append(std::string& line, std::string_view field) {
  line += '\t';
  line += field;
}

std::string on_one_line(std::string_view text) {
  std::string line(text.substr(0, kMostReason));
  std::replace_if(
      line.begin(), line.end(),
      [](char each) { return static_cast<unsigned char>(each) < 0x20 || each == 0x7F; }, ' ');
  return line;
}

std::string format(const StateChange& change) {
  std::string line(kState);
  append(line, std::to_string(change.monotonic_us));
  append(line, std::to_string(change.wall_ms));
  append(line, change.unit);
  append(line, change.from);
  append(line, change.to);
  append(line, change.invocation_id);
  append(line, on_one_line(change.reason));
  return line;
}

std::string format(const ChangesDropped& dropped) {
  std::string line(kDropped);
  append(line, std::to_string(dropped.count));
  return line;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t end = 0; (end = line.find('\t')) != std::string_view::npos;) {
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end + 1);
  }
  fields.push_back(line);
  return fields;
}

bool parse(std::string_view text, std::uint64_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

std::string format_feed_line(const FeedLine& line) {
  return std::visit([](const auto& each) { return format(each); }, line);
}

Result<FeedLine> parse_feed_line(std::string_view line) {
  const auto fields = fields_of(line);
  if (fields[0] == kDropped && fields.size() == kDroppedFields) {
    ChangesDropped dropped;
    if (parse(fields[1], dropped.count))
      return FeedLine(dropped);
  }
  StateChange change;
  if (fields[0] != kState || fields.size() != kStateFields ||
      !parse(fields[1], change.monotonic_us) || !parse(fields[2], change.wall_ms))
    return Error{ErrorCode::invalid, "\"" + std::string(line) + "\" is no event"};
  change.unit = fields[3];
  change.from = fields[4];
  change.to = fields[5];
  change.invocation_id = fields[6];
  change.reason = fields[7];
  return FeedLine(std::move(change));
}

}  // namespace berth
