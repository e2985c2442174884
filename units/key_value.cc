// The readers that many keys share.
#include "units/key_value.h"

#include <algorithm>

#include "units/keys.h"
#include "units/scan.h"
#include "units/suggestion.h"

namespace berth {
namespace {

constexpr std::string_view kDuration = "a duration such as \"5s\"";
constexpr std::string_view kSize = "a size such as \"64M\"";
constexpr std::string_view kAddress =
    "an address such as \"127.0.0.1:3000\" or \"unix:/run/x.sock\"";
constexpr std::string_view kNetworks = "a list of networks such as \"10.0.0.0/8\"";
constexpr std::string_view kTexts = "a list of strings";
constexpr std::string_view kUnitNames = "a list of unit names";
constexpr std::string_view kCommand = "a command: a string or a list of strings";
constexpr std::string_view kCommands =
    "a list of commands, each a string, a list of strings or a table";
constexpr std::string_view kSignal = "a signal such as \"SIGTERM\"";

/// The shortest text of a TOML number that is no integer.
std::string real_text(double number) {
  std::string text(32, '\0');
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  text.resize(error == std::errc{} ? static_cast<std::size_t>(end - text.data()) : 0);
  return text;
}

}  // namespace

bool varies(const Node& node) {
  if (const std::string* text = node.text()) {
    return mentions_variables(*text);
  }
  if (const Node::Array* items = node.array()) {
    return std::any_of(items->begin(), items->end(), varies);
  }
  const Node::Table* members = node.table();
  return members != nullptr && std::any_of(members->begin(), members->end(),
                                           [](const Member& m) { return varies(m.value); });
}

void Value::complain(Mark at, std::string_view message) {
  complained_ = true;
  std::string text = "\"" + std::string(key_) + "\"";
  if (!table_.empty()) {
    text += " in " + std::string(table_);
  }
  reading_.errors.add(at, reading_.unit, text + " " + std::string(message));
}

void Value::mismatch(const Node& node, std::string_view what) {
  complain(node.at, "must be " + std::string(what) + ", not " + std::string(node.type_name()));
}

void Value::mismatch(const Node& node, std::string_view what, std::string_view text,
                     std::string_view why) {
  std::string message = "must be " + std::string(what) + ", not \"" + std::string(text) + "\"";
  if (!why.empty()) {
    message += ": " + std::string(why);
  }
  complain(node.at, message);
}

bool Value::unbroken(const std::function<void()>& reader) {
  const bool before = std::exchange(complained_, false);
  reader();
  return !std::exchange(complained_, before || complained_);
}

bool Value::is_variable() const {
  return node_.text() != nullptr && mentions_variables(*node_.text());
}

std::optional<std::string> Value::text_of(const Node& node, std::string_view what, ExpandAt when) {
  const std::string* raw = node.text();
  if (raw == nullptr) {
    mismatch(node, what);
    return std::nullopt;
  }
  auto expanded = expand(*raw, reading_.scope, when);
  if (!expanded) {
    complain(node.at, "cannot be expanded: " + expanded.error().message);
    return std::nullopt;
  }
  // Strings end at a zero byte wherever the kernel reads them.
  if (expanded->find('\0') != expanded->npos) {
    complain(node.at, "holds a zero byte");
    return std::nullopt;
  }
  return *std::move(expanded);
}

std::optional<std::string> Value::scalar_text(const Node& node, std::string_view what,
                                              ExpandAt when) {
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) {
    return std::to_string(*number);
  }
  if (const auto* real = std::get_if<double>(&node.value)) {
    return real_text(*real);
  }
  return text_of(node, what, when);
}

template <typename T, typename Parse>
void Value::parse_text(const Node& node, std::string_view what, T& out, Parse parse) {
  const auto text = text_of(node, what);
  if (!text) {
    return;
  }
  auto parsed = parse(*text);
  if (!parsed) {
    mismatch(node, what, *text, parsed.error().message);
    return;
  }
  out = *std::move(parsed);
}

bool Value::for_each(std::string_view what, const std::function<void(const Node&)>& each) {
  const Node::Array* items = node_.array();
  if (items == nullptr) {
    mismatch(node_, what);
    return false;
  }
  return unbroken([&] {
    for (const Node& item : *items) {
      each(item);
    }
  });
}

void Value::read(std::string& out) {
  if (auto text = text_of(node_, "a string")) {
    out = *std::move(text);
  }
}

