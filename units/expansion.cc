// One pass over the text; defaults may hold variables themselves.
#include "units/expansion.h"

#include <algorithm>
#include <array>

#include "units/scan.h"
#include "units/suggestion.h"

namespace berth {
namespace {

constexpr std::array<std::string_view, 2> kStartNames{"port", "socket"};
constexpr std::array<std::string_view, 4> kUnitNames{"unit", "instance", "instance_dashed",
                                                     "run_dir"};
// A default within a default within a default: nobody writes more, and each level is a call.
constexpr int kDeepestDefault = 8;

bool is_start_name(std::string_view name) {
  return std::find(kStartNames.begin(), kStartNames.end(), name) != kStartNames.end();
}

bool is_name_char(char c) {
  return scan::is_alnum(c) || c == '_';
}

/// One "${NAME}" or "${NAME:-default}" at the front of a text.
struct Reference {
  std::string_view name;
  std::optional<std::string_view> fallback;
  std::size_t size = 0;  ///< of the whole; 0 = there is none
};

/// The position of the '}' that closes what began before `from`, or npos.
std::size_t closing_brace(std::string_view text, std::size_t from) {
  int depth = 1;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return text.npos;
}

Result<Reference> read_reference(std::string_view text) {
  Reference reference;
  if (!text.starts_with("${")) {
    return reference;
  }
  std::string_view rest = text.substr(2);
  const std::string_view name = scan::take_while(rest, is_name_char);
  if (!is_variable_name(name)) {
    return reference;
  }
  const std::size_t after_name = 2 + name.size();
  if (rest.starts_with("}")) {
    return Reference{name, std::nullopt, after_name + 1};
  }
  if (!rest.starts_with(":-")) {
    return reference;
  }
  const std::size_t begin = after_name + 2;
  const std::size_t end = closing_brace(text, begin);
  if (end == text.npos) {
    return Error{ErrorCode::invalid, "\"${" + std::string(name) + ":-\" is never closed by \"}\""};
  }
  return Reference{name, text.substr(begin, end - begin), end + 1};
}

Error undefined(std::string_view name, const Scope& scope) {
  std::vector<std::string_view> known(kUnitNames.begin(), kUnitNames.end());
  if (scope.has_endpoint) {
    known.insert(known.end(), kStartNames.begin(), kStartNames.end());
  }
  known.insert(known.end(), scope.declared.begin(), scope.declared.end());
  return Error{ErrorCode::not_found,
               "undefined variable \"" + std::string(name) + "\"" + did_you_mean(name, known)};
}

/// Appends to the result of an expansion; where the text is completed at start, it doubles the
/// dollars of a literal "${port}" so that nothing expands twice.
class Output {
 public:
  using Quote = std::string (*)(std::string_view);
  Output(const Scope& scope, ExpandAt when, Quote quote)
      : guards_(when == ExpandAt::start && scope.has_endpoint), quote_(quote) {}

  void literal(std::string_view text) { out_ += text; }
  void inserted(std::string_view text) {
    out_ += quote_ == nullptr ? std::string(text) : quote_(text);
  }
  void start_reference(std::string_view name) {
    if (guards_) {
      double_dollars_before(out_.size());
    }
    kept_.push_back(out_.size());
    out_ += "${" + std::string(name) + "}";
  }
  std::string take() && {
    if (guards_) {
      guard_literals();
    }
    return std::move(out_);
  }

 private:
  /// Doubles the run of dollars that ends at `end`; returns how many it added.
  std::size_t double_dollars_before(std::size_t end) {
    std::size_t begin = end;
    while (begin > 0 && out_[begin - 1] == '$') {
      --begin;
    }
    out_.insert(begin, std::string(end - begin, '$'));
    return end - begin;
  }
  /// Literal text that spells a start reference, written "$${port}" or inserted by a variable.
  void guard_literals() {
    std::size_t kept = 0;
    std::size_t shift = 0;
    for (std::size_t at = out_.find("${"); at != out_.npos; at = out_.find("${", at + 2)) {
      const bool is_kept = kept < kept_.size() && kept_[kept] + shift == at;
      if (is_kept) {
        ++kept;
        continue;
      }
      const std::size_t close = out_.find('}', at);
      if (close != out_.npos &&
          is_start_name(std::string_view(out_).substr(at + 2, close - at - 2))) {
        const std::size_t added = double_dollars_before(at + 1);
        shift += added;
        at += added;
      }
    }
  }

