// Variables and names.
#include "proxy/field_edits.h"

#include <algorithm>
#include <array>
#include <utility>

namespace berth::proxy {

std::string_view scheme_of(const HttpHead& head, const RequestFacts& facts) {
  const bool told = facts.trusted && head.value(HeaderName::x_forwarded_proto) == "https";
  return told || facts.secure ? "https" : "http";
}

void FieldEdits::assign(const std::vector<HeaderEdit>& edits, const HttpHead& head,
                        const RequestFacts& facts) {
  const std::array<std::pair<std::string_view, std::string_view>, 3> variables{
      {{"$host", facts.authority},
       {"$remote_addr", facts.client_ip},
       {"$scheme", scheme_of(head, facts)}}};
  edits_ = edits;
  for (HeaderEdit& edit : edits_) {
    for (std::size_t at = edit.value.find('$'); at != std::string::npos;
         at = edit.value.find('$', at)) {
      const auto named =
          std::find_if(variables.begin(), variables.end(), [&](const auto& variable) {
            return std::string_view(edit.value).substr(at).starts_with(variable.first);
          });
      if (named == variables.end()) {
        ++at;
        continue;
      }
      edit.value.replace(at, named->first.size(), named->second);
      at += named->second.size();
    }
  }
}

bool FieldEdits::replaces(std::string_view name) const {
  return std::any_of(edits_.begin(), edits_.end(),
                     [&](const HeaderEdit& edit) { return equals_ignoring_case(edit.name, name); });
}

void FieldEdits::append(std::string& out) const {
  for (const HeaderEdit& edit : edits_) {
    if (edit.value.empty())
      continue;
    append_field(out, edit.name, edit.value);
  }
  out += beside_;
}

}  // namespace berth::proxy
