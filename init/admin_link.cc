// The admin socket and its helper.
#include "init/admin_link.h"

#include <algorithm>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "init/exec_image.h"
#include "init/log.h"
#include "init/os/socket.h"
#include "units/overloaded.h"
#include "units/wire.h"

namespace berth {
namespace {

constexpr std::size_t kMostUnsent = 256;
constexpr int kPacketsPerTurn = 64;
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{10'000};
constexpr std::chrono::seconds kHealthyLife{1};
constexpr const char* kAdminGroup = "berth-admin";

}  // namespace

AdminLink::AdminLink(os::EventLoop& loop, Reaper& reaper, const Settings& settings,
                     AdminCommands& commands)
    : loop_(loop),
      reaper_(reaper),
      settings_(settings),
      commands_(commands),
      on_client_([this](os::Events) { start_helper(); }),
      on_message_([this](os::Events events) { on_events(events); }) {}

AdminLink::~AdminLink() {
  loop_.cancel(resume_);
  if (pid_ != 0)
    reaper_.forget(pid_);
  loop_.unwatch(control_.borrow());
  loop_.unwatch(listener_.borrow());
}

Result<void> AdminLink::listen() {
  os::ListenOptions options;
  options.mode = 0600;
  if (const auto group = find_group(kAdminGroup); group && settings_.is_root) {
    options.mode = 0660;
    options.group = *group;
  }
  const Address address{Address::Family::unix_socket, {}, 0, settings_.run_dir() + "/admin.sock"};
  auto listener = BERTH_TRY(os::listen_on(address, options));
  loop_.unwatch(listener_.borrow());
  loop_.disarm(resume_);
  listener_ = std::move(listener);
  is_dismissed_ = pid_ != 0;
  if (is_dismissed_)
    drop_helper();
  else
    wait_for_client();
  return {};
}

void AdminLink::wait_for_client() {
  loop_.watch(listener_.borrow(), true, false, on_client_);
}

void AdminLink::start_helper() {
  loop_.unwatch(listener_.borrow());
  started_ = loop_.now();  // an attempt that fails at once is answered with a pause
  Unit definition;
  definition.process.user = user(settings_);
  ExecContext context;
  context.own_environment = &settings_.environment;
  context.original_nofile = settings_.original_nofile;
  context.is_root = settings_.is_root;
  context.helper = true;
  auto ends = os::packet_pair();
  if (ends) {
    context.other_fds = {ends->second.borrow(), listener_.borrow()};
    context.standard_error = os::BorrowedFd(STDERR_FILENO);
    Command command;
    command.argv = {settings_.program("berth-admin"),
                    "--control",
                    "3",
                    "--listen",
                    "4",
                    "--run-dir",
                    settings_.run_dir(),
                    "--uid",
                    std::to_string(::geteuid())};
    const auto image = build_exec_image(definition, command, context);
    auto spawned = image ? os::spawn(*image) : Result<os::Spawned>(image.error());
    if (spawned) {
      pid_ = spawned->pid;
      pidfd_ = std::move(spawned->pidfd);
      report_ = std::move(spawned->report);
      control_ = std::move(ends->first);
      ++serial_;
      reaper_.expect(pid_, [this](const os::ExitStatus& status) { on_exit(status); });
      loop_.watch(control_.borrow(), true, false, on_message_);
      return;
    }
    log_error("cannot start berth-admin: " + spawned.error().message);
  } else {
    log_error("cannot start berth-admin: " + ends.error().message);
  }
  on_exit(os::ExitStatus{os::ExitStatus::How::exited, 127, false});
}

void AdminLink::on_exit(const os::ExitStatus& status) {
  loop_.unwatch(control_.borrow());
  control_.reset();
  unsent_.clear();
  pid_ = 0;
  pidfd_.reset();
  const bool healthy = (status.how == os::ExitStatus::How::exited && status.value == 0) ||
                       std::exchange(is_dismissed_, false);
  std::optional<os::ChildFailure> failure;
  if (report_.is_open() && os::read_report(report_.borrow(), failure) == os::ReportState::failed) {
    os::ExecImage image;
    image.program = settings_.program("berth-admin");
    log_error("berth-admin cannot be started: " + failure->describe(image));
  } else if (!healthy) {
    log_warning("berth-admin ended: " + status.str());
  }
  report_.reset();
  // One that fails at once would be started without end by the client that waits in the backlog.
  if (healthy || loop_.now() - started_ > kHealthyLife)
    pause_ = std::chrono::milliseconds(0);
  else
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  resume_ = loop_.after(pause_, [this] {
    resume_ = os::kNoTimer;
    wait_for_client();
  });
}

void AdminLink::drop_helper() {
  if (pid_ != 0)
    os::signal_process(pidfd_.borrow(), pid_, SIGKILL);
}

void AdminLink::on_events(os::Events events) {
  if (events.writable)
    flush();
  os::Packet packet;
  for (int i = 0; i < kPacketsPerTurn && control_.is_open(); ++i) {
    const auto outcome = os::receive_packet(control_.borrow(), control::kMaxPacket, packet);
    if (outcome == os::ReceiveOutcome::empty)
      return;
    auto message = outcome == os::ReceiveOutcome::received
                       ? wire::decode_any<control::FromAdmin>(packet.bytes)
                       : Result<control::FromAdmin>(Error{});
    if (!message) {
      loop_.unwatch(control_.borrow());
      control_.reset();
      return drop_helper();
    }
    handle(*message, std::move(packet.fds));
  }
}

void AdminLink::handle(const control::FromAdmin& message, std::vector<os::UniqueFd> fds) {
  std::visit(Overloaded{
                 [&](const control::Command& m) { command(m); },
                 [&](const control::GetSnapshot& m) {
                   send_document(m.id, wire::encode(commands_.snapshot(m.with_pids)));
                 },
                 [&](const control::GetLog& m) {
                   send_document(m.id, wire::encode(commands_.log_tail(m.unit)));
                   if (!fds.empty())
                     commands_.log_follow(m.unit, std::move(fds.front()));
                 },
                 [&](const control::Measure& m) {
                   const Snapshot snapshot = commands_.snapshot(true);
                   send_document(m.id, wire::encode(snapshot));
                   if (!fds.empty())
                     commands_.measure(snapshot, std::move(fds.front()));
                 },
                 [&](const control::FollowStates& m) {
                   // Within one turn: nothing changes between the two.
                   send_document(m.id, wire::encode(commands_.snapshot(false)));
                   if (!fds.empty())
                     commands_.follow_states(std::move(fds.front()));
                 },
             },
             message);
}

void AdminLink::command(const control::Command& message) {
  const std::uint32_t id = message.id;
  // Who is neither root nor berth's own user came in through the socket's group, if there is one.
  if (message.uid != 0 && message.uid != ::geteuid() && !find_group(kAdminGroup)) {
    send(control::Denied{id, control::DenyCode::not_permitted, "only root may do that"});
    return;
  }
  const std::uint64_t serial = serial_;
  auto denied = commands_.execute(
      message, [this, id, serial](control::JobResult result, std::vector<std::string> lines) {
        if (serial == serial_)
          send(control::Finished{id, result, std::move(lines)});
      });
  if (denied) {
    denied->id = id;
    send(*denied);
  } else {
    send(control::Accepted{id});
  }
}

void AdminLink::send_document(std::uint32_t id, const std::string& bytes) {
  auto memfd = os::sealed_memfd("berth-document", bytes);
  if (!memfd) {
    send(control::Denied{id, control::DenyCode::limits, memfd.error().message});
    return;
  }
  send(control::Document{id}, *std::move(memfd));
}

void AdminLink::send(const control::ToAdmin& message, os::UniqueFd fd) {
  if (!control_.is_open())
    return;
  unsent_.push_back(Outgoing{wire::encode_any(message), std::move(fd)});
  if (unsent_.size() > kMostUnsent) {
    log_error("berth-admin does not read what berth tells it: it is replaced");
    return drop_helper();
  }
  flush();
}

void AdminLink::flush() {
  while (!unsent_.empty()) {
    const Outgoing& next = unsent_.front();
    std::vector<os::BorrowedFd> fds;
    if (next.fd.is_open())
      fds.push_back(next.fd.borrow());
    const auto outcome = os::send_packet(control_.borrow(), next.bytes, fds);
    if (outcome == os::SendOutcome::full)
      return loop_.rewatch(control_.borrow(), true, true);
    unsent_.pop_front();
  }
  loop_.rewatch(control_.borrow(), true, false);
}

}  // namespace berth
