// Schedules: the syntax, and the next time.
#include "units/cron_schedule.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "units/scan.h"

namespace berth {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kMinute = 60;
constexpr std::uint32_t kAllHours = (1U << 24) - 1;
/// The calendar repeats itself after 400 years.
constexpr std::int64_t kMostDays = 146'097;
/// Seconds since 1970: what is beyond is no date, and could overflow.
constexpr std::int64_t kEndOfTime = std::int64_t{1} << 43;

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames = {
    {{"@hourly", "0 * * * *"},
     {"@daily", "0 0 * * *"},
     {"@midnight", "0 0 * * *"},
     {"@weekly", "0 0 * * 0"},
     {"@monthly", "0 0 1 * *"},
     {"@yearly", "0 0 1 1 *"},
     {"@annually", "0 0 1 1 *"}}};

struct Field {
  std::string_view name;
  std::uint32_t low, high;
  const std::string_view* words = nullptr;  ///< names of the numbers from `low` on
  std::size_t word_count = 0;
};
constexpr std::array<Field, 5> kFields = {
    {{"minute", 0, 59},
     {"hour", 0, 23},
     {"day of month", 1, 31},
     {"month", 1, 12, kMonths.data(), kMonths.size()},
     {"day of week", 0, 7, kWeekdays.data(), kWeekdays.size()}}};
constexpr std::size_t kWeekdayField = 4;

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

Error wrong(const Field& field, std::string_view text, std::string_view why) {
  return Error{ErrorCode::invalid,
               std::string(field.name) + " " + quoted(text) + " " + std::string(why)};
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

Result<std::uint32_t> parse_number(const Field& field, std::string_view text) {
  const auto* end = field.words + field.word_count;
  const auto* word = std::find(field.words, end, lower(text));
  if (word != end) {
    return field.low + static_cast<std::uint32_t>(word - field.words);
  }
  const auto number = scan::to_number<std::uint32_t>(text);
  if (!number || *number < field.low || *number > field.high) {
    return wrong(field, text,
                 "is not within " + std::to_string(field.low) + "-" + std::to_string(field.high));
  }
  return *number;
}

/// One entry of a list: "*", "5", "1-5", "*/2", "1-5/2".
Result<void> parse_entry(const Field& field, std::string_view text, std::uint64_t& bits) {
  const std::size_t slash = text.find('/');
  const std::string_view range = text.substr(0, slash);
  std::uint32_t low = field.low, high = field.high;
  if (range != "*") {
    const std::size_t dash = range.find('-');
    low = BERTH_TRY(parse_number(field, range.substr(0, dash)));
    high = dash == range.npos ? low : BERTH_TRY(parse_number(field, range.substr(dash + 1)));
    if (slash != text.npos && dash == range.npos) {
      return wrong(field, text, "has a step, but no range");
    }
    if (high == 0 && low > 0 && &field == &kFields[kWeekdayField]) {
      high = 7;  // "sat-sun"
    }
    if (low > high) {
      return wrong(field, text, "is a range that ends before it begins");
    }
  }
  std::uint32_t step = 1;
  if (slash != text.npos) {
    const auto given = scan::to_number<std::uint32_t>(text.substr(slash + 1));
    if (!given || *given == 0 || *given > field.high) {
      return wrong(field, text, "has a step that is not within 1-" + std::to_string(field.high));
    }
    step = *given;
  }
  for (std::uint32_t number = low; number <= high; number += step) {
    bits |= std::uint64_t{1} << number;
  }
  return {};
}

Result<std::uint64_t> parse_field(const Field& field, std::string_view text) {
  std::uint64_t bits = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    BERTH_TRY(parse_entry(field, text.substr(begin, comma - begin), bits));
    begin = comma + 1;
  }
  return bits;
}

/// The next word of `text`, which is shortened by it; empty at the end.
std::string_view next_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

Result<std::string_view> fields_of(std::string_view text) {
  std::string_view rest = text;
  const std::string_view word = next_word(rest);
  if (!word.starts_with('@')) {
    return text;
  }
  if (next_word(rest).empty()) {
    for (const auto& [name, fields] : kNicknames) {
      if (lower(word) == name) {
        return fields;
      }
    }
  }
  return Error{ErrorCode::invalid,
               "a word with \"@\" is one of @hourly, @daily, @weekly, @monthly, @yearly"};
}

struct Date {
  std::int64_t year;
  std::uint32_t month, day, weekday;
};

/// Of days since 1970-01-01. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// civil_from_days.
Date date_of(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto day_of_era = static_cast<std::uint32_t>(shifted - era * 146'097);
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t weekday = (days % 7 + 11) % 7;  // 1970-01-01 was a Thursday
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted_month + 2) / 5 + 1, static_cast<std::uint32_t>(weekday)};
}

bool has_bit(std::uint64_t bits, std::uint32_t number) {
  return (bits >> number & 1) != 0;
}

