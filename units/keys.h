// The one table of keys: what a unit file may say, where, and what it sets. It drives the parser,
// "did you mean" and the test of the man page. A new key is a row in the *_keys.cc of its table and
// a member in unit.h.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "units/key_value.h"

namespace berth {

/// What a setter writes to: the unit that grows, and what keys beside the unit's own set.
struct Draft {
  Unit unit;
  BerthConfig config;
  Command command;                ///< the entry of a list of commands that is being read
  std::vector<std::string> vars;  ///< [tenant] vars as written: "owner", "logo?"
};

/// Kinds of units as bits; berth.toml counts as one more.
using Kinds = std::uint8_t;
constexpr Kinds kind_bit(UnitKind kind) {
  return static_cast<Kinds>(1U << static_cast<unsigned>(kind));
}
inline constexpr Kinds kService = kind_bit(UnitKind::service), kJob = kind_bit(UnitKind::job),
                       kTenant = kind_bit(UnitKind::tenant), kProxy = kind_bit(UnitKind::proxy),
                       kBerthToml = 1U << 4, kAnyUnit = kService | kJob | kTenant | kProxy,
                       kAnyKind = kAnyUnit | kBerthToml;

struct Key {
  /// Where it stands, as messages and the man page name it: "[service]", "[[proxy.route]]",
  /// "ready". A key that several kinds' own tables share has the first of them.
  std::string_view table;
  std::string_view name;
  std::string_view type;      ///< for people
  std::string_view fallback;  ///< the default as TOML; empty = none
  Kinds kinds;                ///< where it is valid
  void (*set)(Value& value, Draft& draft);
};

inline constexpr std::string_view kCommandTable = "a command";
inline constexpr std::string_view kInstanceTable = "[[instance]]";
inline constexpr std::string_view kProcessTable = "[process]";
inline constexpr std::string_view kMemoryTable = "[memory]";
/// The top of berth.toml, outside of any table.
inline constexpr std::string_view kTopTable = "berth.toml";

/// All keys, grouped by table; the rows of one file after those of the other.
std::array<std::span<const Key>, 5> all_keys();

/// The key `name` of `table`, valid for one of `kinds`; or null. `table` may be the own table of
/// any kind.
const Key* find_key(std::string_view table, Kinds kinds, std::string_view name);

/// "[service]", "[job]", "[tenant]", "[proxy]".
std::string_view own_table(UnitKind kind);

/// Reports a key as unknown in the first of `tables`, with the table where it belongs or the
/// nearest name that one of `tables` has.
void report_unknown_key(const Member& member, const std::vector<std::string_view>& tables,
                        Kinds kinds, Reading& reading);

/// Reads every member of `node` by the keys of `table` into `draft`; unknown ones are reported.
void read_members(const Node& node, std::string_view table, Kinds kinds, Draft& draft,
                  Reading& reading);

/// Reports each of the keys `needed` that `node` lacks.
void check_needed(const Node& node, std::string_view table,
                  std::initializer_list<std::string_view> needed, Reading& reading);

/// Reports `node` if it does not have exactly one of `keys`.
void check_choice(const Node& node, std::string_view table,
                  std::initializer_list<std::string_view> keys, Reading& reading);

/// Whether the `when` of an entry holds; also if it has none.
bool holds(const Node& entry, std::string_view table, Reading& reading);

/// As holds(). If it does not, the names of the entry's keys are checked all the same, so that a
/// slip shows everywhere.
bool applies(const Node& entry, std::string_view table, Kinds kinds, Reading& reading);

/// An initial draft of `kind`, with the defaults of that kind.
Draft new_draft(UnitKind kind);

}  // namespace berth
