// Jobs of units.
#include "init/ctl/unit_jobs.h"

#include <algorithm>
#include <utility>

#include "init/ctl/commands.h"
#include "init/ctl/json_writer.h"
#include "init/ctl/words.h"
#include "units/suggestion.h"

namespace berth::ctl {
namespace {

struct Words {
  const char* name;      ///< the command
  const char* progress;  ///< while it lasts
  const char* end;       ///< when it went well
};

Words words_of(JobVerb verb) {
  switch (verb) {
    case JobVerb::start:
      return {"start", "starting", "started"};
    case JobVerb::stop:
      return {"stop", "stopping", "stopped"};
    case JobVerb::restart:
      return {"restart", "restarting", "restarted"};
    case JobVerb::reload:
      return {"reload", "reloading", "reloaded"};
    case JobVerb::reset_failed:
      return {"reset-failed", "resetting", "reset"};
    case JobVerb::maintenance_on:
      return {"maintenance on", "switching maintenance on", "in maintenance"};
    case JobVerb::maintenance_off:
      return {"maintenance off", "switching maintenance off", "out of maintenance"};
  }
  return {"", "", ""};
}

/// One unit's job: refused, or begun, and then ended.
struct Job {
  std::string unit;
  std::string id;
  std::string result;  ///< of JobOutcome; "accepted" while it runs, "refused" if it was not taken
  std::vector<std::string> reasons;
};

bool is_good(const std::string& result) {
  return result == "done" || result == "skipped" || result == "accepted";
}

/// "failed", "ran out of time" …: how a job ended that did not end well.
std::string failure_words(const std::string& result) {
  if (result == "timeout")
    return "ran out of time";
  if (result == "dependency")
    return "failed, because of a unit that it requires";
  if (result == "canceled")
    return "was canceled by another command";
  return "failed";
}

void tell_end(const Job& job, const Words& words, const Output& output) {
  if (output.terminal)
    output.out << "\r\033[K";
  if (job.result == "skipped") {
    output.out << printable(job.unit) << ": skipped, its condition does not hold\n";
    return;
  }
  if (is_good(job.result)) {
    if (output.terminal)
      output.out << printable(job.unit) << ": " << output.paint(Colour::green, words.end) << '\n';
    return;
  }
  output.err << "berthctl: " << printable(job.unit) << ": " << words.name << ' '
             << failure_words(job.result) << '\n';
  for (const std::string& reason : job.reasons)
    output.err << "  " << printable(reason) << '\n';
  output.err << "  see: berthctl status " << printable(job.unit) << '\n';
}

int wait_for(Job& job, const Words& words, BerthLink& berth, const Output& output) {
  if (output.terminal && !output.json)
    output.out << printable(job.unit) << ": " << words.progress << " ..." << std::flush;
  auto outcome = berth.wait_job(job.id);
  if (!outcome) {
    if (output.terminal && !output.json)
      output.out << '\n';
    return report(outcome.error(), output);
  }
  job.result = outcome->result;
  job.reasons = std::move(outcome->reasons);
  if (!output.json)
    tell_end(job, words, output);
  return is_good(job.result) ? kSuccess : kJobFailed;
}

std::string jobs_json(const std::vector<Job>& jobs, const Words& words) {
  JsonWriter json;
  json.begin_array();
  for (const Job& job : jobs) {
    json.begin_object();
    json.member("unit", job.unit);
    json.member("command", words.name);
    json.member("result", job.result);
    json.member("reasons", job.reasons);
    json.end_object();
  }
  json.end_array();
  return std::move(json).take();
}

}  // namespace

Error with_suggestion(Error error, const std::string& name, BerthLink& berth) {
  if (error.code != ErrorCode::not_found)
    return error;
  const auto units = berth.list_units();
  if (!units)
    return error;
  std::vector<std::string_view> names;
  names.reserve(units->size());
  for (const UnitRow& unit : *units)
    names.emplace_back(unit.name);
  error.message += did_you_mean(name, names);
  return error;
}

int run_jobs(JobVerb verb, const Invocation& invocation, BerthLink& berth, const Output& output) {
  const Words words = words_of(verb);
  int status = kSuccess;
  std::vector<Job> jobs;
  for (const std::string& unit : invocation.arguments) {
    auto begun = berth.begin_job(verb, unit);
    if (begun) {
      jobs.push_back(Job{unit, *std::move(begun), "accepted", {}});
      continue;
    }
    const Error error = with_suggestion(begun.error(), unit, berth);
    status = std::max(status, report(error, output));
    jobs.push_back(Job{unit, "", "refused", {error.message}});
  }
  for (Job& job : jobs) {
    if (invocation.wait && job.result == "accepted")
      status = std::max(status, wait_for(job, words, berth, output));
  }
  if (output.json)
    output.out << jobs_json(jobs, words);
  return status;
}

}  // namespace berth::ctl
