// CgiRelay: passes the body of one request to a job, and what the job prints back to the client, as
// it comes and with back-pressure in both directions (RFC 3875).
//
// PID 1 starts the job. The reply ends with the run and not with its output: then all that the job
// was to do has been done, and whether it was is known.
#pragma once

#include <memory>
#include <string>

#include "proxy/body_decoder.h"
#include "proxy/graveyard.h"
#include "proxy/relay.h"
#include "proxy/runs.h"

namespace berth::proxy {

class CgiRelay final : public os::FdHandler, private RunUser {
 public:
  /// Who is told that pump() has something to do.
  class User {
   public:
    virtual ~User() = default;
    virtual void on_job() noexcept = 0;
  };
  using Outcome = Relay::Outcome;
  /// Of the question to PID 1.
  enum class Answer : std::uint8_t { pending, accepted, busy, refused };

  CgiRelay(const Relay::Workshop& workshop, Runs& runs, ClientRequest& request,
           const FieldEdits& edits, User& user);
  ~CgiRelay() override;
  CgiRelay(const CgiRelay&) = delete;
  CgiRelay& operator=(const CgiRelay&) = delete;

  /// Asks for the run. Fails if there are no pipes to be had.
  Result<void> ask(const std::string& job, cgi::Variables variables);
  Answer answer() const;
  /// REQUIRES: accepted. keep_alive: the client may send another request afterwards. max_body: 0 =
  /// any.
  void start(bool keep_alive, std::uint64_t max_body);
  void keep_no_client() { keep_alive_ = false; }
  /// Moves what can be moved. To be called after every event of either side. Besides what Relay
  /// says: `lost_unanswered` = the job has failed and printed nothing.
  Outcome pump(Stream& client);

  /// The rest of the body is to come, and the job takes it.
  bool waits_for_client() const;
  bool has_replied() const { return has_replied_; }
  int status() const { return response_.status; }
  std::uint64_t body_bytes() const { return response_body_.total(); }
  bool keeps_client() const { return keep_alive_ && request_.body.is_complete(); }

  void on_events(os::Events events) noexcept override;
  /// The client has no further use for it: the run ends if it has not, and the object dies at the
  /// end of the turn.
  static void retire(std::unique_ptr<CgiRelay> relay, Graveyard& graveyard);

 private:
  void on_run(control::RunPhase phase) noexcept override;
  bool is_over() const;
  Outcome pump_input(Stream& client);
  /// Writes what the job has not taken yet.
  void flush_input();
  void close_input();
  void close_output();
  Outcome pump_output(Stream& client);
  Outcome take_output(Stream& client, std::span<char> bytes);
  Outcome take_head(Stream& client, bool over);
  Outcome send_head(Stream& client, std::string_view response, std::string rest);
  Outcome pass_back(Stream& client, std::span<char> bytes, std::string_view head);
  Outcome finish(Stream& client);

  const Relay::Workshop& shop_;
  Runs& runs_;
  ClientRequest& request_;
  const FieldEdits& edits_;
  User* user_;  ///< null = has no further use for it
  std::uint32_t id_ = 0;
  bool asked_ = false;
  bool answered_ = false;
  control::RunPhase phase_ = control::RunPhase::accepted;  ///< the latest, once answered
  os::UniqueFd input_, output_;  ///< our ends of the pipes, while they are of use
  std::string kept_;             ///< of the body: the job has not taken it yet
  std::string begin_;            ///< of the output, until it is known whether it is a header block
  HttpHead response_;
  BodyDecoder response_body_;
  std::uint64_t max_body_ = 0;
  bool keep_alive_ = false;
  bool head_done_ = false;
  bool chunk_reply_ = false;
  bool has_replied_ = false;
  bool reply_over_ = false;
};

}  // namespace berth::proxy
