// Values with a grammar of their own.
#include "units/special_values.h"

#include <algorithm>
#include <array>

#include "units/scan.h"
#include "units/suggestion.h"

namespace berth {
namespace {

// By setrlimit(2), in lower case and without RLIMIT_.
constexpr std::array<std::string_view, 16> kLimitNames{
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};

/// What the kernel passes on; other programs may be stricter.
bool is_environment_name(std::string_view name) {
  return !name.empty() && name.find('=') == name.npos && name.find('\0') == name.npos;
}

std::optional<std::uint64_t> one_limit(std::string_view text) {
  if (text == "infinity" || text == "unlimited") {
    return ResourceLimit::kInfinity;
  }
  const auto size = parse_size(text, Bytes{});
  return size ? std::optional(size->count) : std::nullopt;
}

std::optional<ResourceLimit> parse_limit(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto soft = one_limit(text.substr(0, colon));
  const auto hard = colon == text.npos ? soft : one_limit(text.substr(colon + 1));
  if (!soft || !hard || *soft > *hard) {
    return std::nullopt;
  }
  return ResourceLimit{*soft, *hard};
}

/// Begins with '/', and holds nothing that would have to be escaped or resolved.
bool is_url_path(std::string_view path) {
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '?' && c != '#' && c != '%' && c != '\\';
  });
  const std::string framed = std::string(path) + "/";
  return plain && path.starts_with('/') && path.find("//") == path.npos &&
         framed.find("/./") == framed.npos && framed.find("/../") == framed.npos;
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// The statuses of "2xx", "200" or "200-204"; nullopt if it is none of these.
std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_statuses(std::string_view text) {
  constexpr std::uint16_t lowest = 100, highest = 599;
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const auto low = static_cast<std::uint16_t>((text[0] - '0') * 100);
    return std::pair(low, static_cast<std::uint16_t>(low + 99));
  }
  const std::size_t dash = text.find('-');
  const auto low = scan::to_number<std::uint16_t>(text.substr(0, dash));
  const auto high = dash == text.npos ? low : scan::to_number<std::uint16_t>(text.substr(dash + 1));
  if (!low || !high || *low < lowest || *high > highest || *low > *high) {
    return std::nullopt;
  }
  return std::pair(*low, *high);
}

/// Whether "HOST:PORT" is the unit's own endpoint, known at its start.
bool is_endpoint_address(std::string_view text) {
  constexpr std::string_view suffix = ":${port}";
  if (!text.ends_with(suffix)) {
    return false;
  }
  text.remove_suffix(suffix.size());
  return text.empty() || text == "127.0.0.1" || text == "localhost";
}

/// Stores the address of a check, or that it is the endpoint. given: the value that it is part of.
void set_probe_address(Value& value, std::string_view what, const std::string& given,
                       const std::string& text, ProbeSpec& out) {
  if (is_endpoint_address(text) || text == "unix:${socket}") {
    out.at_endpoint = true;
    return;
  }
  auto address = parse_address(text);
  if (!address) {
    value.mismatch(value.node(), what, given, address.error().message);
    return;
  }
  out.address = *std::move(address);
}

}  // namespace

void read_environment(Value& value, std::map<std::string, std::optional<std::string>>& out) {
  const Node::Table* members = value.node().table();
  if (members == nullptr) {
    value.mismatch(value.node(), "a table of variables");
    return;
  }
  for (const Member& member : *members) {
    if (!is_environment_name(member.key)) {
      value.complain(member.key_at, "holds a name that no variable can have");
      continue;
    }
    const bool* flag = std::get_if<bool>(&member.value.value);
    if (flag != nullptr && !*flag) {
      out[member.key] = std::nullopt;
      continue;
    }
    if (auto text = value.scalar_text(
            member.value, "a string, a number, or false for each variable", ExpandAt::start)) {
      out[member.key] = *std::move(text);
    }
  }
}

