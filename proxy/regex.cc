// RE2 behind RegexList.
#include "proxy/regex.h"

#include <algorithm>

#include <re2/re2.h>
#include <re2/set.h>

#include "proxy/diagnostics.h"

namespace berth::proxy {
namespace {

/// What a regex, and all of them together, may take for the automata that RE2 builds as it goes.
constexpr std::int64_t kMemory = std::int64_t{1} << 20;

RE2::Options options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // paths are bytes
  options.set_log_errors(false);
  options.set_max_mem(kMemory);
  return options;
}

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct RegexList::Compiled {
  explicit Compiled(const std::string& text) : regex(text, options()) {}
  RE2 regex;
};

struct RegexList::All {
  All() : set(options(), RE2::UNANCHORED) {}
  RE2::Set set;
  std::vector<int> numbers;  ///< of the members of `set`, in RegexList
};

RegexList::RegexList() = default;
RegexList::~RegexList() = default;
RegexList::RegexList(RegexList&&) noexcept = default;
RegexList& RegexList::operator=(RegexList&&) noexcept = default;

std::size_t RegexList::add(const std::string& regex) {
  regexes_.push_back(std::make_unique<Compiled>(regex));
  const RE2& compiled = regexes_.back()->regex;
  if (!compiled.ok())
    report("route table: the regex \"" + regex + "\" matches nothing: " + compiled.error());
  return regexes_.size() - 1;
}

void RegexList::compile() {
  if (regexes_.size() < 2)
    return;
  all_ = std::make_unique<All>();
  for (std::size_t i = 0; i < regexes_.size(); ++i) {
    const RE2& regex = regexes_[i]->regex;
    if (regex.ok() && all_->set.Add(regex.pattern(), nullptr) >= 0)
      all_->numbers.push_back(static_cast<int>(i));
  }
  if (all_->numbers.empty() || !all_->set.Compile())
    all_.reset();  // too large together: one by one then
}

void RegexList::match_one_by_one(std::string_view text) const {
  hits_.clear();
  for (std::size_t i = 0; i < regexes_.size(); ++i) {
    const RE2& regex = regexes_[i]->regex;
    if (regex.ok() && RE2::PartialMatch(piece(text), regex))
      hits_.push_back(static_cast<int>(i));
  }
}

const std::vector<int>& RegexList::matches(std::string_view text) const {
  hits_.clear();
  if (all_ == nullptr) {
    match_one_by_one(text);
    return hits_;
  }
  RE2::Set::ErrorInfo error{};
  if (!all_->set.Match(piece(text), &hits_, &error) && error.kind != RE2::Set::kNoError) {
    match_one_by_one(text);  // its automaton has outgrown kMemory
    return hits_;
  }
  for (int& hit : hits_)
    hit = all_->numbers[static_cast<std::size_t>(hit)];
  std::sort(hits_.begin(), hits_.end());
  return hits_;
}

void RegexList::capture(std::size_t number, std::string_view text, Captures& captures) const {
  const RE2& regex = regexes_[number]->regex;
  std::array<re2::StringPiece, std::tuple_size_v<Captures>> groups;
  const int wanted = std::min(static_cast<int>(groups.size()), regex.NumberOfCapturingGroups() + 1);
  captures.fill({});
  if (!regex.Match(piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(), wanted))
    return;
  for (std::size_t i = 0; i < static_cast<std::size_t>(wanted); ++i)
    captures[i] = {groups[i].data(), groups[i].size()};
}

void append_template(std::string& out, std::string_view text, const Captures& captures) {
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    const bool is_group = text.size() > 1 && text[1] >= '0' && text[1] <= '9';
    if (is_group)
      out += captures[static_cast<std::size_t>(text[1] - '0')];
    else if (!text.empty())
      out += '$';
    text.remove_prefix(std::min<std::size_t>(is_group ? 2 : 1, text.size()));
  }
}

}  // namespace berth::proxy
