// Reading the command line.
#include "init/options.h"

#include <algorithm>
#include <string_view>

#include <getopt.h>

namespace berth {

std::string usage() {
  return "usage: berth [--units DIR]... [--run-dir DIR] [--config FILE]\n"
         "       berth [OPTION]... -- COMMAND [ARGUMENT]...\n"
         "       berth --help | --version\n"
         "\n"
         "  --units DIR    a folder of unit files; repeatable, highest first\n"
         "                 (default: /etc/berth/units, then /usr/lib/berth/units)\n"
         "  --run-dir DIR  sockets and generated units (default: /run/berth)\n"
         "  --config FILE  berth.toml (default: /etc/berth/berth.toml, if it is there)\n"
         "\n"
         "See berth(8), berth.unit(5), berthctl(1).\n";
}

namespace {

/// What getopt_long() has just stumbled over: a letter in a group has no word of its own.
std::string unknown_option(char** argv) {
  return optopt != 0 ? std::string("-") + static_cast<char>(optopt) : argv[optind - 1];
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  static const option kOptions[] = {
      {"units", required_argument, nullptr, 'u'},  {"run-dir", required_argument, nullptr, 'r'},
      {"config", required_argument, nullptr, 'c'}, {"help", no_argument, nullptr, 'h'},
      {"version", no_argument, nullptr, 'v'},      {}};
  Options options;
  // Cut off here: getopt_long() would not tell whether a word came before or after the dashes.
  const auto dashes = std::find_if(argv, argv + argc,
                                   [](const char* word) { return std::string_view(word) == "--"; });
  const bool has_command = dashes != argv + argc;
  if (has_command) {
    options.command.assign(dashes + 1, argv + argc);
    argc = static_cast<int>(dashes - argv);
  }
  opterr = 0;
  optind = 0;  // getopt(3): begin anew, whatever was parsed before
  for (int found = 0; (found = ::getopt_long(argc, argv, ":h", kOptions, nullptr)) != -1;) {
    switch (found) {
      case 'u':
        options.folders.given.emplace_back(optarg);
        break;
      case 'r':
        options.folders.run_dir = optarg;
        break;
      case 'c':
        options.folders.config = optarg;
        break;
      case 'h':
        options.help = true;
        break;
      case 'v':
        options.version = true;
        break;
      case ':':
        return Error{ErrorCode::invalid, std::string(argv[optind - 1]) + " wants a value"};
      default:
        return Error{ErrorCode::invalid, "unknown option " + unknown_option(argv)};
    }
  }
  if (optind < argc)
    return Error{ErrorCode::invalid, std::string("unexpected argument ") + argv[optind]};
  if (options.folders.run_dir.empty() || options.folders.run_dir.front() != '/')
    return Error{ErrorCode::invalid, "--run-dir wants an absolute path"};
  if (has_command && options.command.empty())
    return Error{ErrorCode::invalid, "no command after --"};
  return options;
}

}  // namespace berth
