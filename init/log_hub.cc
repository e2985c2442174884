// LogHub: joins the units' pipes, the kept lines, the output and the followers.
#include "init/log_hub.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "init/followers.h"
#include "init/kept_lines.h"
#include "init/log_format.h"
#include "init/os/errno_error.h"
#include "init/output.h"
#include "init/unit_pipe.h"

namespace berth {
namespace {

/// How long the lines of a unit stay that is not coming back.
constexpr std::chrono::minutes kRetiredFor{10};
/// Pipes of one unit: two of its life now, the others held open by leftovers of lives before.
constexpr std::size_t kMaxPipes = 16;

/// A message of several lines, such as the errors of a unit file, gets its prefix before each.
template <typename OnLine>
void for_each_line(std::string_view text, OnLine on_line) {
  for (;;) {
    const std::size_t newline = text.find('\n');
    on_line(text.substr(0, newline));
    if (newline == std::string_view::npos)
      return;
    text.remove_prefix(newline + 1);
  }
}

}  // namespace

class LogHub::Impl final : public UnitPipe::Owner {
 public:
  Impl(os::EventLoop& loop, os::UniqueFd output)
      : loop_(loop), output_(loop, std::move(output)), followers_(loop, lines_lost) {}
  ~Impl() override {
    for (auto& [name, source] : sources_)
      loop_.cancel(source.retirement);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void attach(const std::string& name, const LogSpec& spec, LogStream stream, os::UniqueFd pipe);
  void set_spec(const std::string& name, const LogSpec& spec);
  void drain(const std::string& name);
  void unit_line(const std::string& name, LogLevel level, std::string_view text);
  void berth_line(LogLevel level, std::string_view text);
  void retire(const std::string& name);
  void watch(const std::string& name, std::function<void(std::string_view)> look) {
    watchers_[name] = std::move(look);
  }
  void unwatch(const std::string& name) { watchers_.erase(name); }
  void flush(std::chrono::milliseconds limit);

  LogTail tail(const std::string& name) const { return kept_.tail(name); }
  void follow(const std::string& name, os::UniqueFd pipe) { followers_.add(name, std::move(pipe)); }
  void set_own_format(LogFormat format) { own_format_ = format; }

 private:
  struct Source {
    LogSpec spec;
    std::vector<std::unique_ptr<UnitPipe>> pipes;  ///< oldest first
    os::TimerId retirement = os::kNoTimer;
  };

  void on_line(const UnitPipe& pipe, std::string_view line) override;
  void on_turn_end() override { output_.pump(); }
  void on_end(const UnitPipe& pipe) override;

  void keep_and_tell(const std::string& name, const LogSpec& spec, const LineView& line);

  const std::string own_name_;  ///< empty: what berth's own lines are kept under
  os::EventLoop& loop_;
  Output output_;
  Followers followers_;
  KeptLines kept_;
  std::map<std::string, Source> sources_;
  std::map<std::string, std::function<void(std::string_view)>> watchers_;
  LogFormat own_format_ = LogFormat::prefix;
};

void LogHub::Impl::attach(const std::string& name, const LogSpec& spec, LogStream stream,
                          os::UniqueFd pipe) {
  Source& source = sources_[name];
  source.spec = spec;
  loop_.disarm(source.retirement);
  if (source.pipes.size() == kMaxPipes) {
    source.pipes.front()->drain();
    on_end(*source.pipes.front());
  }
  auto unit_pipe = std::make_unique<UnitPipe>(loop_, name, stream, std::move(pipe), *this);
  if (!unit_pipe->watch())
    unit_line(name, LogLevel::error, os::errno_error("watch the output").message);
  // One that is not watched is still read by drain().
  source.pipes.push_back(std::move(unit_pipe));
}

void LogHub::Impl::set_spec(const std::string& name, const LogSpec& spec) {
  const auto found = sources_.find(name);
  if (found != sources_.end())
    found->second.spec = spec;  // else attach() will say it
}

void LogHub::Impl::drain(const std::string& name) {
  const auto found = sources_.find(name);
  if (found == sources_.end())
    return;
  for (const auto& pipe : found->second.pipes)
    pipe->drain();
  output_.pump();
}

void LogHub::Impl::unit_line(const std::string& name, LogLevel level, std::string_view text) {
  const auto found = sources_.find(name);
  const LogSpec spec = found == sources_.end() ? LogSpec{} : found->second.spec;
  const std::uint64_t now = loop_.clock().wall_ms();
  for_each_line(text, [&](std::string_view line) {
    keep_and_tell(name, spec, {name, LogStream::berth, with_level_word(level, line), now, level});
    if (log_enabled(level))
      output_.add(name, spec.format, {name, LogStream::berth, line, now, level});
  });
  output_.pump();
}

void LogHub::Impl::berth_line(LogLevel level, std::string_view text) {
  const std::uint64_t now = loop_.clock().wall_ms();
  for_each_line(text, [&](std::string_view line) {
    keep_and_tell(own_name_, LogSpec{},
                  {own_name_, LogStream::berth, with_level_word(level, line), now, level});
    output_.add(own_name_, own_format_, {own_name_, LogStream::berth, line, now, level});
  });
  output_.pump();
}

void LogHub::Impl::retire(const std::string& name) {
  Source& source = sources_[name];
  loop_.cancel(source.retirement);
  source.retirement = loop_.after(kRetiredFor, [this, name] {
    kept_.forget(name);
    sources_.erase(name);
  });
}

void LogHub::Impl::flush(std::chrono::milliseconds limit) {
  for (const auto& [name, source] : sources_)
    for (const auto& pipe : source.pipes)
      pipe->drain();
  output_.finish(limit);
}

void LogHub::Impl::on_line(const UnitPipe& pipe, std::string_view line) {
  const LogSpec& spec = sources_[pipe.unit()].spec;
  const LineView view{pipe.unit(), pipe.stream(), line, loop_.clock().wall_ms()};
  keep_and_tell(pipe.unit(), spec, view);
  output_.add(pipe.unit(), spec.format, view);
  if (watchers_.empty())
    return;
  if (const auto watcher = watchers_.find(pipe.unit()); watcher != watchers_.end())
    watcher->second(line);
}

void LogHub::Impl::on_end(const UnitPipe& pipe) {
  auto& pipes = sources_[pipe.unit()].pipes;
  const auto found =
      std::find_if(pipes.begin(), pipes.end(), [&](auto& each) { return each.get() == &pipe; });
  (*found)->leave();
  loop_.defer_delete(std::move(*found));
  pipes.erase(found);
}

void LogHub::Impl::keep_and_tell(const std::string& name, const LogSpec& spec,
                                 const LineView& line) {
  kept_.keep(name, spec.buffer.count, line.time_ms, line.stream, line.text);
  followers_.tell(name, line.text);
}

LogHub::LogHub(os::EventLoop& loop, os::UniqueFd output)
    : impl_(std::make_unique<Impl>(loop, std::move(output))) {}

LogHub::~LogHub() = default;

void LogHub::attach(const std::string& unit, const LogSpec& spec, LogStream stream,
                    os::UniqueFd pipe) {
  impl_->attach(unit, spec, stream, std::move(pipe));
}

void LogHub::set_spec(const std::string& unit, const LogSpec& spec) {
  impl_->set_spec(unit, spec);
}

void LogHub::drain(const std::string& unit) {
  impl_->drain(unit);
}

void LogHub::unit_line(const std::string& unit, LogLevel level, std::string_view line) {
  impl_->unit_line(unit, level, line);
}

void LogHub::berth_line(LogLevel level, std::string_view line) noexcept {
  try {
    impl_->berth_line(level, line);
  } catch (...) {
    // Out of memory: the line is lost, PID 1 is not.
  }
}

void LogHub::watch(const std::string& unit, std::function<void(std::string_view line)> look) {
  impl_->watch(unit, std::move(look));
}

void LogHub::unwatch(const std::string& unit) {
  impl_->unwatch(unit);
}

LogTail LogHub::tail(const std::string& unit) const {
  return impl_->tail(unit);
}

void LogHub::follow(const std::string& unit, os::UniqueFd pipe) {
  impl_->follow(unit, std::move(pipe));
}

void LogHub::retire(const std::string& unit) {
  impl_->retire(unit);
}

void LogHub::set_own_format(LogFormat format) {
  impl_->set_own_format(format);
}

void LogHub::flush(std::chrono::milliseconds limit) {
  impl_->flush(limit);
}

}  // namespace berth
