// Reading the two forms in which instances are declared.
#include "units/instances.h"

#include <algorithm>
#include <array>

#include "units/keys.h"

namespace berth {
namespace {

void collect_lines(const Node& tables, Reading& reading, std::vector<InstanceDeclaration>& out) {
  if (tables.table() == nullptr) {
    Value(tables, "instances", "", reading).mismatch(tables, "a table of templates");
    return;
  }
  for (const Member& of_template : *tables.table()) {
    const std::string table = "[instances." + of_template.key + "]";
    if (of_template.value.table() == nullptr) {
      Value value(of_template.value, of_template.key, "[instances]", reading);
      value.mismatch(of_template.value, "a table of instances");
      continue;
    }
    for (const Member& line : *of_template.value.table()) {
      if (line.value.table() == nullptr) {
        Value value(line.value, line.key, table, reading);
        value.mismatch(line.value, "a table of values");
        continue;
      }
      out.push_back(
          {of_template.key, line.key, of_template.key_at, line.key_at, &line.value, nullptr});
    }
  }
}

/// The text of a key that every block needs.
std::optional<std::string> needed_text(const Node& block, std::string_view key, Reading& reading) {
  const Member* member = block.find(key);
  if (member == nullptr) {
    reading.errors.add(block.at, reading.unit, "[[instance]] needs \"" + std::string(key) + "\"");
    return std::nullopt;
  }
  Value value(member->value, key, kInstanceTable, reading);
  return value.text_of(member->value, "a string");
}

void collect_blocks(const Node& blocks, Reading& reading, std::vector<InstanceDeclaration>& out) {
  Value value(blocks, "instance", "", reading);
  if (blocks.array() == nullptr || (!blocks.array()->empty() && !is_array_of_tables(blocks))) {
    value.mismatch(blocks, "an array of tables: [[instance]]");
    return;
  }
  for (const Node& block : *blocks.array()) {
    // Whether the keys are right depends on the template: make_instance() sees to it.
    if (!holds(block, kInstanceTable, reading)) {
      continue;
    }
    auto of_template = needed_text(block, "template", reading);
    auto name = needed_text(block, "name", reading);
    const Member* values = block.find("vars");
    if (values != nullptr && values->value.table() == nullptr) {
      Value(values->value, "vars", kInstanceTable, reading).mismatch(values->value, "a table");
      values = nullptr;
    }
    if (of_template && name) {
      out.push_back({*std::move(of_template), *std::move(name), block.find("template")->value.at,
                     block.find("name")->value.at, values == nullptr ? nullptr : &values->value,
                     &block});
    }
  }
}

constexpr std::array<std::string_view, 7> kGeneratedKeys{"template", "name",  "vars", "env",
                                                         "path",     "hosts", "when"};

void check_generated_block(const Node& block, const std::string& source, Reading& reading) {
  const auto text_of = [&](std::string_view key) {
    const Member* member = block.find(key);
    const std::string* text = member == nullptr ? nullptr : member->value.text();
    return text == nullptr ? std::string() : *text;
  };
  const std::string instance = text_of("template") + "@" + text_of("name");
  for (const Member& member : *block.table()) {
    if (std::find(kGeneratedKeys.begin(), kGeneratedKeys.end(), member.key) ==
        kGeneratedKeys.end()) {
      reading.errors.add(
          member.key_at, instance,
          "\"" + member.key + "\" is not accepted from " + source +
              ": an instance of its has \"vars\", \"env\", \"path\" and \"hosts\" alone");
    }
  }
}

}  // namespace

void check_generated(const Node& root, const std::string& source, Reading& reading) {
  for (const Member& member : *root.table()) {
    if (member.key == "instance" && is_array_of_tables(member.value)) {
      for (const Node& block : *member.value.array()) {
        check_generated_block(block, source, reading);
      }
    } else if (member.key != "instance" && member.key != "instances") {
      reading.errors.add(member.key_at, "",
                         "\"" + member.key + "\" is not accepted from " + source +
                             ": its file has [instances.TEMPLATE] and [[instance]] alone");
    }
  }
}

std::vector<InstanceDeclaration> collect_instances(const Node& root, Reading& reading) {
  std::vector<InstanceDeclaration> found;
  if (const Member* lines = root.find("instances")) {
    collect_lines(lines->value, reading, found);
  }
  if (const Member* blocks = root.find("instance")) {
    collect_blocks(blocks->value, reading, found);
  }
  return found;
}

}  // namespace berth
