// `berthctl status`: the story of one unit, or of the whole.
#pragma once

#include <string>
#include <vector>

#include "init/ctl/model.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// A unit that serves, or a job that has succeeded.
bool is_active(const std::string& state);

/// State, history, processes, the last lines of the log, and what to try next.
std::string status_text(const UnitDetails& unit, const LogExcerpt& log, const Output& output);

struct UnitStory {
  UnitDetails unit;
  LogExcerpt log;
};
std::string status_json(const std::vector<UnitStory>& stories);

/// berth as a whole: what is not as it should be comes first.
std::string system_text(const SystemInfo& system, const std::vector<UnitRow>& units,
                        const Output& output);
std::string system_json(const SystemInfo& system, const std::vector<UnitRow>& units);

/// Shared with `berthctl logs`.
std::string log_line_text(const LogRecord& record);
class JsonWriter;
void write_log_record(JsonWriter& json, const LogRecord& record);

}  // namespace berth::ctl