  std::string out_;
  std::vector<std::size_t> kept_;  ///< where the references that stay begin
  bool guards_ = false;
  Quote quote_ = nullptr;
};

Result<void> expand_into(Output& out, std::string_view text, const Scope& scope, ExpandAt when,
                         int depth);

Result<void> expand_reference(Output& out, const Reference& reference, const Scope& scope,
                              ExpandAt when, int depth) {
  const std::string name(reference.name);
  const std::string* value = scope.find(name);
  // As in a shell, ":-" also stands in for an empty value.
  if (value != nullptr && !(value->empty() && reference.fallback)) {
    out.inserted(*value);
    return {};
  }
  if (value == nullptr && scope.has_endpoint && is_start_name(name)) {
    if (when == ExpandAt::load) {
      return Error{ErrorCode::invalid, "\"${" + name +
                                           "}\" is known only when the unit starts: it may stand "
                                           "in commands, env and ready"};
    }
    out.start_reference(name);
    return {};
  }
  if (!reference.fallback) {
    return undefined(name, scope);
  }
  if (depth == kDeepestDefault) {
    return Error{ErrorCode::invalid, "defaults within defaults are nested too deeply"};
  }
  return expand_into(out, *reference.fallback, scope, when, depth + 1);
}

Result<void> expand_into(Output& out, std::string_view text, const Scope& scope, ExpandAt when,
                         int depth) {
  while (!text.empty()) {
    // A default is inserted as a value would be.
    const auto put = [&](std::string_view piece) {
      depth == 0 ? out.literal(piece) : out.inserted(piece);
    };
    const std::size_t dollar = std::min(text.find('$'), text.size());
    put(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      put("$");
      text.remove_prefix(2);
      continue;
    }
    const Reference reference = BERTH_TRY(read_reference(text));
    if (reference.size != 0) {
      BERTH_TRY(expand_reference(out, reference, scope, when, depth));
      text.remove_prefix(reference.size);
    } else if (!text.empty()) {
      put("$");
      text.remove_prefix(1);
    }
  }
  return {};
}

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && !scan::is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), is_name_char);
}

const std::string* Scope::find(const std::string& name) const {
  if (const auto value = values.find(name); value != values.end()) {
    return &value->second;
  }
  if (std::find(declared.begin(), declared.end(), name) != declared.end()) {
    return nullptr;
  }
  const std::array<const std::string*, kUnitNames.size()> own{&unit, &instance, &instance_dashed,
                                                              &run_dir};
  for (std::size_t i = 0; i < own.size(); ++i) {
    // A plain unit has no instance: the name is as good as undefined.
    if (kUnitNames[i] == name && !own[i]->empty()) {
      asked_for_run_dir |= own[i] == &run_dir;
      return own[i];
    }
  }
  if (has_endpoint && is_start_name(name)) {
    return nullptr;
  }
  if (environment == nullptr) {
    return nullptr;
  }
  const auto found = environment->find(name);
  return found == environment->end() ? nullptr : &found->second;
}

Result<std::string> expand(std::string_view text, const Scope& scope, ExpandAt when,
                           std::string (*quote)(std::string_view)) {
  if (!mentions_variables(text)) {
    return std::string(text);
  }
  Output out(scope, when, quote);
  BERTH_TRY(expand_into(out, text, scope, when, 0));
  return std::move(out).take();
}

std::string expand_at_start(std::string_view text,
                            const std::map<std::string, std::string>& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    const std::string_view dollars = scan::take_while(text, [](char c) { return c == '$'; });
    const std::size_t close = text.starts_with("{") ? text.find('}') : text.npos;
    const auto value =
        close == text.npos ? values.end() : values.find(std::string(text.substr(1, close - 1)));
    if (dollars.empty() || value == values.end()) {
      out += dollars;
      continue;
    }
    // An even run is that many literal dollars, doubled, before literal text; an odd one ends in
    // the '$' of the reference.
    out.append(dollars.size() / 2, '$');
    if (dollars.size() % 2 == 1) {
      out += value->second;
      text.remove_prefix(close + 1);
    }
  }
  return out;
}

}  // namespace berth
