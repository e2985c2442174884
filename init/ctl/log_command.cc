// Kept lines, and following.
#include "init/ctl/log_command.h"

#include <array>
#include <utility>

#include <poll.h>

#include "init/ctl/commands.h"
#include "init/ctl/json_writer.h"
#include "init/ctl/status_view.h"
#include "init/ctl/unit_jobs.h"
#include "init/ctl/words.h"
#include "init/os/clock.h"
#include "init/os/stream.h"

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

/// Prints the whole lines of `text` with the time of now, and takes them out.
void print_lines(std::string& text, const Output& output) {
  const os::SystemClock clock;
  std::size_t start = 0;
  for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
    print_record(LogRecord{clock.wall_ms(), "", text.substr(start, end - start)}, output);
  text.erase(0, start);
  output.out << std::flush;
}

/// Copies lines until the other end of the pipe goes, or nobody reads what we write.
void follow(os::BorrowedFd pipe, const Output& output) {
  std::array<char, 16 * 1024> buffer;
  std::string text;
  while (output.out.good()) {
    const os::Transfer got = os::read_some(pipe, buffer);
    if (got.state == os::TransferState::would_block) {
      pollfd watched{pipe.raw(), POLLIN, 0};
      ::poll(&watched, 1, -1);
      continue;
    }
    if (got.state != os::TransferState::done)
      return;
    text.append(buffer.data(), got.size);
    print_lines(text, output);
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
