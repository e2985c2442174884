// Values of [process] with a grammar of their own.
#include "units/process_values.h"

#include <algorithm>

#include "units/expansion.h"
#include "units/scan.h"
#include "units/suggestion.h"

namespace berth {
namespace {

/// The highest uid means "leave it" to the kernel (man 2 setresuid), and 0 is root.
constexpr std::uint32_t kLowestUid = 1, kHighestUid = 0xFFFFFFFE;

std::optional<EnvFileSpec> parse_env_file_spec(std::string_view text) {
  EnvFileSpec spec;
  spec.may_be_missing = text.starts_with('-');
  spec.path = text.substr(spec.may_be_missing ? 1 : 0);
  return spec.path.starts_with('/') ? std::optional(std::move(spec)) : std::nullopt;
}

/// A name that a file in a folder can have.
bool is_file_name(std::string_view name) {
  constexpr std::size_t longest = 255;
  return !name.empty() && name.size() <= longest && name != "." && name != ".." &&
         name.find('/') == name.npos;
}

std::optional<CredentialSpec> parse_credential(std::string_view text) {
  CredentialSpec spec;
  if (text.starts_with('/')) {
    spec.path = text;
    spec.name = text.substr(text.rfind('/') + 1);
  } else if (const std::size_t colon = text.find(':'); colon != text.npos) {
    spec.name = text.substr(0, colon);
    spec.path = text.substr(colon + 1);
  }
  const bool good = is_file_name(spec.name) && spec.path.starts_with('/');
  return good ? std::optional(std::move(spec)) : std::nullopt;
}

}  // namespace

void read_uid_range(Value& value, ProcessSpec& out) {
  constexpr std::string_view what = "a range of uids such as \"61000-64999\"";
  const auto text = value.text_of(value.node(), what);
  if (!text) {
    return;
  }
  const std::string_view all = *text;
  const std::size_t dash = all.find('-');
  const auto first = scan::to_number<std::uint32_t>(all.substr(0, dash));
  const auto last = scan::to_number<std::uint32_t>(all.substr(std::min(dash, all.size() - 1) + 1));
  if (dash == all.npos || !first || !last || *first < kLowestUid || *last > kHighestUid ||
      *first > *last) {
    value.mismatch(value.node(), what, *text, "");
    return;
  }
  out.uid_first = *first;
  out.uid_last = *last;
}

void read_env_files(Value& value, std::vector<EnvFileSpec>& out) {
  constexpr std::string_view what = "an absolute path, with \"-\" before it if it may be missing";
  std::vector<EnvFileSpec> files;
  const auto add = [&](const Node& node) {
    const auto text = value.text_of(node, what);
    if (auto spec = text ? parse_env_file_spec(*text) : std::nullopt) {
      files.push_back(*std::move(spec));
    } else if (text) {
      value.mismatch(node, what, *text, "");
    }
  };
  if (const Node::Array* items = value.node().array()) {
    std::for_each(items->begin(), items->end(), add);
  } else {
    add(value.node());
  }
  out = std::move(files);
}

void read_required_env(Value& value, std::vector<std::string>& out) {
  value.texts(out, "a list of names of variables",
              [](const std::string& name) { return is_variable_name(name); });
}

void read_credentials(Value& value, std::vector<CredentialSpec>& out) {
  constexpr std::string_view what = "a list of files, each \"/PATH/NAME\" or \"NAME:/PATH\"";
  const Node::Array* items = value.node().array();
  if (items == nullptr) {
    value.mismatch(value.node(), what);
    return;
  }
  std::vector<CredentialSpec> credentials;
  for (const Node& item : *items) {
    const auto text = value.text_of(item, what);
    auto credential = text ? parse_credential(*text) : std::nullopt;
    if (!credential) {
      if (text) {
        value.mismatch(item, what, *text, "");
      }
      continue;
    }
    const bool twice =
        std::any_of(credentials.begin(), credentials.end(),
                    [&](const CredentialSpec& other) { return other.name == credential->name; });
    if (twice) {
      value.complain(item.at, "has two files of the name \"" + credential->name + "\"");
    }
    credentials.push_back(*std::move(credential));
  }
  out = std::move(credentials);
}

void read_capabilities(Value& value, std::optional<CapabilitySet>& out) {
  constexpr std::string_view what = "a list of capabilities such as \"net_bind_service\"";
  const Node::Array* items = value.node().array();
  if (items == nullptr) {
    value.mismatch(value.node(), what);
    return;
  }
  CapabilitySet set = 0;
  for (const Node& item : *items) {
    const auto text = value.text_of(item, what);
    if (const auto number = text ? capability_number(*text) : std::nullopt) {
      set |= CapabilitySet{1} << *number;
    } else if (text) {
      value.complain(
          item.at, "has no capability \"" + *text + "\"" + did_you_mean(*text, capability_names()));
    }
  }
  out = set;
}

void read_oom_score(Value& value, std::optional<int>& out) {
  value.number(out.emplace(), -1000, 1000);
}

void read_nice(Value& value, std::optional<int>& out) {
  value.number(out.emplace(), -20, 19);
}

void read_cpu_weight(Value& value, std::optional<std::uint32_t>& out) {
  constexpr std::int64_t kMost = 10'000;  // of cpu.weight
  value.number(out.emplace(), 1, kMost);
}

}  // namespace berth
