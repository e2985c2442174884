// Fuzz target: any text as a value with variables. Expanding is safe, an error says what is wrong,
// and a text without a `$` stays as it is.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/fuzz/require.h"
#include "units/expansion.h"

namespace {}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::map<std::string, std::string> environment = {{"HOME", "/root"}, {"EMPTY", ""}};
  berth::Scope scope;
  scope.environment = &environment;
  scope.values = {{"owner", "Boston"}, {"dollar", "$${port}"}};
  scope.declared = {"logo"};
  scope.has_endpoint = true;
  for (const auto when : {berth::ExpandAt::load, berth::ExpandAt::start}) {
    const auto expanded = berth::expand(text, scope, when);
    if (!expanded) {
      require(!expanded.error().message.empty());
      continue;
    }
    require(berth::mentions_variables(text) || *expanded == text);
    berth::expand_at_start(*expanded, {{"port", "${socket}"}, {"socket", "/x"}});
  }
  return 0;
}
