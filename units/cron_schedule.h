// CronSchedule: when a job runs by the clock on the wall, in the syntax of crontab(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "units/result.h"
#include "units/time_zone.h"

namespace berth {

/// The times that "MIN HOUR DOM MON DOW" names. Bit n stands for the number n.
struct CronSchedule {
  std::uint64_t minutes = 0;   ///< 0-59
  std::uint32_t hours = 0;     ///< 0-23
  std::uint32_t days = 0;      ///< 1-31, of the month
  std::uint32_t months = 0;    ///< 1-12
  std::uint32_t weekdays = 0;  ///< 0-6, Sunday is 0
  bool any_day = false;        ///< the field begins with "*"
  bool any_weekday = false;

  bool operator==(const CronSchedule&) const = default;
};

/// Five fields, each a list of numbers, ranges "A-B", "*", the last two also with "/STEP"; names of
/// months and weekdays in English by their first three letters, in any case; 7 is Sunday as well.
/// Or one of "@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually". A
/// schedule that names no day of any year is an error.
Result<CronSchedule> parse_schedule(std::string_view text);

/// The first moment after `time` (both seconds since 1970) that the schedule names in local time.
/// A day counts if the month does and, as crontab(5) has it, either of the two fields of days where
/// both are restricted, else both. A time of day that a change of the clock leaves out happens at
/// the moment after the gap; one that happens twice, the first time only. A schedule for every hour
/// goes on through both as the time does.
/// nullopt: not within what a calendar tells (about 290,000 years from 1970).
std::optional<std::int64_t> next_time(const CronSchedule& schedule, std::int64_t time,
                                      const TimeZone& zone);

}  // namespace berth