bool names_day(const CronSchedule& schedule, const Date& date) {
  if (!has_bit(schedule.months, date.month)) {
    return false;
  }
  const bool day = has_bit(schedule.days, date.day);
  const bool weekday = has_bit(schedule.weekdays, date.weekday);
  return schedule.any_day || schedule.any_weekday ? day && weekday : day || weekday;
}

std::int64_t floor_to_day(std::int64_t time) {
  const std::int64_t rest = time % kDay;
  return time - (rest < 0 ? rest + kDay : rest);
}

/// A local day, and what local time is ahead of UTC before and after any change on it.
class LocalDay {
 public:
  /// start: its midnight, as seconds since 1970 of a clock that shows local time.
  LocalDay(std::int64_t start, const TimeZone& zone)
      : zone_(zone),
        start_(start),
        before_(zone.offset_at(start - kDay)),
        after_(zone.offset_at(start + 2 * kDay)) {}

  /// The first moment after `time` at which the schedule's hours and minutes are shown.
  std::optional<std::int64_t> next(const CronSchedule& schedule, std::int64_t time) const {
    std::optional<std::int64_t> first;
    for (std::uint32_t hour = 0; hour < 24; ++hour) {
      for (std::uint32_t minute = 0; has_bit(schedule.hours, hour) && minute < 60; ++minute) {
        if (!has_bit(schedule.minutes, minute)) {
          continue;
        }
        const std::int64_t local = start_ + hour * kHour + minute * kMinute;
        const auto moment = when(local, time, schedule.hours == kAllHours);
        if (moment && (!first || *moment < *first)) {
          first = moment;
        }
        if (first && before_ == after_) {
          return first;
        }
      }
    }
    return first;
  }

 private:
  /// When a clock shows `local`, after `time`.
  std::optional<std::int64_t> when(std::int64_t local, std::int64_t time, bool every_hour) const {
    const auto later = [time](std::int64_t moment) {
      return moment > time ? std::optional(moment) : std::nullopt;
    };
    if (before_ == after_) {
      return later(local - before_);
    }
    const bool is_before = zone_.offset_at(local - before_) == before_;
    const bool is_after = zone_.offset_at(local - after_) == after_;
    if (is_before && (!is_after || !every_hour || local - before_ > time)) {
      return later(local - before_);
    }
    if (is_after) {
      return later(local - after_);
    }
    return every_hour ? std::nullopt : later(end_of_gap(local));
  }

  /// The moment of the change that leaves `local` out.
  std::int64_t end_of_gap(std::int64_t local) const {
    std::int64_t low = local - std::max(before_, after_);   // still as before
    std::int64_t high = local - std::min(before_, after_);  // already as after
    while (low + 1 < high) {
      const std::int64_t middle = low + (high - low) / 2;
      (zone_.offset_at(middle) == before_ ? low : high) = middle;
    }
    return high;
  }

  const TimeZone& zone_;
  std::int64_t start_, before_, after_;
};

}  // namespace

Result<CronSchedule> parse_schedule(std::string_view text) {
  std::string_view rest = BERTH_TRY(fields_of(text));
  std::array<std::string_view, kFields.size()> words;
  std::array<std::uint64_t, kFields.size()> bits{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    words[i] = next_word(rest);
    if (words[i].empty()) {
      return Error{ErrorCode::invalid, "it has " + std::to_string(i) + " fields of five"};
    }
    bits[i] = BERTH_TRY(parse_field(kFields[i], words[i]));
  }
  if (!next_word(rest).empty()) {
    return Error{ErrorCode::invalid, "it has more than five fields"};
  }
  CronSchedule schedule;
  schedule.minutes = bits[0];
  schedule.hours = static_cast<std::uint32_t>(bits[1]);
  schedule.days = static_cast<std::uint32_t>(bits[2]);
  schedule.months = static_cast<std::uint32_t>(bits[3]);
  schedule.weekdays = static_cast<std::uint32_t>((bits[4] | bits[4] >> 7) & 0x7F);
  schedule.any_day = words[2].starts_with('*');
  schedule.any_weekday = words[4].starts_with('*');
  for (std::int64_t day = 0; day < kMostDays; ++day) {
    if (names_day(schedule, date_of(day))) {
      return schedule;
    }
  }
  return Error{ErrorCode::invalid, "no month has such a day"};
}

std::optional<std::int64_t> next_time(const CronSchedule& schedule, std::int64_t time,
                                      const TimeZone& zone) {
  if (time > kEndOfTime || time < -kEndOfTime) {
    return std::nullopt;
  }
  // A change of the clock may lead back to the day before.
  std::int64_t day = floor_to_day(time + zone.offset_at(time)) - kDay;
  std::optional<std::int64_t> found;
  for (std::int64_t count = 0; count < kMostDays; ++count, day += kDay) {
    if (names_day(schedule, date_of(day / kDay))) {
      found = LocalDay(day, zone).next(schedule, time);
    }
    if (found) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace berth