void Value::start_text(std::string& out) {
  if (auto text = text_of(node_, "a string", ExpandAt::start)) {
    out = *std::move(text);
  }
}

void Value::read(bool& out) {
  if (const bool* flag = std::get_if<bool>(&node_.value)) {
    out = *flag;
  } else if (!is_variable()) {
    mismatch(node_, "true or false");
  } else if (const auto index = one_of(node_, {"true", "false"})) {
    out = *index == 0;
  }
}

std::optional<std::int64_t> Value::whole_number(std::int64_t least, std::int64_t most) {
  // The limit of a type is no figure to tell people.
  const bool is_open = most >= std::numeric_limits<std::int32_t>::max();
  const std::string what = "a whole number " + (is_open ? "not below " + std::to_string(least)
                                                        : "from " + std::to_string(least) + " to " +
                                                              std::to_string(most));
  std::optional<std::int64_t> number;
  std::string shown;
  if (const auto* literal = std::get_if<std::int64_t>(&node_.value)) {
    number = *literal;
    shown = std::to_string(*literal);
  } else if (!is_variable()) {
    mismatch(node_, what);
    return std::nullopt;
  } else if (auto text = text_of(node_, what)) {
    shown = *std::move(text);
    number = scan::to_number<std::int64_t>(shown);
  } else {
    return std::nullopt;
  }
  if (!number || *number < least || *number > most) {
    mismatch(node_, what, shown, "");
    return std::nullopt;
  }
  return number;
}

void Value::read(Milliseconds& out) {
  parse_text(node_, kDuration, out, parse_duration);
}

void Value::positive_duration(Milliseconds& out) {
  Milliseconds duration{1};
  read(duration);
  if (duration.count() == 0) {
    complain(node_.at, "must be longer than zero");
  } else if (!complained_) {
    out = duration;
  }
}

void Value::read(Bytes& out) {
  const auto* literal = std::get_if<std::int64_t>(&node_.value);
  if (literal == nullptr) {
    parse_text(node_, kSize, out,
               [&](const std::string& text) { return parse_size(text, reading_.memory_total); });
  } else if (*literal >= 0) {
    out = Bytes{static_cast<std::uint64_t>(*literal)};
  } else {
    mismatch(node_, kSize, std::to_string(*literal), "it is negative");
  }
}

void Value::read(Address& out) {
  parse_text(node_, kAddress, out, parse_address);
}

void Value::read(std::vector<Address>& out) {
  std::vector<Address> addresses;
  if (node_.array() == nullptr) {
    parse_text(node_, kAddress, addresses.emplace_back(), parse_address);
  } else {
    for_each(kAddress, [&](const Node& item) {
      parse_text(item, kAddress, addresses.emplace_back(), parse_address);
    });
  }
  if (!complained_) {
    out = std::move(addresses);
  }
}

void Value::read(std::vector<Network>& out) {
  std::vector<Network> networks;
  if (for_each(kNetworks, [&](const Node& item) {
        parse_text(item, kNetworks, networks.emplace_back(), parse_network);
      })) {
    out = std::move(networks);
  }
}

void Value::texts(std::vector<std::string>& out, std::string_view what,
                  const std::function<bool(const std::string&)>& check) {
  std::vector<std::string> texts;
  const bool whole = for_each(what, [&](const Node& item) {
    auto text = text_of(item, what);
    if (text && !check(*text)) {
      mismatch(item, what, *text, "");
    } else if (text) {
      texts.push_back(*std::move(text));
    }
  });
  if (whole) {
    out = std::move(texts);
  }
}

void Value::read(std::vector<std::string>& out) {
  texts(out, kTexts, [](const std::string&) { return true; });
}

void Value::absolute_path(std::string& out) {
  if (auto path = absolute_path(node_, "an absolute path")) {
    out = *std::move(path);
  }
}

void Value::absolute_paths(std::vector<std::string>& out) {
  constexpr std::string_view what = "an absolute path, or a list of them";
  std::vector<std::string> paths;
  const auto add = [&](const Node& node) {
    if (auto path = absolute_path(node, what)) {
      paths.push_back(*std::move(path));
    }
  };
  if (const Node::Array* items = node_.array()) {
    std::for_each(items->begin(), items->end(), add);
  } else {
    add(node_);
  }
  out = std::move(paths);
}

