// Errors with their places, and what the container must grant.
#include "init/ctl/verify.h"

#include <map>
#include <utility>

#include "init/allocator.h"
#include "init/ctl/json_writer.h"
#include "init/ctl/options.h"
#include "init/ctl/words.h"
#include "units/container_needs.h"
#include "units/stop_path.h"

namespace berth::ctl {
namespace {

using Limit = std::optional<std::uint64_t>;

/// Of the longest way to the end, in the text.
constexpr std::size_t kStepsShown = 10;
/// Of the units that lack a library.
constexpr std::size_t kUsersShown = 10;

std::uint64_t milliseconds_of(Milliseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

bool is_enough(const Limit& limit, std::uint64_t needed) {
  return !limit.has_value() || *limit >= needed;
}

/// With it, nothing is cut short.
BerthConfig wanted_times(const StopPath& path) {
  BerthConfig config;
  config.shutdown_timeout = path.timeout;
  config.shutdown_after_stop = path.after_stop;
  return config;
}

void write_longest_stop(JsonWriter& json, const Catalog& catalog) {
  const StopPath path = longest_stop(catalog);
  json.key("longest_stop");
  json.begin_object();
  json.member("total_ms", milliseconds_of(path.total));
  json.member("enough", path.fits(catalog.config));
  json.member("timeout_ms", milliseconds_of(path.timeout));
  json.member("after_stop_ms", milliseconds_of(path.after_stop));
  json.member("stop_grace_ms", milliseconds_of(stop_grace(wanted_times(path))));
  json.key("units");
  json.begin_array();
  for (const StopStep& step : path.steps) {
    json.begin_object();
    json.member("unit", step.unit);
    json.member("stop_ms", milliseconds_of(step.stop));
    json.member("after_ms", milliseconds_of(step.after));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

/// What is wrong with the libraries of allocators, and for whom: "… : redis, app".
std::vector<std::string> missing_allocators(const Catalog& catalog,
                                            const std::vector<std::string>& libraries) {
  std::map<Allocator, std::vector<std::string>> users;
  for (const auto& [name, unit] : catalog.units)
    if (unit.kind != UnitKind::proxy &&
        unit.memory.allocator.value_or(Allocator::system) != Allocator::system)
      users[*unit.memory.allocator].push_back(name);
  std::vector<std::string> missing;
  for (auto& [allocator, names] : users) {
    const auto found = find_allocator(allocator, libraries);
    if (found)
      continue;
    const std::size_t all = names.size();
    if (all > kUsersShown)
      names.resize(kUsersShown);
    const std::string more =
        all > kUsersShown ? " and " + std::to_string(all - kUsersShown) + " more" : "";
    missing.push_back(found.error().message +
                      "; without it these cannot start: " + join(names, ", ") + more);
  }
  return missing;
}

std::string verification_json(const Catalog& catalog, const Limit& limit,
                              const std::vector<std::string>& libraries) {
  JsonWriter json;
  json.begin_object();
  json.member("ok", catalog.errors.empty());
  json.member("units", catalog.units.size());
  json.member("templates", catalog.templates.size());
  json.key("errors");
  json.begin_array();
  for (const LoadError& error : catalog.errors) {
    json.begin_object();
    json.member("file", error.place.file);
    json.member("line", error.place.line);
    json.member("column", error.place.column);
    json.member("unit", error.unit);
    json.member("message", error.message);
    json.end_object();
  }
  json.end_array();
  const std::uint64_t needed = descriptors_needed(catalog);
  json.key("descriptors");
  json.begin_object();
  json.member("needed", needed);
  json.member("limit", limit);
  json.member("enough", is_enough(limit, needed));
  json.end_object();
  json.key("missing_libraries");
  json.begin_array();
  for (const std::string& message : missing_allocators(catalog, libraries))
    json.value(message);
  json.end_array();
  const CapabilitiesNeeded capabilities = capabilities_needed(catalog);
  json.member("capabilities", to_string(capabilities.kept));
  json.member("extra_capabilities", to_string(capabilities.extra));
  json.member("shutdown_ms", milliseconds_of(shutdown_limit(catalog.config)));
  json.member("stop_grace_ms", milliseconds_of(stop_grace(catalog.config)));
  write_longest_stop(json, catalog);
  json.end_object();
  return std::move(json).take();
}

/// "redis (10s, then 30s)"
std::string step_text(const StopStep& step) {
  const bool has_both = step.stop.count() > 0 && step.after.count() > 0;
  return step.unit + " (" + (step.stop.count() > 0 ? format_duration(step.stop) : "") +
         (has_both ? ", then " : "") +
         (step.after.count() > 0 || step.stop.count() == 0 ? format_duration(step.after) : "") +
         ')';
}

void show_longest_stop(const Catalog& catalog, const Output& output) {
  const StopPath path = longest_stop(catalog);
  if (path.steps.empty())
    return;
  std::vector<std::string> steps;
  for (const StopStep& step : path.steps)
    if (steps.size() < kStepsShown)
      steps.push_back(step_text(step));
  if (path.steps.size() > steps.size())
    steps.push_back("and " + std::to_string(path.steps.size() - steps.size()) + " more");
  output.out << "longest stop: " << format_duration(path.total)
             << ", if each takes all of its time: " << join(steps, ", ") << '\n';
  if (path.fits(catalog.config))
    return;
  output.out << "  what does not end before is killed earlier; all of its time it has with "
                "[shutdown] timeout = \""
             << format_duration(path.timeout) << '"';
  if (path.after_stop.count() > 0)
    output.out << ", after_stop = \"" << format_duration(path.after_stop) << '"';
  output.out << ": docker stop -t " << stop_grace(wanted_times(path)).count() << '\n';
}

void show_capabilities(const Catalog& catalog, const Output& output) {
  const CapabilitiesNeeded needed = capabilities_needed(catalog);
  if (needed.kept == 0)
    return;
  output.out << "capabilities: units keep " << to_string(needed.kept);
  if (needed.extra != 0)
    output.out << "; containers have not by themselves " << to_string(needed.extra)
               << " (docker run --cap-add)";
  output.out << '\n';
}

void show_needs(const Catalog& catalog, const Limit& limit,
                const std::vector<std::string>& libraries, const Output& output) {
  const std::uint64_t needed = descriptors_needed(catalog);
  const std::string most = limit.has_value() ? std::to_string(*limit) : "any number";
  output.out << "descriptors: at most " << needed << " of " << most << '\n';
  if (!is_enough(limit, needed))
    output.out << output.paint(Colour::red, "error")
               << ": berth may not open so many: raise the hard limit (docker run --ulimit nofile="
               << needed << ")\n";
  for (const std::string& message : missing_allocators(catalog, libraries))
    output.out << output.paint(Colour::red, "error") << ": " << message << '\n';
  show_capabilities(catalog, output);
  output.out << "shutdown: over within " << format_duration(shutdown_limit(catalog.config))
             << ": docker stop -t " << stop_grace(catalog.config).count() << '\n';
  show_longest_stop(catalog, output);
}

}  // namespace

int show_verification(const Catalog& catalog, std::optional<std::uint64_t> descriptor_limit,
                      const std::vector<std::string>& libraries, const Output& output) {
  const int status = catalog.errors.empty() ? kSuccess : kFailure;
  if (output.json) {
    output.out << verification_json(catalog, descriptor_limit, libraries);
    return status;
  }
  for (const LoadError& error : catalog.errors)
    output.out << printable(error.str()) << '\n';
  output.out << count_of(catalog.units.size(), "unit") << ", "
             << count_of(catalog.templates.size(), "template") << ": "
             << (catalog.errors.empty()
                     ? output.paint(Colour::green, "nothing is wrong")
                     : output.paint(Colour::red, count_of(catalog.errors.size(), "error")))
             << '\n';
  show_needs(catalog, descriptor_limit, libraries, output);
  return status;
}

}  // namespace berth::ctl
