// ControlLink: berth-admin's end of the control socket to PID 1. Numbers the requests, matches the
// answers, gives up on what is not answered; every queue has a bound.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "init/admin/refusal.h"
#include "init/os/event_loop.h"
#include "init/os/fd.h"
#include "units/control.h"
#include "units/snapshot.h"

namespace berth::admin {

/// Who asked: requests of one client can be forgotten together. Never used again.
using ClientId = std::uint64_t;

/// A job that has ended.
struct JobEnd {
  std::uint32_t id = 0;
  std::string unit;
  control::JobResult result = control::JobResult::done;
  std::vector<std::string> lines;
};

class ControlLink final : public os::FdHandler {
 public:
  struct Hooks {
    std::function<void(const JobEnd&)> job_ended;  ///< of every job, whoever asked for it
    std::function<void()> lost;                    ///< PID 1 has closed the socket
  };
  /// `answer_time`: after that long a request is given up. PID 1 answers from memory, so that is
  /// only reached when it is in trouble.
  ControlLink(os::EventLoop& loop, os::UniqueFd socket, std::chrono::milliseconds answer_time,
              Hooks hooks);
  ~ControlLink() override;
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

  template <typename T>
  using Reply = std::function<void(Answer<T>)>;

  // Each calls its reply exactly once, unless the client is forgotten before: from the loop when
  // PID 1 has answered or its time is over; at once, from within, where a limit is reached.

  /// with_pids: all processes of each unit, which costs PID 1 a look at /proc.
  void get_snapshot(ClientId client, bool with_pids, Reply<Snapshot> reply);
  /// `pipe`: gets the changes of state after the snapshot.
  void follow_states(ClientId client, os::UniqueFd pipe, Reply<Snapshot> reply);
  /// `pipe`: gets the later lines; closed = only the kept ones.
  void get_log(ClientId client, const std::string& unit, os::UniqueFd pipe, Reply<LogTail> reply);
  /// The probes write to `pipe`.
  void measure(ClientId client, os::UniqueFd pipe, Reply<Snapshot> reply);
  /// `accepted` gets the job's id as soon as PID 1 has taken the command.
  void command(ClientId client, uid_t uid, control::Verb verb, const std::string& unit,
               Reply<std::uint32_t> accepted);
  /// As command(), but answered when it is finished.
  void command_to_end(ClientId client, uid_t uid, control::Verb verb, const std::string& unit,
                      Reply<JobEnd> ended);

  /// Drops the replies that `client` waits for. Its commands are carried out all the same.
  void forget(ClientId client);

  void on_events(os::Events events) noexcept override;

 private:
  struct Pending {
    ClientId client = 0;
    std::string unit;
    os::TimerId deadline = os::kNoTimer;  ///< none once a command has been accepted
    Reply<std::string> document;          ///< set for what a Document answers
    Reply<std::uint32_t> accepted;
    Reply<JobEnd> ended;
  };
  struct Outgoing {
    std::string bytes;
    os::UniqueFd fd;  ///< closed = none
  };

  template <typename T>
  static Reply<std::string> decoding(Reply<T> reply);
  /// Sends a `Message` that is answered by a document; members: what follows its id.
  template <typename Message, typename T, typename... Members>
  void ask(ClientId client, Reply<T> reply, os::UniqueFd fd, Members... members);
  std::uint32_t add(Pending pending);
  void send(const control::FromAdmin& message, os::UniqueFd fd);
  void flush();
  void receive();
  void handle(const control::Accepted& message, std::vector<os::UniqueFd>& fds);
  void handle(const control::Denied& message, std::vector<os::UniqueFd>& fds);
  void handle(const control::Finished& message, std::vector<os::UniqueFd>& fds);
  void handle(const control::Document& message, std::vector<os::UniqueFd>& fds);
  /// Takes the request out and answers it with `refusal`.
  void refuse(std::uint32_t id, const Refusal& refusal);
  bool at_limit(ClientId client) const;
  void lose();

  os::EventLoop& loop_;
  os::UniqueFd socket_;
  std::chrono::milliseconds answer_time_;
  Hooks hooks_;
  std::map<std::uint32_t, Pending> pending_;
  std::deque<Outgoing> outgoing_;
  std::uint32_t next_id_ = 1;
};

}  // namespace berth::admin
