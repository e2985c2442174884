// Helpers for the folder of state.
#include "init/last_end.h"

#include <algorithm>

#include "init/log.h"
#include "init/os/pipe.h"

namespace berth {
namespace {

/// What fits an argument of the helper.
constexpr std::size_t kMostLines = 100;
constexpr std::size_t kMostOfLine = 512;
constexpr std::size_t kMostSaid = std::size_t{64} * 1024;

std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kMostLines); ++i)
    text += lines[i].substr(0, kMostOfLine) + '\n';
  if (lines.size() > kMostLines)
    text += "and " + std::to_string(lines.size() - kMostLines) + " units more\n";
  return text;
}

}  // namespace

Result<HelperRun::Started> LastEnd::start(std::vector<std::string> arguments) const {
  os::Pipe answer = BERTH_TRY(os::make_pipe());
  Command command;
  command.argv = launcher_.helper_argv(std::move(arguments));
  HelperRun::Started started;
  started.helper = BERTH_TRY(
      launcher_.spawn_probe("", {}, command, answer.write_end.borrow(), answer.write_end.borrow()));
  started.messages = std::move(answer.read_end);
  started.most_said = kMostSaid;
  return started;
}

void LastEnd::complain(const std::string& what) {
  if (complaint_ == what)
    return;
  complaint_ = what;
  log_warning("[shutdown] state \"" + folder_ + "\": " + what +
              "; what is cut short at the end is not kept");
}

void LastEnd::begin(const std::string& folder) {
  folder_ = folder;
  if (!is_kept())
    return;
  auto started = start({"state-begin", folder_});
  if (!started)
    return complain(started.error().message);
  run_ = std::make_unique<HelperRun>(loop_, reaper_, *std::move(started),
                                     [this](const Result<std::string>& said) {
                                       const auto finished = std::move(run_);
                                       learn(said);
                                     });
}

void LastEnd::learn(const Result<std::string>& said) {
  if (!said)
    return complain(said.error().message);
  // A NUL ends each line.
  for (std::size_t begin = 0; begin < said->size();) {
    const std::size_t end = std::min(said->find('\0', begin), said->size());
    cut_short_.push_back(said->substr(begin, end - begin));
    begin = end + 1;
    log_warning("cut short at the last shutdown: " + cut_short_.back());
  }
}

void LastEnd::record(const std::vector<std::string>& cut_short, std::function<void()> done) {
  run_.reset();  // one that still reads is too late
  auto started = start({"state-end", folder_, text_of(cut_short)});
  if (!started) {
    complain(started.error().message);
    return done();
  }
  run_ =
      std::make_unique<HelperRun>(loop_, reaper_, *std::move(started),
                                  [this, done = std::move(done)](const Result<std::string>& said) {
                                    const auto finished = std::move(run_);
                                    if (!said)
                                      complain(said.error().message);
                                    done();
                                  });
}

pid_t LastEnd::abandon() {
  const pid_t hanging = run_ ? run_->pid() : 0;
  run_.reset();
  return hanging;
}

}  // namespace berth
