// LogHub: joins the units' pipes, the kept lines, the output and the followers.
#include "init/log_hub.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "init/followers.h"
#include "init/kept_lines.h"
#include "init/log_files.h"
#include "init/log_format.h"
#include "init/log_socket.h"
#include "init/os/errno_error.h"
#include "init/output.h"
#include "init/unit_pipe.h"

namespace berth {
namespace {

/// How long the lines of a unit stay that has ended.
constexpr std::chrono::minutes kRetiredFor{10};
/// Pipes of one unit: two of its life now, the others held open by leftovers of lives before.
constexpr std::size_t kMaxPipes = 16;
/// What is read at once of a unit whose lines must not be dropped: lines of a single byte take a
/// hundred times that as JSON, beyond what may wait.
constexpr std::size_t kBlockingStep = std::size_t{4} * 1024;

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
      : loop_(loop),
        output_(loop, std::move(output), [this] { resume_pipes(); }),
        files_(loop, [this] { resume_pipes(); }),
        socket_(loop),
        followers_(loop, lines_lost) {}
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
  void configure(const BerthConfig& config);
  void set_file_writer(std::function<Result<os::UniqueFd>()> start) {
    files_.set_start(std::move(start));
  }

 private:
  struct Source {
    LogSpec spec;
    std::vector<std::unique_ptr<UnitPipe>> pipes;  ///< oldest first
    os::TimerId retirement = os::kNoTimer;
  };

  void on_line(const UnitPipe& pipe, std::string_view line) override;
  std::size_t wanted(const UnitPipe& pipe) override;
  void on_turn_end() override { pump(); }
  void on_end(const UnitPipe& pipe) override;

  void keep_and_tell(const std::string& name, const LogSpec& spec, const LineView& line);
  /// To the output, the file and the socket.
  Admission admission_of(const LogSpec& spec, LogStream stream) const;
  void send(const std::string& name, const LogSpec& spec, const LineView& line);
  void pump();
  void resume_pipes();

  const std::string own_name_;  ///< empty: what berth's own lines are kept under
  os::EventLoop& loop_;
  Output output_;
  LogFiles files_;
  LogSocket socket_;
  Followers followers_;
  KeptLines kept_;
  std::map<std::string, Source> sources_;
  std::map<std::string, std::function<void(std::string_view)>> watchers_;
  LogFormat own_format_ = LogFormat::prefix;
  bool has_paused_ = false;  ///< some pipe may be
  bool is_ending_ = false;   ///< nobody is waited for any more
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
  pump();
}

void LogHub::Impl::unit_line(const std::string& name, LogLevel level, std::string_view text) {
  const auto found = sources_.find(name);
  const LogSpec spec = found == sources_.end() ? LogSpec{} : found->second.spec;
  const std::uint64_t now = loop_.clock().wall_ms();
  for_each_line(text, [&](std::string_view line) {
    keep_and_tell(name, spec, {name, LogStream::berth, with_level_word(level, line), now, level});
    if (log_enabled(level))
      send(name, spec, {name, LogStream::berth, line, now, level});
  });
  pump();
}

void LogHub::Impl::berth_line(LogLevel level, std::string_view text) {
  const std::uint64_t now = loop_.clock().wall_ms();
  for_each_line(text, [&](std::string_view line) {
    keep_and_tell(own_name_, LogSpec{},
                  {own_name_, LogStream::berth, with_level_word(level, line), now, level});
    const LineView view{own_name_, LogStream::berth, line, now, level};
    output_.add(own_name_, own_format_, view);
    socket_.add(own_name_, view);
  });
  // Not the files: their writer may be what this is about.
  output_.pump();
  socket_.pump();
}

void LogHub::Impl::configure(const BerthConfig& config) {
  own_format_ = config.log_format;
  kept_.set_total_limit(config.log_buffers.count);
  socket_.set_path(config.log_socket);
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
  const os::TimePoint end = loop_.clock().now() + limit;
  const auto left = [&] {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - loop_.clock().now());
    return std::max(rest, std::chrono::milliseconds(0));
  };
  is_ending_ = true;
  for (const auto& [name, source] : sources_)
    for (const auto& pipe : source.pipes)
      pipe->drain();
  // The output last: the others may have something to say.
  files_.finish(left() / 2);
  socket_.finish(left() / 2);
  output_.finish(left());
}

std::size_t LogHub::Impl::wanted(const UnitPipe& pipe) {
  const LogSpec& spec = sources_[pipe.unit()].spec;
  if (spec.on_stall == OnStall::drop || is_ending_)
    return kReadPerTurn;
  if (output_.has_room(pipe.unit()) && files_.has_room(spec))
    return kBlockingStep;
  has_paused_ = true;
  return 0;
}

void LogHub::Impl::on_line(const UnitPipe& pipe, std::string_view line) {
  const LogSpec& spec = sources_[pipe.unit()].spec;
  const LineView view{pipe.unit(), pipe.stream(), line, loop_.clock().wall_ms()};
  keep_and_tell(pipe.unit(), spec, view);
  send(pipe.unit(), spec, view);
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

Admission LogHub::Impl::admission_of(const LogSpec& spec, LogStream stream) const {
  if (spec.on_stall != OnStall::block || is_ending_)
    return Admission::if_room;
  return stream == LogStream::berth ? Admission::from_reserve : Admission::always;
}

void LogHub::Impl::send(const std::string& name, const LogSpec& spec, const LineView& line) {
  const Admission admission = admission_of(spec, line.stream);
  output_.add(name, spec.format, line, admission);
  files_.add(spec, line, admission);
  if (spec.format != LogFormat::none)
    socket_.add(name, line);
}

void LogHub::Impl::pump() {
  output_.pump();
  files_.pump();
  socket_.pump();
  resume_pipes();
}

void LogHub::Impl::resume_pipes() {
  if (!std::exchange(has_paused_, false))
    return;
  for (const auto& [name, source] : sources_)
    for (const auto& pipe : source.pipes)
      if (pipe->is_paused() && wanted(*pipe) > 0)
        pipe->resume();
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

void LogHub::configure(const BerthConfig& config) {
  impl_->configure(config);
}

void LogHub::set_file_writer(std::function<Result<os::UniqueFd>()> start) {
  impl_->set_file_writer(std::move(start));
}

void LogHub::flush(std::chrono::milliseconds limit) {
  impl_->flush(limit);
}

}  // namespace berth