std::optional<std::string> Value::absolute_path(const Node& node, std::string_view what) {
  auto text = text_of(node, what);
  if (text && !text->starts_with('/')) {
    mismatch(node, what, *text, "");
    text.reset();
  }
  return text;
}

void Value::signal(int& out) {
  const auto* number = std::get_if<std::int64_t>(&node_.value);
  if (number == nullptr) {
    parse_text(node_, kSignal, out, parse_signal);
    return;
  }
  const auto signal = parse_signal(std::to_string(*number));
  if (!signal) {
    mismatch(node_, kSignal, std::to_string(*number), signal.error().message);
    return;
  }
  out = *signal;
}

void Value::octal(std::uint32_t& out) {
  constexpr std::string_view what = "a string of octal digits such as \"0755\"";
  constexpr std::uint32_t all_bits = 07777;
  const auto text = text_of(node_, what);
  if (!text) {
    return;
  }
  const auto mode = scan::to_number<std::uint32_t>(*text, 8);
  if (!mode || *mode > all_bits) {
    mismatch(node_, what, *text, "");
    return;
  }
  out = *mode;
}

std::optional<std::size_t> Value::one_of(const Node& node,
                                         const std::vector<std::string_view>& words) {
  std::string what;
  for (std::size_t i = 0; i < words.size(); ++i) {
    what += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    what += "\"" + std::string(words[i]) + "\"";
  }
  const auto text = text_of(node, what);
  if (!text) {
    return std::nullopt;
  }
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found == words.end()) {
    complain(node.at, "must be " + what + ", not \"" + *text + "\"" + did_you_mean(*text, words));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - words.begin());
}

void Value::word(std::string& out, const std::vector<std::string_view>& words) {
  if (const auto index = one_of(node_, words)) {
    out = words[*index];
  }
}

void Value::unit_name(std::string& out, UnitReference::Relation relation) {
  auto text = text_of(node_, "the name of a unit");
  if (!text) {
    return;
  }
  reading_.references.push_back({reading_.unit, relation, *text, node_.at});
  out = *std::move(text);
}

void Value::unit_names(std::vector<std::string>& out, UnitReference::Relation relation) {
  std::vector<std::string> names;
  const bool whole = for_each(kUnitNames, [&](const Node& item) {
    if (auto text = text_of(item, kUnitNames)) {
      reading_.references.push_back({reading_.unit, relation, *text, item.at});
      names.push_back(*std::move(text));
    }
  });
  if (whole) {
    out = std::move(names);
  }
}

bool Value::argv_of(const Node& node, std::vector<std::string>& argv) {
  if (const std::string* line = node.text()) {
    // Split first: a value with a blank in it stays one word.
    auto words = split_words(*line);
    if (!words) {
      mismatch(node, kCommand, *line, words.error().message);
      return false;
    }
    for (const std::string& word : *words) {
      Node part{node.at, word};
      auto text = text_of(part, kCommand, ExpandAt::start);
      if (!text) {
        return false;
      }
      argv.push_back(*std::move(text));
    }
  } else if (const Node::Array* words_given = node.array()) {
    for (const Node& word : *words_given) {
      auto text = scalar_text(word, kCommand, ExpandAt::start);
      if (!text) {
        return false;
      }
      argv.push_back(*std::move(text));
    }
  } else {
    mismatch(node, kCommand);
    return false;
  }
  if (argv.empty() || argv.front().empty()) {
    complain(node.at, "names no program");
    return false;
  }
  return true;
}

void Value::read(Command& out) {
  Command command;
  if (argv_of(node_, command.argv)) {
    out = std::move(command);
  }
}

std::optional<Command> Value::command(const Node& node) {
  Command command;
  if (node.table() == nullptr) {
    return argv_of(node, command.argv) ? std::optional(std::move(command)) : std::nullopt;
  }
  if (node.find("command") == nullptr) {
    complain(node.at, "holds a table without \"command\"");
    return std::nullopt;
  }
  Draft draft;
  read_members(node, kCommandTable, kAnyKind, draft, reading_);
  return std::move(draft.command);
}

void Value::read(std::vector<Command>& out) {
  std::vector<Command> commands;
  if (for_each(kCommands, [&](const Node& item) {
        if (auto read = command(item)) {
          if (read->background && key_ != "steps") {
            complain(item.at, "cannot run in the background: only a step of a job can");
          }
          commands.push_back(*std::move(read));
        }
      })) {
    out = std::move(commands);
  }
}

}  // namespace berth
