// The text of a TOML file as a small tree of our own, every key and value with its place.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace berth {

/// A place in one of the files of a load: `file` is an index that the loader gave.
struct Mark {
  std::uint32_t file = 0;
  std::uint32_t line = 0;    ///< from 1
  std::uint32_t column = 0;  ///< from 1, in characters
  auto operator<=>(const Mark&) const = default;
};

struct Node;
struct Member;

/// One value. Tables keep their members sorted by key.
struct Node {
  /// Of no use to any key: a date or a time.
  using Date = std::monostate;
  using Array = std::vector<Node>;
  using Table = std::vector<Member>;

  Mark at;
  std::variant<Date, std::string, std::int64_t, double, bool, Array, Table> value;

  const std::string* text() const { return std::get_if<std::string>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const Table* table() const { return std::get_if<Table>(&value); }
  Array* array() { return std::get_if<Array>(&value); }
  Table* table() { return std::get_if<Table>(&value); }

  /// The member called `key`, or null: also null if this is no table.
  const Member* find(std::string_view key) const;
  /// What it is, for messages: "a string", "a number", "a table" …
  std::string_view type_name() const;
};

struct Member {
  std::string key;
  Mark key_at;
  Node value;
};

/// An array that holds tables, and nothing else.
bool is_array_of_tables(const Node& node);

/// Where `table` has, or would have, a member called `key`.
Node::Table::iterator lower_bound(Node::Table& table, std::string_view key);

struct SyntaxError {
  Mark at;
  std::string message;
};

/// Reads a whole file; `file` goes into every mark. The first syntax error ends it.
std::variant<Node, SyntaxError> parse_toml(std::string_view text, std::uint32_t file);

}  // namespace berth
