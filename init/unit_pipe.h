// UnitPipe: the read end of one pipe that a unit writes its output to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "init/line_splitter.h"
#include "init/os/event_loop.h"
#include "units/snapshot.h"

namespace berth {

/// What a unit may make PID 1 read in one turn of the loop, per pipe.
inline constexpr std::size_t kReadPerTurn = std::size_t{64} * 1024;

class UnitPipe final : public os::FdHandler, public os::Deferred {
 public:
  /// Who owns the pipes.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_line(const UnitPipe& pipe, std::string_view line) = 0;
    /// How many bytes of the pipe may be read now; 0 = none until resume().
    virtual std::size_t wanted(const UnitPipe& pipe) = 0;
    /// After the lines of one turn of the loop.
    virtual void on_turn_end() = 0;
    /// Nobody can write to the pipe any more: time to hand it to defer_delete().
    virtual void on_end(const UnitPipe& pipe) = 0;
  };
  /// Makes the pipe non-blocking.
  UnitPipe(os::EventLoop& loop, std::string unit, LogStream stream, os::UniqueFd pipe,
           Owner& owner);
  ~UnitPipe() override;
  UnitPipe(const UnitPipe&) = delete;
  UnitPipe& operator=(const UnitPipe&) = delete;

  const std::string& unit() const { return unit_; }
  LogStream stream() const { return stream_; }
  /// Reads from now on, when the loop runs; false (errno set) if the kernel refuses.
  bool watch();
  /// Reads what is in the pipe now and wanted, an unfinished last line included. Calls neither
  /// on_turn_end() nor on_end().
  void drain();
  /// Whether it waits until more is wanted.
  bool is_paused() const { return paused_; }
  void resume();
  /// Reads no more.
  void leave();

 private:
  void on_events(os::Events events) noexcept override;
  /// Reads about `limit` bytes; false = the pipe is at its end.
  bool read_lines(std::size_t limit);
  void finish_line();

  os::EventLoop& loop_;
  std::string unit_;
  LogStream stream_;
  os::UniqueFd pipe_;
  Owner& owner_;
  LineSplitter splitter_;
  bool paused_ = false;
};

}  // namespace berth