void read_condition_env(Value& value, std::map<std::string, std::optional<std::string>>& out) {
  constexpr std::string_view what = "the name of a variable, or a table of names and values";
  std::map<std::string, std::optional<std::string>> wanted;
  if (value.node().table() == nullptr) {
    const auto name = value.text_of(value.node(), what);
    if (!name) {
      return;
    }
    wanted[*name] = std::nullopt;
  } else {
    for (const Member& member : *value.node().table()) {
      const auto text = value.text_of(member.value, what);
      if (!text) {
        return;
      }
      wanted[member.key] = *text;
    }
  }
  for (const auto& [name, text] : wanted) {
    if (!is_environment_name(name)) {
      value.complain(value.node().at, "holds a name that no variable can have");
      return;
    }
  }
  out = std::move(wanted);
}

void read_inherit_env(Value& value, InheritEnv& out) {
  InheritEnv inherit;
  if (value.node().array() != nullptr) {
    inherit.all = false;
    value.read(inherit.names);
  } else if (std::holds_alternative<bool>(value.node().value) || value.is_variable()) {
    value.read(inherit.all);
  } else {
    value.mismatch(value.node(), "true, false or a list of names");
    return;
  }
  out = std::move(inherit);
}

void read_memory_size(Value& value, std::optional<Bytes>& out) {
  // No program starts within less: a forgotten suffix.
  constexpr std::uint64_t kLeast = std::uint64_t{1024} * 1024;
  std::optional<Bytes> size;
  value.read(size);
  if (size && size->count < kLeast) {
    value.complain(value.node().at, "must be at least 1M");
  } else if (size) {
    out = size;
  }
}

void read_limits(Value& value, std::map<std::string, ResourceLimit>& out) {
  constexpr std::string_view what = "a number, a size, \"infinity\" or \"SOFT:HARD\"";
  const Node::Table* members = value.node().table();
  if (members == nullptr) {
    value.mismatch(value.node(), "a table of limits");
    return;
  }
  std::map<std::string, ResourceLimit> limits;
  for (const Member& member : *members) {
    if (std::find(kLimitNames.begin(), kLimitNames.end(), member.key) == kLimitNames.end()) {
      value.complain(member.key_at,
                     "has no limit \"" + member.key + "\"" +
                         did_you_mean(member.key, {kLimitNames.begin(), kLimitNames.end()}));
      continue;
    }
    const auto text = value.scalar_text(member.value, what, ExpandAt::load);
    const auto limit = text ? parse_limit(*text) : std::nullopt;
    if (limit) {
      limits[member.key] = *limit;
    } else if (text) {
      value.mismatch(member.value, what, *text, "");
    }
  }
  out = std::move(limits);
}

void read_success_exit(Value& value, ServiceSpec& out) {
  constexpr std::string_view what = "a list of exit codes (0 to 255) and signals";
  const Node::Array* items = value.node().array();
  if (items == nullptr) {
    value.mismatch(value.node(), what);
    return;
  }
  out.success_codes.clear();
  out.success_signals.clear();
  for (const Node& item : *items) {
    const auto text = value.scalar_text(item, what, ExpandAt::load);
    if (!text) {
      continue;
    }
    if (const auto code = scan::to_number<std::uint8_t>(*text)) {
      out.success_codes.push_back(*code);
    } else if (const auto signal = parse_signal(*text); signal && !scan::to_number<int>(*text)) {
      out.success_signals.push_back(*signal);
    } else {
      value.mismatch(item, what, *text, "");
    }
  }
}

void read_triggers(Value& value, std::optional<TriggerSet>& out) {
  std::vector<std::string_view> words;
  for (auto why = JobTrigger::boot; why <= JobTrigger::manual;
       why = static_cast<JobTrigger>(static_cast<unsigned>(why) + 1)) {
    words.push_back(to_string(why));
  }
  TriggerSet triggers = 0;
  const auto add = [&](const Node& node) {
    if (const auto index = value.one_of(node, words)) {
      triggers |= trigger_bit(static_cast<JobTrigger>(*index));
    }
  };
  if (const Node::Array* items = value.node().array()) {
    std::for_each(items->begin(), items->end(), add);
  } else {
    add(value.node());
  }
  out = triggers;
}

