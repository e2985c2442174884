// Errors with their places.
#include "init/ctl/verify.h"

#include <utility>

#include "init/ctl/json_writer.h"
#include "init/ctl/options.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

std::string verification_json(const Catalog& catalog) {
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
  json.end_object();
  return std::move(json).take();
}

}  // namespace

int show_verification(const Catalog& catalog, const Output& output) {
  const int status = catalog.errors.empty() ? kSuccess : kFailure;
  if (output.json) {
    output.out << verification_json(catalog);
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
  return status;
}

}  // namespace berth::ctl
