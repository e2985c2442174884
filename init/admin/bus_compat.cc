// sd-bus as a server for one client, the mini bus driver, and its adoption by sdbus-c++ 1.2.
#include "init/admin/bus_compat.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include <poll.h>
#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include "init/os/errno_error.h"

namespace {

// sdbus-c++ 1.2 has no way to be given a connection (createServerBus() and createBusConnection()
// came with 1.4). It asks sd_bus_open_user() for one, and a definition in the program takes
// precedence over the library's: that is how it gets ours. One thread, set right before the call.
sd_bus* g_adopted = nullptr;

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libsystemd's
extern "C" __attribute__((visibility("default"))) int sd_bus_open_user(sd_bus** bus) {
  if (g_adopted == nullptr)
    return -ENOTCONN;
  *bus = std::exchange(g_adopted, nullptr);
  return 0;
}

namespace berth::admin {
namespace {

constexpr const char* kDriverName = "org.freedesktop.DBus";
constexpr const char* kDriverPath = "/org/freedesktop/DBus";
constexpr const char* kOurName = "org.berth.Berth1";
constexpr const char* kOurUniqueName = ":1.0";
constexpr std::uint32_t kAlreadyOwner =
    2;  // D-Bus specification, StartServiceByName: already running

/// Answers a driver's method; replies come from the driver, not from us.
template <typename... Values>
int reply(sd_bus_message* call, const char* types, Values... values) {
  sd_bus_message* answer = nullptr;
  int result = sd_bus_message_new_method_return(call, &answer);
  if (result >= 0)
    result = sd_bus_message_set_sender(answer, kDriverName);
  if constexpr (sizeof...(values) > 0) {
    if (result >= 0)
      result = sd_bus_message_append(answer, types, values...);
  }
  if (result >= 0)
    result = sd_bus_send(nullptr, answer, nullptr);
  sd_bus_message_unref(answer);
  return result;
}

int on_hello(sd_bus_message* call, void* name, sd_bus_error*) {
  return reply(call, "s", static_cast<const std::string*>(name)->c_str());
}

// There is nothing to route, so every match holds: a client gets all signals of ours.
int on_match(sd_bus_message* call, void*, sd_bus_error*) {
  return reply(call, "");
}

int on_list_names(sd_bus_message* call, void* name, sd_bus_error*) {
  return reply(call, "as", 4, kDriverName, kOurName, kOurUniqueName,
               static_cast<const std::string*>(name)->c_str());
}

int on_list_activatable(sd_bus_message* call, void*, sd_bus_error*) {
  return reply(call, "as", 1, kDriverName);
}

/// Who owns the name that `call` asks about, or null.
const char* owner_of(sd_bus_message* call, const std::string& client) {
  const char* asked = nullptr;
  if (sd_bus_message_read(call, "s", &asked) < 0)
    return nullptr;
  const std::string_view name = asked;
  if (name == kDriverName)
    return kDriverName;
  if (name == kOurName || name == kOurUniqueName)
    return kOurUniqueName;
  return name == client ? client.c_str() : nullptr;
}

int on_has_owner(sd_bus_message* call, void* name, sd_bus_error*) {
  const char* owner = owner_of(call, *static_cast<const std::string*>(name));
  return reply(call, "b", owner != nullptr ? 1 : 0);
}

int on_get_owner(sd_bus_message* call, void* name, sd_bus_error* error) {
  const char* owner = owner_of(call, *static_cast<const std::string*>(name));
  if (owner == nullptr)
    return sd_bus_error_set(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "no such name");
  return reply(call, "s", owner);
}

int on_start_service(sd_bus_message* call, void*, sd_bus_error*) {
  return reply(call, "u", kAlreadyOwner);
}

int on_get_id(sd_bus_message* call, void*, sd_bus_error*) {
  const char* id = nullptr;
  sd_id128_t bus{};
  char text[SD_ID128_STRING_MAX] = {};
  if (sd_bus_get_bus_id(sd_bus_message_get_bus(call), &bus) >= 0)
    id = sd_id128_to_string(bus, text);
  return reply(call, "s", id != nullptr ? id : "");
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // the macros of sd-bus-vtable.h are C
const sd_bus_vtable kDriver[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Hello", "", "s", on_hello, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AddMatch", "s", "", on_match, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RemoveMatch", "s", "", on_match, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ListNames", "", "as", on_list_names, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ListActivatableNames", "", "as", on_list_activatable,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("NameHasOwner", "s", "b", on_has_owner, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetNameOwner", "s", "s", on_get_owner, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartServiceByName", "su", "u", on_start_service, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetId", "", "s", on_get_id, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};
#pragma GCC diagnostic pop

}  // namespace

BusPeer::BusPeer(std::uint64_t serial) : name_(":1." + std::to_string(serial)) {}

Result<std::unique_ptr<BusPeer>> BusPeer::start(os::UniqueFd socket, std::uint64_t serial) {
  std::unique_ptr<BusPeer> peer(new BusPeer(serial));
  BERTH_TRY(peer->set_up(std::move(socket)));
  return peer;
}

Result<void> BusPeer::set_up(os::UniqueFd socket) {
  sd_id128_t id{};
  int result = sd_id128_randomize(&id);
  if (result >= 0)
    result = sd_bus_new(&raw_);
  if (result >= 0)
    result = sd_bus_set_fd(raw_, socket.raw(), socket.raw());
  if (result < 0)
    return os::errno_error("set up a bus connection", -result);
  socket_ = socket.borrow();
  static_cast<void>(socket.release());  // sd-bus owns it from sd_bus_set_fd() on
  result = sd_bus_set_server(raw_, 1, id);
  // The caller has checked the peer by the credentials of its socket; sd-bus must not ask again,
  // since it would let nobody but our own uid in.
  if (result >= 0)
    result = sd_bus_set_trusted(raw_, 1);
  // A client from outside our PID namespace has no pid here. sd-bus calls such credentials invalid
  // and refuses the EXTERNAL handshake of a peer that it cannot name, unless strangers are welcome.
  if (result >= 0)
    result = sd_bus_set_anonymous(raw_, 1);
  if (result >= 0)
    result = sd_bus_set_sender(raw_, kOurUniqueName);
  if (result >= 0)
    result = sd_bus_add_object_vtable(raw_, nullptr, kDriverPath, kDriverName, kDriver, &name_);
  if (result >= 0)
    result = sd_bus_start(raw_);
  if (result < 0)
    return os::errno_error("start a bus connection", -result);
  return {};
}

BusPeer::~BusPeer() {
  close();
  if (connection_ == nullptr)
    sd_bus_unref(raw_);
}

BusPeer::Progress BusPeer::process() noexcept {
  if (closed_)
    return Progress::closed;
  const int result = sd_bus_process(raw_, nullptr);
  if (closed_ || result < 0 || sd_bus_is_open(raw_) <= 0)
    return Progress::closed;
  return result > 0 ? Progress::some : Progress::idle;
}

bool BusPeer::is_ready() const {
  return !closed_ && sd_bus_is_ready(raw_) > 0;
}

sdbus::IConnection& BusPeer::connection() {
  if (connection_ == nullptr) {
    g_adopted = raw_;
    connection_ = sdbus::createSessionBusConnection();
  }
  return *connection_;
}

BusPeer::Wish BusPeer::wish() const {
  Wish wish;
  if (closed_)
    return wish;
  const int events = sd_bus_get_events(raw_);
  if (events >= 0) {
    wish.readable = (events & POLLIN) != 0;
    wish.writable = (events & POLLOUT) != 0;
  }
  std::uint64_t timeout = UINT64_MAX;  // CLOCK_MONOTONIC, man 3 sd_bus_get_timeout
  if (sd_bus_get_timeout(raw_, &timeout) >= 0 && timeout != UINT64_MAX)
    wish.wake = os::TimePoint(std::chrono::microseconds(timeout));
  return wish;
}

std::size_t BusPeer::queued() const {
  std::uint64_t messages = 0;
  return sd_bus_get_n_queued_write(raw_, &messages) >= 0 ? messages : 0;
}

void BusPeer::close() noexcept {
  if (!std::exchange(closed_, true))
    sd_bus_close(raw_);
}

}  // namespace berth::admin