void read_every(Value& value, Milliseconds& out) {
  constexpr Milliseconds least{1'000};
  Milliseconds every{least};
  value.read(every);
  if (every < least) {
    value.complain(value.node().at, "must be one second or longer");
    return;
  }
  out = every;
}

void read_schedule(Value& value, std::optional<CronSchedule>& out) {
  constexpr std::string_view what = "a schedule such as \"30 3 * * mon-fri\"";
  const auto text = value.text_of(value.node(), what);
  if (!text) {
    return;
  }
  const auto schedule = parse_schedule(*text);
  if (!schedule) {
    value.mismatch(value.node(), what, *text, schedule.error().message);
    return;
  }
  out = *schedule;
}

void read_port_range(Value& value, TenantSpec& out) {
  constexpr std::string_view what = "a range of ports such as \"4000-4999\"";
  const auto text = value.text_of(value.node(), what);
  if (!text) {
    return;
  }
  const std::size_t dash = text->find('-');
  const std::string_view all = *text;
  const auto first = scan::to_number<std::uint16_t>(all.substr(0, dash));
  const auto last = scan::to_number<std::uint16_t>(all.substr(std::min(dash + 1, all.size())));
  if (dash == all.npos || !first || !last || *first == 0 || *first > *last) {
    value.mismatch(value.node(), what, *text, "");
    return;
  }
  out.port_first = *first;
  out.port_last = *last;
}

void read_probe_http(Value& value, ProbeSpec& out) {
  constexpr std::string_view what = "a path or a URL such as \"http://127.0.0.1:3000/up\"";
  constexpr std::string_view scheme = "http://";
  const auto text = value.text_of(value.node(), what, ExpandAt::start);
  if (!text) {
    return;
  }
  out.way = ProbeSpec::Way::http;
  if (text->starts_with('/')) {
    out.at_endpoint = true;
    out.path = *text;
    return;
  }
  if (!text->starts_with(scheme)) {
    value.mismatch(value.node(), what, *text, "");
    return;
  }
  const std::size_t slash = text->find('/', scheme.size());
  out.path = slash == text->npos ? "/" : text->substr(slash);
  std::string address = text->substr(scheme.size(), slash - scheme.size());
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos || address.ends_with(']')) {
    address += ":80";
  }
  set_probe_address(value, what, *text, address, out);
}

void read_probe_tcp(Value& value, ProbeSpec& out) {
  constexpr std::string_view what = "an address such as \"127.0.0.1:6379\"";
  const auto text = value.text_of(value.node(), what, ExpandAt::start);
  if (!text) {
    return;
  }
  out.way = ProbeSpec::Way::tcp;
  if (text->starts_with("unix:")) {
    value.mismatch(value.node(), what, *text, "a Unix socket is asked by \"unix\"");
    return;
  }
  set_probe_address(value, what, *text, *text, out);
}

void read_probe_unix(Value& value, ProbeSpec& out) {
  constexpr std::string_view what = "the absolute path of a socket";
  const auto text = value.text_of(value.node(), what, ExpandAt::start);
  if (!text) {
    return;
  }
  out.way = ProbeSpec::Way::unix_socket;
  set_probe_address(value, what, *text, "unix:" + *text, out);
}

void read_probe_file(Value& value, ProbeSpec& out) {
  out.way = ProbeSpec::Way::file;
  value.start_text(out.path);
}

void read_probe_notify(Value& value, ProbeSpec& out) {
  bool wanted = true;
  value.read(wanted);
  if (!wanted) {
    value.mismatch(value.node(), "true", "false", "whoever does not want it leaves it out");
  }
  out.way = ProbeSpec::Way::notify;
}

void read_probe_log(Value& value, ProbeSpec& out) {
  out.way = ProbeSpec::Way::log;
  auto text = value.text_of(value.node(), "a glob such as \"*listening on*\"");
  if (text && text->empty()) {
    value.complain(value.node().at, "matches no line");
  } else if (text) {
    out.path = *std::move(text);
  }
}

void read_probe_command(Value& value, ProbeSpec& out) {
  out.way = ProbeSpec::Way::command;
  value.read(out.command);
}

