// Kept lines, and following.
#include "init/ctl/log_command.h"

#include <utility>

#include "init/ctl/commands.h"
#include "init/ctl/json_writer.h"
#include "init/ctl/pipe_lines.h"
#include "init/ctl/status_view.h"
#include "init/ctl/unit_jobs.h"
#include "init/ctl/words.h"
#include "init/os/clock.h"

namespace berth::ctl {
namespace {

std::string record_json(const LogRecord& record) {
  JsonWriter json;
  write_log_record(json, record);
  return std::move(json).take();
}

std::string excerpt_json(const std::string& unit, const LogExcerpt& excerpt) {
  JsonWriter json;
  json.begin_object();
  json.member("unit", unit);
  json.member("dropped", excerpt.dropped);
  json.key("lines");
  json.begin_array();
  for (const LogRecord& record : excerpt.records)
    write_log_record(json, record);
  json.end_array();
  json.end_object();
  return std::move(json).take();
}

void print_record(const LogRecord& record, const Output& output) {
  output.out << (output.json ? record_json(record) : log_line_text(record));
}

void print_excerpt(const LogExcerpt& excerpt, const Output& output) {
  if (excerpt.dropped > 0 && !output.json)
    output.out << output.paint(Colour::dim, count_of(excerpt.dropped, "older line") + " dropped")
               << '\n';
  for (const LogRecord& record : excerpt.records)
    print_record(record, output);
  output.out << std::flush;
}

/// Prints lines, with the time of their arrival, until the other end of the pipe goes or nobody
/// reads what we write.
void follow(os::BorrowedFd pipe, const Output& output) {
  const os::SystemClock clock;
  PipeLines lines(pipe);
  std::string line;
  while (output.out.good() && lines.next(line) == PipeLines::Outcome::line) {
    print_record(LogRecord{clock.wall_ms(), "", line}, output);
    if (lines.must_wait())
      output.out << std::flush;
  }
}

}  // namespace

int show_log(const Invocation& invocation, BerthLink& berth, const Output& output) {
  const std::string unit = invocation.arguments.empty() ? "" : invocation.arguments.front();
  if (invocation.follow) {
    const auto followed = berth.follow_log(unit, invocation.lines);
    if (!followed)
      return report(with_suggestion(followed.error(), unit, berth), output);
    print_excerpt(followed->first, output);
    follow(followed->second.borrow(), output);
    return kSuccess;
  }
  const auto excerpt = berth.log(unit, invocation.lines);
  if (!excerpt)
    return report(with_suggestion(excerpt.error(), unit, berth), output);
  if (output.json)
    output.out << excerpt_json(unit, *excerpt);
  else
    print_excerpt(*excerpt, output);
  return kSuccess;
}

}  // namespace berth::ctl
