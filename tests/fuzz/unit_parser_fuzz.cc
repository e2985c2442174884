// load_catalog() on arbitrary text: nothing crashes, and what is loaded keeps the catalog's
// promises.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "units/catalog.h"
#include "units/expansion.h"

namespace {

// Separates files within one input: "== NAME.toml" on a line of its own.
constexpr std::string_view kFileMark = "== ";

/// The files of an input; text before the first mark is "unit.toml".
std::vector<berth::SourceFile> split(std::string_view input) {
  std::vector<berth::SourceFile> files;
  files.push_back({"unit.toml", "unit.toml", "", 0, false});
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(line.size() < input.size() ? line.size() + 1 : line.size());
    if (line.starts_with(kFileMark)) {
      const std::string name(line.substr(kFileMark.size()));
      files.push_back({name, name, "", static_cast<unsigned>(files.size() % 3), false});
    } else {
      files.back().text.append(line).push_back('\n');
    }
  }
  return files;
}

void check(bool promise) {
  if (!promise) {
    std::abort();
  }
}

void check_unit(const berth::Catalog& catalog, const std::string& name, const berth::Unit& unit) {
  check(unit.name.str() == name && !unit.name.is_template());
  check(berth::UnitName::parse(name).has_value());
  check(unit.job.has_value() == (unit.kind == berth::UnitKind::job));
  check(unit.tenant.has_value() == (unit.kind == berth::UnitKind::tenant));
  check(unit.proxy.has_value() == (unit.kind == berth::UnitKind::proxy));
  for (const auto* names : {&unit.info.requires_units, &unit.info.wants, &unit.info.after}) {
    for (const std::string& other : *names) {
      check(catalog.find(other) != nullptr);
    }
  }
  if (unit.kind == berth::UnitKind::service || unit.kind == berth::UnitKind::tenant) {
    check(!unit.service.command.argv.empty());
    berth::expand_at_start(unit.service.command.argv.back(), {{"port", "${port}"}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  std::vector<berth::SourceFile> files = split(input);
  const berth::SourceFile berth_toml = files.back();
  berth::LoadContext context;
  context.environment = {{"HOME", "/root"}, {"PORT", "80"}};
  const bool has_defaults = berth_toml.file_name == "berth.toml";
  if (has_defaults) {
    files.pop_back();
  }
  const berth::Catalog catalog =
      berth::load_catalog(files, has_defaults ? &berth_toml : nullptr, context);
  for (const auto& [name, unit] : catalog.units) {
    check_unit(catalog, name, unit);
  }
  for (const berth::LoadError& error : catalog.errors) {
    check(!error.str().empty());
  }
  return 0;
}
