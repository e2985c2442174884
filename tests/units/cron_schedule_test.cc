// Schedules: the syntax of crontab(5), and the next time in a zone that changes its clock.
#include "units/cron_schedule.h"

#include <string>

#include <gtest/gtest.h>

namespace berth {
namespace {

constexpr std::int64_t kHour = 3'600;

/// Central European time of 2024: one hour ahead of UTC, two from 31 March 01:00 UTC to 27 October
/// 01:00 UTC.
class Berlin final : public TimeZone {
 public:
  std::int64_t offset_at(std::int64_t time) const override {
    return time >= 1'711'846'800 && time < 1'729'990'800 ? 2 * kHour : kHour;
  }
};

class Utc final : public TimeZone {
 public:
  std::int64_t offset_at(std::int64_t) const override { return 0; }
};

/// A zone that leaves out a whole day: Samoa's 30 December 2011.
class Apia final : public TimeZone {
 public:
  std::int64_t offset_at(std::int64_t time) const override {
    return time >= 1'325'239'200 ? 14 * kHour : -10 * kHour;
  }
};

// Days since 1970, Howard Hinnant's days_from_civil().
std::int64_t days(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = y / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  return era * 146'097 + static_cast<std::int64_t>(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719'468;
}

/// "2024-03-31 01:30" as seconds since 1970, read as UTC.
std::int64_t at(const std::string& text) {
  const auto number = [&](std::size_t begin, std::size_t size) {
    return static_cast<unsigned>(std::stoul(text.substr(begin, size)));
  };
  return days(number(0, 4), number(5, 2), number(8, 2)) * 86'400 + number(11, 2) * kHour +
         number(14, 2) * 60;
}

std::string after(const std::string& schedule, const std::string& utc,
                  const TimeZone& zone = Utc()) {
  const auto parsed = parse_schedule(schedule);
  if (!parsed)
    return parsed.error().message;
  const auto next = next_time(*parsed, at(utc), zone);
  if (!next)
    return "never";
  for (std::int64_t day = 0;; ++day)
    if (at(utc) - at(utc) % 86'400 + (day + 1) * 86'400 > *next) {
      const std::int64_t minutes = *next % 86'400 / 60;
      char text[32];
      std::snprintf(text, sizeof text, "+%lld %02lld:%02lld", static_cast<long long>(day),
                    static_cast<long long>(minutes / 60), static_cast<long long>(minutes % 60));
      return text;
    }
}

std::string error_of(const std::string& schedule) {
  const auto parsed = parse_schedule(schedule);
  return parsed ? "no error" : parsed.error().message;
}

TEST(CronSchedule, NamesTheNextMinuteThatMatches) {
  EXPECT_EQ("+0 10:01", after("* * * * *", "2024-05-10 10:00"));
  EXPECT_EQ("+0 10:15", after("*/15 * * * *", "2024-05-10 10:00"));
  EXPECT_EQ("+1 03:30", after("30 3 * * *", "2024-05-10 03:30"));
  EXPECT_EQ("+0 10:40", after("0,20,40 8-10 * * *", "2024-05-10 10:20"));
  EXPECT_EQ("+1 08:00", after("0,20,40 8-10 * * *", "2024-05-10 10:40"));
  EXPECT_EQ("+0 10:25", after("5-59/20 * * * *", "2024-05-10 10:05"));
}

TEST(CronSchedule, KnowsMonthsAndWeekdaysByName) {
  EXPECT_EQ("+3 06:00", after("0 6 * * MON", "2024-05-10 10:00"));  // a Friday
  EXPECT_EQ("+1 06:00", after("0 6 * * sat-sun", "2024-05-10 10:00"));
  EXPECT_EQ("+2 06:00", after("0 6 * * 7", "2024-05-10 10:00"));
  EXPECT_EQ("+2 06:00", after("0 6 * * 0", "2024-05-10 10:00"));
  EXPECT_EQ("+22 06:00", after("0 6 1 jan,jun *", "2024-05-10 10:00"));
}

TEST(CronSchedule, TakesEitherFieldOfDaysWhereBothAreRestricted) {
  EXPECT_EQ("+3 00:00", after("0 0 15 * mon", "2024-05-10 10:00"));
  EXPECT_EQ("+3 00:00", after("0 0 15 * sun", "2024-05-12 10:00"));
}

TEST(CronSchedule, TakesBothFieldsOfDaysWhereOneBeginsWithAStar) {
  // Mondays with an odd date: 13 and 27 May 2024.
  EXPECT_EQ("+3 00:00", after("0 0 */2 * mon", "2024-05-10 10:00"));
  EXPECT_EQ("+14 00:00", after("0 0 */2 * mon", "2024-05-13 00:00"));
}

TEST(CronSchedule, KnowsTheWordsWithAnAt) {
  EXPECT_EQ("+0 11:00", after("@hourly", "2024-05-10 10:00"));
  EXPECT_EQ("+1 00:00", after("@daily", "2024-05-10 10:00"));
  EXPECT_EQ("+1 00:00", after("@midnight", "2024-05-10 10:00"));
  EXPECT_EQ("+2 00:00", after("@weekly", "2024-05-10 10:00"));
  EXPECT_EQ("+22 00:00", after("@monthly", "2024-05-10 10:00"));
  EXPECT_EQ("+236 00:00", after("@yearly", "2024-05-10 10:00"));
  EXPECT_EQ("+236 00:00", after(" @Annually ", "2024-05-10 10:00"));
}

TEST(CronSchedule, FindsDaysThatAreFarAway) {
  EXPECT_EQ("+1461 00:00", after("0 0 29 2 *", "2024-02-29 00:00"));
  EXPECT_EQ("+2921 00:00", after("0 0 29 2 *", "2096-02-29 00:00"));
  // A 29 February that is a Sunday.
  EXPECT_EQ("+10227 00:00", after("0 0 29 2 */7", "2004-02-29 00:00"));
}

TEST(CronSchedule, RunsATimeInAGapOnceRightAfterIt) {
  // At 01:00 UTC on 31 March clocks go from 02:00 to 03:00.
  EXPECT_EQ("+0 01:00", after("30 2 * * *", "2024-03-31 00:00", Berlin()));
  EXPECT_EQ("+1 00:30", after("30 2 * * *", "2024-03-31 01:00", Berlin()));
  EXPECT_EQ("+0 01:00", after("10,20,30 2,3 * * *", "2024-03-31 00:00", Berlin()));
  EXPECT_EQ("+0 01:10", after("10,20,30 2,3 * * *", "2024-03-31 01:00", Berlin()));
  EXPECT_EQ("+0 01:00", after("0 2,3 * * *", "2024-03-31 00:00", Berlin()));
  EXPECT_EQ("+1 00:00", after("0 2,3 * * *", "2024-03-31 01:00", Berlin()));
}

TEST(CronSchedule, RunsATimeThatOccursTwiceOnce) {
  // At 01:00 UTC on 27 October clocks go from 03:00 back to 02:00.
  EXPECT_EQ("+0 00:30", after("30 2 * * *", "2024-10-27 00:00", Berlin()));
  EXPECT_EQ("+1 01:30", after("30 2 * * *", "2024-10-27 00:30", Berlin()));
  EXPECT_EQ("+0 02:00", after("0 3 * * *", "2024-10-27 00:30", Berlin()));
}

TEST(CronSchedule, GoesOnThroughAChangeOfTheClockWhereItIsForEveryHour) {
  EXPECT_EQ("+0 01:30", after("30 * * * *", "2024-10-27 00:30", Berlin()));
  EXPECT_EQ("+0 02:30", after("30 * * * *", "2024-10-27 01:30", Berlin()));
  EXPECT_EQ("+0 01:30", after("30 * * * *", "2024-03-31 00:30", Berlin()));
  EXPECT_EQ("+0 01:00", after("*/15 * * * *", "2024-03-31 00:45", Berlin()));
}

TEST(CronSchedule, TakesADayThatAZoneLeavesOutForAGap) {
  // After 29 December 2011 came the 31st, at 10:00 UTC on the 30th.
  EXPECT_EQ("+0 10:00", after("0 12 30 12 *", "2011-12-30 00:00", Apia()));
  EXPECT_EQ("+0 22:00", after("0 12 * * *", "2011-12-30 10:00", Apia()));
}

TEST(CronSchedule, SaysWhatIsWrong) {
  EXPECT_EQ("it has 0 fields of five", error_of(""));
  EXPECT_EQ("it has 4 fields of five", error_of("* * * *"));
  EXPECT_EQ("it has more than five fields", error_of("* * * * * *"));
  EXPECT_EQ("minute \"60\" is not within 0-59", error_of("60 * * * *"));
  EXPECT_EQ("hour \"24\" is not within 0-23", error_of("0 24 * * *"));
  EXPECT_EQ("day of month \"0\" is not within 1-31", error_of("0 0 0 * *"));
  EXPECT_EQ("month \"juno\" is not within 1-12", error_of("0 0 1 juno *"));
  EXPECT_EQ("day of week \"8\" is not within 0-7", error_of("0 0 * * 8"));
  EXPECT_EQ("minute \"\" is not within 0-59", error_of("-1 * * * *"));
  EXPECT_EQ("hour \"\" is not within 0-23", error_of("0 1,,2 * * *"));
  EXPECT_EQ("hour \"5-3\" is a range that ends before it begins", error_of("0 5-3 * * *"));
  EXPECT_EQ("minute \"5/10\" has a step, but no range", error_of("5/10 * * * *"));
  EXPECT_EQ("minute \"*/0\" has a step that is not within 1-59", error_of("*/0 * * * *"));
  EXPECT_EQ("no month has such a day", error_of("0 0 31 2,4 *"));
  EXPECT_EQ("a word with \"@\" is one of @hourly, @daily, @weekly, @monthly, @yearly",
            error_of("@reboot"));
}

TEST(CronSchedule, NeverSaysATimeThatHasPassed) {
  const auto schedule = *parse_schedule("7 2,3 * * *");
  const Berlin zone;
  for (std::int64_t time = at("2024-03-30 00:00"); time < at("2024-04-01 00:00"); time += 97)
    EXPECT_GT(next_time(schedule, time, zone).value(), time);
}

}  // namespace
}  // namespace berth
