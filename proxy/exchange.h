// Exchange: one request and its reply, from the first byte of the head to the last of the body.
//
// It exists only while a request is alive (invariant 1 of connection_state.h) and comes from a
// pool. A function that may end the exchange is the last thing its caller does with it.
#pragma once

#include <memory>
#include <string>

#include "proxy/body_pace.h"
#include "proxy/cgi_relay.h"
#include "proxy/client_request.h"
#include "proxy/connection_state.h"
#include "proxy/context.h"
#include "proxy/own_reply.h"
#include "proxy/relay.h"

namespace berth::proxy {

/// An interim reply: the client may send its body (RFC 9110 section 15.2.1).
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

class Exchange final : public LeaseUser,
                       public LoginWaiter,
                       public FiguresWaiter,
                       public UpstreamUser,
                       public CgiRelay::User {
 public:
  explicit Exchange(Context& context);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() override;

  /// Out of the pool and back into it.
  void assign(Connection& client);
  void retire();
  /// Makes ready for the next request on the same connection, which has begun to come in already.
  void renew();

  ClientRequest& request() { return request_; }
  /// Bytes of the head; true once it is complete, or is known to be bad: then on_head() is next.
  bool feed(std::string_view bytes, std::size_t& used);
  /// Decides what becomes of the request, and begins it.
  void on_head();
  /// The client's socket has news.
  void on_client();
  /// The client has finished sending, and perhaps gone. May end the connection.
  void on_client_end();
  /// A deadline is over, or the end has come from outside: answers or breaks off.
  void stop(ConnectionAction how);
  /// The client is gone: lets go of everything.
  void abandon();

  void on_granted() noexcept override;
  void on_refused(Milliseconds retry_after) noexcept override;
  void on_cut(bool going_away) noexcept override;
  void on_login(LoginWaiter::Verdict verdict) noexcept override;
  void on_figures(const SystemFigures& figures) noexcept override;
  void on_upstream() noexcept override;
  void on_job() noexcept override;

 private:
  void identify();
  bool refuse_over_limit();
  bool refuse_bad_head();
  void ask_metrics();
  /// Whether another machine answers it.
  bool replay(const Place& tenant);
  void send_to(const ReplayTarget& target);
  /// Whether the machine that the client has been on answers it. If this one does, the reply may
  /// say so.
  bool stick(const Place& place);
  /// To another machine, whose name is `host`.
  void pass_on(const std::string& host);
  /// False if a rewrite made something that is no path.
  bool rewrite();
  /// What comes before the login, and whether one is needed.
  void decide();
  bool needs_login(const Place& route, const Place& tenant, std::optional<StaticFile>& file) const;
  void ask_login();
  void take_login(Logins::Answer answer);
  /// What comes after the login.
  void proceed(const Place& route, const Place& tenant, std::optional<StaticFile> file);
  std::optional<StaticFile> find_file() const;
  void forward(const Place& place);
  void take_route(const Place& route);
  void run_job(const RouteSpec& route);
  void take_run_answer();
  void start_run();
  void pump_job();
  void arm_for_job();
  std::string upstream_target(const Place& place) const;
  void take_edits(const RouteSpec& route);
  void park();
  void connect();
  /// Begins TLS where the target wants it. False: it has been answered.
  bool encrypt(UpstreamConnection& connection);
  void connection_failed();
  void unreachable();
  void start_relay();
  void pump();
  void on_outcome(Relay::Outcome outcome);
  void on_lost_unanswered();
  void arm_for_relay();
  /// The client has left, or what it sends is no body, or too much of one.
  void end_by_client(Relay::Outcome outcome);
  /// otherwise: the time limit when it is not the client's body that is waited for; 0 = none.
  void arm_for_body(bool waits_for_client, Milliseconds otherwise);
  void upgrade();
  void answer(OwnReply reply);
  void answer_error(int status);
  void answer_unavailable(Milliseconds retry_after);
  /// Who should answer cannot be had.
  void answer_unserved(Milliseconds retry_after);
  // Of what passes through.
  bool has_replied() const { return cgi_ ? cgi_->has_replied() : relay_.has_replied(); }
  int relayed_status() const { return cgi_ ? cgi_->status() : relay_.status(); }
  std::uint64_t relayed_bytes() const { return cgi_ ? cgi_->body_bytes() : relay_.body_bytes(); }
  /// Ends the relay without a sound reply: `status` if the client has seen nothing yet.
  void break_off(int status);
  void continue_reply();
  void drop_upstream();
  void stop_asking();
  /// How long it was in the waiting room.
  Milliseconds held() const;
  /// The reason of a failure, for the log.
  void note_error(std::string_view why) { error_ = why; }
  void finish(bool keep_alive);
  void log(int status, std::uint64_t bytes, ReplyKind kind);
  bool is_closing() const { return context_.draining || context_.shutting_down; }
  bool may_keep_client() const {
    return request_.head.keep_alive && !is_closing() && !context_.crowded;
  }

  Context& context_;
  Activity::Use use_;
  Connection* client_ = nullptr;  ///< never null outside the pool
  HeadParser parser_;
  HeadOutcome head_outcome_ = HeadOutcome::more;
  ClientRequest request_;
  FieldEdits request_edits_;
  FieldEdits reply_edits_;
  Relay relay_;
  std::unique_ptr<CgiRelay> cgi_;      ///< instead of it, where a job answers; null = none
  std::string target_;                 ///< what the unit is asked for
  std::string unit_;                   ///< for the log; empty = none
  RequestFigures* figures_ = nullptr;  ///< of the unit that it goes to
  std::string host_;                   ///< of a target; empty = the request is for a unit
  std::string backend_;                ///< where the unit was asked, for the log
  std::string destination_;            ///< where it was replayed, for the log
  std::string file_path_;              ///< what was sent, for the log
  std::string_view error_;             ///< for the log
  BodyPace pace_;
  os::TimePoint started_;
  os::TimePoint held_since_, held_until_;
  os::TimePoint hold_until_;    ///< the end of the wait for the unit
  bool names_machine_ = false;  ///< the reply has the cookie of this machine
  bool upgrade_ = false;        ///< the WebSocket upgrade is passed on
  bool fresh_only_ = false;     ///< an idle connection has failed it already
  bool waited_ = false;  ///< a new connection has, too: it waits, or has waited, for the next life
  bool asked_client_ = false;  ///< whether it is still there
  bool reply_keeps_ = false;   ///< our own answer leaves the connection usable
  int reply_status_ = 0;       ///< of our own answer
  ReplyKind reply_kind_ = ReplyKind::error;
  std::uint64_t reply_bytes_ = 0;
  os::UniqueFd reply_file_;
  std::uint64_t reply_offset_ = 0;
  std::uint64_t reply_left_ = 0;  ///< bytes of the file still to be sent
};

}  // namespace berth::proxy
