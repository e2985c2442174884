// ProxyLinks: PID 1's side of the proxies: their listening sockets, which outlive them, and their
// control sockets.
//
// What a proxy has not read yet is bounded: one route table and one message a unit, the latest
// wins. A proxy whose socket stays full for 5 s is reported as stalled, and replaced by whoever is
// told.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "init/exec_image.h"
#include "init/os/event_loop.h"
#include "init/settings.h"
#include "units/control.h"
#include "units/figures.h"
#include "units/proxy_config.h"

namespace berth {

/// What a new proxy process is given.
struct ProxyStart {
  os::UniqueFd own_end;
  os::UniqueFd child_end;
  std::vector<os::BorrowedFd> listeners;
  std::vector<os::BorrowedFd> metrics;  ///< listeners for who reads figures
};

class ProxyLinks {
 public:
  /// Is told what the processes of the proxies say, each by the name of its link. Set once by
  /// main().
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_message(const std::string& link, const control::FromProxy& message) = 0;
    virtual void on_disconnected(const std::string& link) = 0;
    virtual void on_stalled(const std::string& link) = 0;
    /// It has said what no proxy of ours says. Its link is closed already.
    virtual void on_malformed(const std::string& link) = 0;
  };

  /// Is told of the runs that proxies want. Set once by main().
  class Runner {
   public:
    virtual ~Runner() = default;
    /// `pipes` came with it. False: that is what no proxy of ours says.
    virtual bool run(const std::string& proxy, control::RunJob& message,
                     std::vector<os::UniqueFd>& pipes) = 0;
    virtual void stop_run(const std::string& proxy, std::uint32_t id) = 0;
    virtual void proxy_gone(const std::string& proxy) = 0;
  };

  ProxyLinks(os::EventLoop& loop, const Settings& settings) : loop_(loop), settings_(settings) {}
  ~ProxyLinks();
  void set_owner(Owner& owner) { owner_ = &owner; }
  void set_runner(Runner& runner) { runner_ = &runner; }

  /// The user that a proxy runs as: its own `user`, else nobody; "" (berth's own) if berth may not
  /// change ids and the proxy asks for nobody in particular.
  std::string user_of(const Unit& proxy) const;
  /// Its ids, for the sockets that it has to reach.
  Result<Identity> identity_of(const Unit& proxy, const FoundNames& names) const;
  /// Opens what the proxy listens on (what is open already stays) and makes the control socket.
  Result<ProxyStart> prepare(const Unit& proxy);
  /// What the link of one process of a proxy is called, in all that follows and in messages: "web
  /// (life 3)".
  static std::string link_of(const std::string& proxy, std::uint64_t life);
  /// The proxy that a link is of; a link may also have just its name.
  static std::string proxy_of(const std::string& link);
  /// A new process has the other end. Sends the last route table, if there was one.
  void connect(const std::string& link, os::UniqueFd own_end);
  /// The process has ended.
  void disconnect(const std::string& link);
  /// Closes the listeners that none of `proxies` names any more.
  void keep_listeners_of(const std::vector<const Unit*>& proxies);

  /// Sends when it can; an unsent message about the same unit is replaced.
  void send(const std::string& link, const std::string& unit, const control::ToProxy& message);
  /// The process is to finish what it has, well before `limit`, when it would be killed. replaced:
  /// see control::Drain.
  void drain(const std::string& link, Milliseconds limit, bool replaced);
  void send_to_all(const std::string& unit, const control::ToProxy& message);
  /// Hands over a route table, to each process of the proxy; sets its generation. The same table
  /// again is not sent.
  void configure(const std::string& proxy, ProxyConfig config);
  /// Whether a route of the latest table of `proxy` names this job.
  bool names_job(const std::string& proxy, const std::string& job) const;
  /// Whether the proxy has said that this table is in force.
  bool has_latest_table(const std::string& proxy) const;
  /// Where figures come from. Set once by main().
  void set_figures(std::function<SystemFigures()> figures) { figures_ = std::move(figures); }
  /// A proxy has asked for them. Dropped if it asks too often, or does not read.
  void send_figures(const std::string& link);

 private:
  struct Link {
    os::UniqueFd socket;
    std::unique_ptr<os::FdHandler> handler;
    bool config_unsent = false;
    std::uint64_t configured = 0;  ///< the generation that it has in force
    os::TimePoint figures_sent;
    std::map<std::string, control::ToProxy> unsent;  ///< by unit
    os::TimerId stalled = os::kNoTimer;
  };
  void on_events(const std::string& name, os::Events events);
  /// False: that is what no proxy of ours says.
  bool take(const std::string& name, control::FromProxy& message, std::vector<os::UniqueFd>& fds);
  void flush(const std::string& name, Link& link);
  bool send_config(const std::string& name, Link& link);
  Result<os::BorrowedFd> open_listener(const Address& address);
  void wait_writable(const std::string& name, Link& link);

  os::EventLoop& loop_;
  const Settings& settings_;
  Owner* owner_ = nullptr;
  Runner* runner_ = nullptr;
  std::map<std::string, os::UniqueFd> listeners_;  ///< by address as text
  std::map<std::string, Link> links_;              ///< of connected processes only
  std::map<std::string, ProxyConfig> configs_;     ///< the latest table of every proxy
  std::uint64_t generation_ = 0;
  std::function<SystemFigures()> figures_;
};

}  // namespace berth
