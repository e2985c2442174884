// The commands.
#include "init/ctl/commands.h"

#include <algorithm>
#include <utility>

#include "init/ctl/event_command.h"
#include "init/ctl/graph_commands.h"
#include "init/ctl/json_writer.h"
#include "init/ctl/list_view.h"
#include "init/ctl/log_command.h"
#include "init/ctl/memory_view.h"
#include "init/ctl/state_checks.h"
#include "init/ctl/status_view.h"
#include "init/ctl/unit_jobs.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

/// How much of the log a story has.
constexpr std::uint32_t kStatusLines = 10;

int list_failed(const std::vector<UnitRow>& rows, const Output& output) {
  if (output.json)
    output.out << list_json(rows);
  else
    output.out << (rows.empty() ? "nothing has failed\n" : list_text(rows, false, output));
  return rows.empty() ? kSuccess : kNotActive;
}

int list(const Invocation& invocation, BerthLink& berth, const Output& output) {
  auto units = berth.list_units();
  if (!units)
    return report(units.error(), output);
  auto rows = select_units(*std::move(units), invocation.arguments);
  if (rows.empty() && !invocation.arguments.empty())
    return report(
        Error{ErrorCode::not_found, "no unit matches " + join(invocation.arguments, " or ")},
        output);
  if (invocation.failed)
    return list_failed(only_failed(std::move(rows)), output);
  output.out << (output.json ? list_json(rows)
                             : list_text(rows, invocation.arguments.empty(), output));
  return kSuccess;
}

int tenants(BerthLink& berth, const Output& output) {
  auto rows = berth.list_tenants();
  if (!rows)
    return report(rows.error(), output);
  output.out << (output.json ? tenants_json(*rows) : tenants_text(*std::move(rows), output));
  return kSuccess;
}

int memory(BerthLink& berth, const Output& output) {
  auto measured = berth.measure_memory();
  if (!measured)
    return report(measured.error(), output);
  output.out << (output.json ? memory_json(*measured) : memory_text(*std::move(measured), output));
  return kSuccess;
}

int whole_status(BerthLink& berth, const Output& output) {
  const auto system = berth.system();
  if (!system)
    return report(system.error(), output);
  const auto units = berth.list_units();
  if (!units)
    return report(units.error(), output);
  output.out << (output.json ? system_json(*system, *units) : system_text(*system, *units, output));
  return kSuccess;
}

int unit_status(const Invocation& invocation, BerthLink& berth, const Output& output) {
  int status = kSuccess;
  std::vector<UnitStory> stories;
  for (const std::string& name : invocation.arguments) {
    auto unit = berth.status(name);
    if (!unit) {
      status = std::max(status, report(with_suggestion(unit.error(), name, berth), output));
      continue;
    }
    auto log = berth.log(name, kStatusLines);
    if (!is_active(unit->state))
      status = std::max(status, kNotActive);
    // A unit that has never said anything may have no log to ask for.
    stories.push_back(UnitStory{*std::move(unit), log ? *std::move(log) : LogExcerpt()});
  }
  if (output.json) {
    output.out << status_json(stories);
    return status;
  }
  for (std::size_t i = 0; i < stories.size(); ++i)
    output.out << (i > 0 ? "\n" : "") << status_text(stories[i].unit, stories[i].log, output);
  return status;
}

int reload_files(const Invocation& invocation, BerthLink& berth, const Output& output) {
  const bool dry_run = invocation.dry_run;
  const auto outcome = berth.reload(dry_run          ? ReloadMode::dry_run
                                    : invocation.now ? ReloadMode::now
                                                     : ReloadMode::apply);
  if (!outcome)
    return report(outcome.error(), output);
  if (output.json) {
    JsonWriter json;
    json.begin_object();
    json.member("ok", outcome->ok);
    json.member("messages", outcome->messages);
    json.end_object();
    output.out << std::move(json).take();
    return outcome->ok ? kSuccess : kFailure;
  }
  std::ostream& stream = outcome->ok ? output.out : output.err;
  for (const std::string& message : outcome->messages)
    stream << printable(message) << '\n';
  if (!outcome->ok)
    output.err << "berthctl: " << (dry_run ? "nothing would be changed" : "nothing was changed")
               << '\n';
  else if (outcome->messages.empty())
    output.out << (dry_run ? "nothing would change\n" : "nothing has changed\n");
  return outcome->ok ? kSuccess : kFailure;
}

int reset_failed(Invocation invocation, BerthLink& berth, const Output& output) {
  if (invocation.arguments.empty()) {
    auto units = berth.list_units();
    if (!units)
      return report(units.error(), output);
    for (UnitRow& row : only_failed(*std::move(units)))
      invocation.arguments.push_back(std::move(row.name));
  }
  return run_jobs(JobVerb::reset_failed, invocation, berth, output);
}

int ask_graph(const Invocation& invocation, BerthLink& berth, const Output& output) {
  const auto graph = berth.graph();
  return graph ? show_graph(invocation, *graph, output) : report(graph.error(), output);
}

int shutdown(const Invocation& invocation, BerthLink& berth, const Output& output) {
  const auto begun = berth.shutdown(invocation.reboot);
  if (!begun)
    return report(begun.error(), output);
  const char* text = invocation.reboot ? "berth is shutting down; then the machine restarts\n"
                                       : "berth is shutting down\n";
  output.out << (output.json ? "{\"accepted\":true}\n" : text);
  return kSuccess;
}

}  // namespace

int report(const Error& error, const Output& output) {
  output.err << "berthctl: " << printable(error.message) << '\n';
  switch (error.code) {
    case ErrorCode::not_found:
      return kNoSuchUnit;
    case ErrorCode::denied:
    case ErrorCode::unavailable:
      return kNotReachable;
    default:
      return kFailure;
  }
}

int run_command(const Invocation& invocation, BerthLink& berth, const Output& output) {
  switch (invocation.command) {
    case CommandId::list:
      return list(invocation, berth, output);
    case CommandId::status:
      return invocation.arguments.empty() ? whole_status(berth, output)
                                          : unit_status(invocation, berth, output);
    case CommandId::start:
      return run_jobs(JobVerb::start, invocation, berth, output);
    case CommandId::stop:
      return run_jobs(JobVerb::stop, invocation, berth, output);
    case CommandId::restart:
      return run_jobs(JobVerb::restart, invocation, berth, output);
    case CommandId::reload:
      return invocation.arguments.empty() ? reload_files(invocation, berth, output)
                                          : run_jobs(JobVerb::reload, invocation, berth, output);
    case CommandId::logs:
      return show_log(invocation, berth, output);
    case CommandId::memory:
      return memory(berth, output);
    case CommandId::tenants:
      return tenants(berth, output);
    case CommandId::plan:
    case CommandId::graph:
    case CommandId::blame:
    case CommandId::critical_chain:
      return ask_graph(invocation, berth, output);
    case CommandId::events:
      return show_events(invocation, berth, output);
    case CommandId::is_active:
      return check_active(invocation, berth, output);
    case CommandId::is_failed:
      return check_failed(invocation, berth, output);
    case CommandId::reset_failed:
      return reset_failed(invocation, berth, output);
    case CommandId::shutdown:
      return shutdown(invocation, berth, output);
    case CommandId::verify:
    case CommandId::help:
      break;
  }
  return kFailure;
}

}  // namespace berth::ctl
