// Errors with their places, and what the container must grant.
#include "init/ctl/verify.h"

#include <utility>

#include "init/ctl/json_writer.h"
#include "init/ctl/options.h"
#include "init/ctl/words.h"
#include "units/container_needs.h"

namespace berth::ctl {
namespace {

using Limit = std::optional<std::uint64_t>;

std::uint64_t milliseconds_of(Milliseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

bool is_enough(const Limit& limit, std::uint64_t needed) {
  return !limit.has_value() || *limit >= needed;
}

std::string verification_json(const Catalog& catalog, const Limit& limit) {
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
  json.member("shutdown_ms", milliseconds_of(shutdown_limit(catalog.config)));
  json.member("stop_grace_ms", milliseconds_of(stop_grace(catalog.config)));
  json.end_object();
  return std::move(json).take();
}

void show_needs(const Catalog& catalog, const Limit& limit, const Output& output) {
  const std::uint64_t needed = descriptors_needed(catalog);
  const std::string most = limit.has_value() ? std::to_string(*limit) : "any number";
  output.out << "descriptors: at most " << needed << " of " << most << '\n';
  if (!is_enough(limit, needed))
    output.out << output.paint(Colour::red, "error")
               << ": berth may not open so many: raise the hard limit (docker run --ulimit nofile="
               << needed << ")\n";
  output.out << "shutdown: over within " << format_duration(shutdown_limit(catalog.config))
             << ": docker stop -t " << stop_grace(catalog.config).count() << '\n';
}

}  // namespace

int show_verification(const Catalog& catalog, std::optional<std::uint64_t> descriptor_limit,
                      const Output& output) {
  const int status = catalog.errors.empty() ? kSuccess : kFailure;
  if (output.json) {
    output.out << verification_json(catalog, descriptor_limit);
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
  show_needs(catalog, descriptor_limit, output);
  return status;
}

}  // namespace berth::ctl