void read_probe_status(Value& value, ProbeSpec& out) {
  constexpr std::string_view what = "statuses such as \"2xx,3xx\", \"200\" or \"any\"";
  const auto text = value.text_of(value.node(), what);
  if (!text) {
    return;
  }
  if (*text == "any") {
    out.status_low = 100;
    out.status_high = 599;
    return;
  }
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ranges;
  std::string_view rest = *text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const auto range = parse_statuses(rest.substr(0, comma));
    if (!range) {
      value.mismatch(value.node(), what, *text, "");
      return;
    }
    ranges.push_back(*range);
    if (comma == rest.npos) {
      break;
    }
    rest.remove_prefix(comma + 1);
  }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first != ranges[i - 1].second + 1) {
      value.mismatch(value.node(), what, *text, "they must be one range without gaps");
      return;
    }
  }
  out.status_low = ranges.front().first;
  out.status_high = ranges.back().second;
}

void read_socket_name(Value& value, std::string& out) {
  constexpr std::string_view what = "1 to 255 printable ASCII characters without \":\"";
  constexpr std::size_t kLongest = 255;
  auto text = value.text_of(value.node(), what);
  if (!text) {
    return;
  }
  const bool fits = !text->empty() && text->size() <= kLongest &&
                    std::all_of(text->begin(), text->end(),
                                [](char c) { return c > ' ' && c <= '~' && c != ':'; });
  if (!fits) {
    value.mismatch(value.node(), what, *text, "");
    return;
  }
  out = *std::move(text);
}

void read_url_prefix(Value& value, std::string& out) {
  constexpr std::string_view what = "a path that begins and ends with \"/\"";
  auto text = value.text_of(value.node(), what);
  if (text && !(is_url_path(*text) && text->ends_with('/'))) {
    value.mismatch(value.node(), what, *text, "");
  } else if (text) {
    out = *std::move(text);
  }
}

void read_url_path(Value& value, std::string& out) {
  constexpr std::string_view what = "a path that begins with \"/\"";
  auto text = value.text_of(value.node(), what);
  if (text && !is_url_path(*text)) {
    value.mismatch(value.node(), what, *text, "");
  } else if (text) {
    out = *std::move(text);
  }
}

void read_relative_path(Value& value, std::string& out) {
  constexpr std::string_view what = "a path below \"root\", without \"..\"";
  auto text = value.text_of(value.node(), what);
  if (!text) {
    return;
  }
  const std::string framed = "/" + *text + "/";
  if (text->empty() || framed.find("/../") != framed.npos) {
    value.mismatch(value.node(), what, *text, "");
    return;
  }
  out = *std::move(text);
}

void read_hosts(Value& value, std::vector<std::string>& out) {
  value.texts(out, "a list of host names in lower case", [](const std::string& host) {
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
      return scan::is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
    });
  });
}

void read_public_paths(Value& value, std::vector<std::string>& out) {
  value.texts(out, "a list of paths (\"/x\", \"/x/\") and extensions (\"*.ext\")",
              [](const std::string& path) {
                return is_url_path(path) || (path.starts_with("*.") && path.size() > 2 &&
                                             path.find_first_of("*/", 1) == path.npos);
              });
}

void read_extensions(Value& value, std::vector<std::string>& out) {
  std::vector<std::string> extensions;
  value.texts(extensions, "a list of file name extensions such as \"css\"",
              [](const std::string& extension) {
                return extension.size() > (extension.starts_with('.') ? 1U : 0U) &&
                       extension.find_first_of("*/") == extension.npos;
              });
  for (std::string& extension : extensions) {
    extension.erase(0, extension.starts_with('.') ? 1 : 0);
  }
  out = std::move(extensions);
}

void read_methods(Value& value, std::vector<std::string>& out) {
  value.texts(out, "a list of HTTP methods such as \"GET\"", is_token);
}

void read_rotate_keep(Value& value, std::uint32_t& out) {
  constexpr std::int64_t kMost = 1000;
  value.number(out, 0, kMost);
}

}  // namespace berth
