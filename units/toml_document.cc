// The one file with toml++: its tree becomes ours, its exception an error.
#include "units/toml_document.h"

#include <algorithm>

#include "units/scan.h"

namespace berth {
namespace {

/// Thrown where toml++ finds one of its own assumptions broken.
struct BrokenAssumption {};

[[noreturn]] void throw_broken_assumption() {
  throw BrokenAssumption();
}

}  // namespace
}  // namespace berth

// toml++ 3.3 asserts, and with NDEBUG assumes, that a table's header begins with a key: "[=]" would
// end PID 1, or make anything happen. Its assertions throw here instead, in every build.
#undef NDEBUG
#define TOML_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::berth::throw_broken_assumption())
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace berth {
namespace {

// Each dot of "a.b.c" is a level of nesting, and toml++ bounds levels of brackets only: its
// destructor would use up the stack.
constexpr int kMostDots = 64;

Mark to_mark(const toml::source_position& position, std::uint32_t file) {
  return Mark{file, static_cast<std::uint32_t>(position.line),
              static_cast<std::uint32_t>(position.column)};
}

Node to_node(toml::node&& from, std::uint32_t file);

Node::Table to_table(toml::table& from, std::uint32_t file) {
  Node::Table table;
  table.reserve(from.size());
  for (auto&& [key, value] : from) {  // ordered by key
    table.push_back(Member{std::string(key.str()), to_mark(key.source().begin, file),
                           to_node(std::move(value), file)});
  }
  return table;
}

Node::Array to_array(toml::array& from, std::uint32_t file) {
  Node::Array array;
  array.reserve(from.size());
  for (auto&& item : from) {
    array.push_back(to_node(std::move(item), file));
  }
  return array;
}

Node to_node(toml::node&& from, std::uint32_t file) {
  Node node;
  node.at = to_mark(from.source().begin, file);
  if (auto* text = from.as_string()) {
    node.value = std::move(text->get());
  } else if (const auto* number = from.as_integer()) {
    node.value = number->get();
  } else if (const auto* real = from.as_floating_point()) {
    node.value = real->get();
  } else if (const auto* flag = from.as_boolean()) {
    node.value = flag->get();
  } else if (auto* array = from.as_array()) {
    node.value = to_array(*array, file);
  } else if (auto* table = from.as_table()) {
    node.value = to_table(*table, file);
  }
  return node;
}

/// The line of the first key with too many dots, or 0. Looks at strings and comments as well: a
/// chain of that many words joined by dots stands in none of them either.
std::uint32_t line_of_deep_key(std::string_view text) {
  std::uint32_t line = 1;
  int dots = 0;
  bool segment = false;
  for (const char c : text) {
    if (c == '.' && segment) {
      ++dots;
      segment = false;
    } else if (scan::is_alnum(c) || c == '_' || c == '-' || c == '"' || c == '\'') {
      segment = true;
    } else if (c != ' ' && c != '\t') {
      dots = 0;
      segment = false;
    }
    if (dots > kMostDots) {
      return line;
    }
    line += c == '\n' ? 1 : 0;
  }
  return 0;
}

/// Where the first table's header that does not begin with a key stands: toml++ does not say it.
Mark place_of_bad_header(std::string_view text, std::uint32_t file) {
  for (std::uint32_t line = 1; !text.empty(); ++line) {
    std::string_view rest = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(rest.size() + 1, text.size()));
    const std::size_t length = rest.size();
    scan::take_while(rest, scan::is_blank);
    const auto brackets = scan::take_while(rest, [](char c) { return c == '['; });
    scan::take_while(rest, scan::is_blank);
    const bool is_key =
        !rest.empty() &&
        (scan::is_alnum(rest.front()) || std::string_view("_-\"'").find(rest.front()) != rest.npos);
    if (!brackets.empty() && !is_key) {
      return Mark{file, line, static_cast<std::uint32_t>(length - rest.size() + 1)};
    }
  }
  return Mark{file, 1, 1};
}

}  // namespace

const Member* Node::find(std::string_view key) const {
  const Table* members = table();
  if (members == nullptr) {
    return nullptr;
  }
  const auto found =
      std::lower_bound(members->begin(), members->end(), key,
                       [](const Member& member, std::string_view k) { return member.key < k; });
  return found != members->end() && found->key == key ? &*found : nullptr;
}

std::string_view Node::type_name() const {
  switch (value.index()) {
    case 1:
      return "a string";
    case 2:
      return "a number";
    case 3:
      return "a number with decimals";
    case 4:
      return "true or false";
    case 5:
      return "an array";
    case 6:
      return "a table";
    default:
      return "a date";
  }
}

bool is_array_of_tables(const Node& node) {
  const Node::Array* items = node.array();
  return items != nullptr && !items->empty() &&
         std::all_of(items->begin(), items->end(),
                     [](const Node& item) { return item.table() != nullptr; });
}

Node::Table::iterator lower_bound(Node::Table& table, std::string_view key) {
  return std::lower_bound(table.begin(), table.end(), key,
                          [](const Member& member, std::string_view k) { return member.key < k; });
}

std::variant<Node, SyntaxError> parse_toml(std::string_view text, std::uint32_t file) {
  if (const std::uint32_t line = line_of_deep_key(text); line != 0) {
    return SyntaxError{Mark{file, line, 1}, "a key is nested too deeply"};
  }
  try {
    toml::table root = toml::parse(text);
    Node node;
    node.at = Mark{file, 1, 1};
    node.value = to_table(root, file);
    return node;
  } catch (const toml::parse_error& error) {
    return SyntaxError{to_mark(error.source().begin, file), std::string(error.description())};
  } catch (const BrokenAssumption&) {
    return SyntaxError{place_of_bad_header(text, file), "a table's header begins with its name"};
  }
}

}  // namespace berth
