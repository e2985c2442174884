// Value: what stands behind one key, read as the type that the key wants; what does not fit is
// reported.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "units/error_list.h"
#include "units/expansion.h"
#include "units/toml_document.h"
#include "units/unit.h"

namespace berth {

/// One unit naming another, with its place: checked once all files are read.
struct UnitReference {
  enum class Relation : std::uint8_t {
    requires_unit,
    wants,
    after,
    before,
    conflicts,
    part_of,
    on_failure,
    route,
    cgi,
    until,
    proxy,
    signal
  };
  std::string from;  ///< the unit, or the template, that names it; empty = berth.toml
  Relation relation = Relation::requires_unit;
  std::string target;
  Mark at;
};

/// What reading one unit needs beside the value itself.
struct Reading {
  ErrorList& errors;
  std::vector<UnitReference>& references;
  const Scope& scope;
  Bytes memory_total;
  std::string unit;  ///< whom errors break
};

struct Draft;

/// Whether a string anywhere in `node` mentions a variable: it may differ from unit to unit.
bool varies(const Node& node);

/// A view of one key and its value; lives for one call of the key's setter. Each reader stores into
/// `out` what it read, or reports what was expected and leaves `out` alone.
class Value {
 public:
  /// table: as messages name it, "[service]", "[[proxy.route]]", "ready".
  Value(const Node& node, std::string_view key, std::string_view table, Reading& reading)
      : node_(node), key_(key), table_(table), reading_(reading) {}

  const Node& node() const { return node_; }
  Reading& reading() const { return reading_; }

  void read(std::string& out);
  void read(bool& out);
  void read(Milliseconds& out);
  void read(Bytes& out);
  void read(Address& out);
  void read(Command& out);
  void read(std::vector<std::string>& out);
  void read(std::vector<Address>& out);  ///< one, or a list
  void read(std::vector<Network>& out);
  void read(std::vector<Command>& out);
  template <typename T>
  void read(std::optional<T>& out) {
    T value{};
    if (unbroken([&] { read(value); })) {
      out = std::move(value);
    }
  }

  /// A whole number from `least` to `most`.
  template <typename T>
  void number(T& out, std::int64_t least = 0, std::int64_t most = std::numeric_limits<T>::max()) {
    if (const auto read = whole_number(least, most)) {
      out = static_cast<T>(*read);
    }
  }
  /// A duration longer than none.
  void positive_duration(Milliseconds& out);
  /// A text that is completed at the unit's start.
  void start_text(std::string& out);
  void absolute_path(std::string& out);
  /// One, or a list.
  void absolute_paths(std::vector<std::string>& out);
  /// A list of texts each of which `check` likes; `what` is the list in words.
  void texts(std::vector<std::string>& out, std::string_view what,
             const std::function<bool(const std::string&)>& check);
  void signal(int& out);
  /// Octal digits in a string: "0755".
  void octal(std::uint32_t& out);
  void unit_name(std::string& out, UnitReference::Relation relation);
  void unit_names(std::vector<std::string>& out, UnitReference::Relation relation);
  /// One of a few words.
  template <typename T>
  void choice(T& out, std::initializer_list<std::pair<std::string_view, T>> words) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : words) {
      names.push_back(name);
    }
    if (const auto index = one_of(node_, names)) {
      out = (words.begin() + *index)->second;
    }
  }
  void word(std::string& out, const std::vector<std::string_view>& words);
  /// The index in `words` of what `node` (this value, or a part of it) says.
  std::optional<std::size_t> one_of(const Node& node, const std::vector<std::string_view>& words);

  /// The text of `node` (this value, or a part of it), expanded; nullopt and reported if it is no
  /// string. what: "a duration such as "5s"".
  std::optional<std::string> text_of(const Node& node, std::string_view what,
                                     ExpandAt when = ExpandAt::load);
  /// The same, and a scalar of another type as its text: what a variable or an environment takes.
  std::optional<std::string> scalar_text(const Node& node, std::string_view what, ExpandAt when);
  /// Whether this is a string with a variable in it, so that its type shows only when expanded.
  bool is_variable() const;

  /// `"key" in [table] must be WHAT, not a number`
  void mismatch(const Node& node, std::string_view what);
  /// `"key" in [table] must be WHAT, not "TEXT": WHY`
  void mismatch(const Node& node, std::string_view what, std::string_view text,
                std::string_view why);
  /// `"key" in [table] MESSAGE`
  void complain(Mark at, std::string_view message);

 private:
  std::optional<std::int64_t> whole_number(std::int64_t least, std::int64_t most);
  std::optional<Command> command(const Node& node);
  std::optional<std::string> absolute_path(const Node& node, std::string_view what);
  bool argv_of(const Node& node, std::vector<std::string>& argv);
  /// Runs `reader` and tells whether it had nothing to report.
  bool unbroken(const std::function<void()>& reader);
  template <typename T, typename Parse>
  void parse_text(const Node& node, std::string_view what, T& out, Parse parse);
  /// Calls `each` for every entry of the array that this is; reports anything else.
  bool for_each(std::string_view what, const std::function<void(const Node&)>& each);

  const Node& node_;
  std::string_view key_;
  std::string_view table_;
  Reading& reading_;
  bool complained_ = false;
};

}  // namespace berth
