// Opening, handing over and closing.
#include "init/listen_sockets.h"

#include <algorithm>

#include "init/os/files.h"

namespace berth {
namespace {

constexpr mode_t kFolderMode = 0755;

/// What is kept in the file of a Unix socket, and so needs a new one to be changed.
bool same_file(const os::ListenOptions& a, const os::ListenOptions& b) {
  return a.mode == b.mode && a.owner == b.owner && a.group == b.group;
}

}  // namespace

ListenSockets::~ListenSockets() {
  for (const auto& [address, socket] : sockets_)
    remove(socket);
}

void ListenSockets::remove(const Socket& socket) {
  if (socket.fd.is_open() && socket.address.family == Address::Family::unix_socket)
    os::remove_file(socket.address.path);
}

Result<os::ListenOptions> ListenSockets::options_for(const ListenSocket& wanted, const Unit& unit,
                                                     const FoundNames& names) const {
  os::ListenOptions options;
  options.mode = static_cast<mode_t>(wanted.mode);
  options.blocking = true;
  if (!settings_.is_root || wanted.address.family == Address::Family::tcp)
    return options;
  const std::string& user = wanted.user.empty() ? unit.process.user : wanted.user;
  if (!user.empty()) {
    const Identity owner = BERTH_TRY(find_user(user, names));
    options.owner = owner.uid;
    options.group = owner.gid;
  }
  const std::string& group =
      wanted.group.empty() && wanted.user.empty() ? unit.process.group : wanted.group;
  if (!group.empty())
    options.group = BERTH_TRY(find_group(group, names));
  return options;
}

Result<void> ListenSockets::open_one(const ListenSocket& wanted, const Unit& unit,
                                     const FoundNames& names) {
  const std::string text = format_address(wanted.address);
  const auto options = options_for(wanted, unit, names);
  if (!options)
    return Error{options.error().code, "listen on " + text + ": " + options.error().message};
  Socket& socket = sockets_[text];
  if (socket.fd.is_open() && (!os::is_reachable(socket.fd.borrow(), wanted.address) ||
                              !same_file(socket.options, *options))) {
    remove(socket);
    socket.fd.reset();
  }
  if (!socket.fd.is_open()) {
    const std::string folder = wanted.address.path.substr(0, wanted.address.path.rfind('/'));
    if (!folder.empty() && !os::exists(folder))
      BERTH_TRY(os::make_folder(folder, kFolderMode));
    socket.fd = BERTH_TRY(os::listen_on(wanted.address, *options));
  }
  socket.address = wanted.address;
  socket.options = *options;
  socket.unit = unit.name.str();
  return {};
}

Result<void> ListenSockets::open(const Unit& unit, const FoundNames& names) {
  for (const ListenSocket& wanted : unit.service.listen)
    BERTH_TRY(open_one(wanted, unit, names));
  return {};
}

std::vector<PassedSocket> ListenSockets::of(const Unit& unit) const {
  std::vector<PassedSocket> found;
  for (const ListenSocket& wanted : unit.service.listen) {
    const auto socket = sockets_.find(format_address(wanted.address));
    if (socket != sockets_.end() && socket->second.fd.is_open())
      found.push_back(
          {socket->second.fd.borrow(), wanted.name.empty() ? unit.name.str() : wanted.name});
  }
  return found;
}

std::vector<PassedSocket> ListenSockets::for_process(const Unit& unit) const {
  std::vector<PassedSocket> sockets = of(unit);
  // One that cannot be made so is still the one to serve.
  for (const PassedSocket& socket : sockets)
    static_cast<void>(os::make_blocking(socket.fd));
  return sockets;
}

void ListenSockets::close(const std::string& unit, const std::vector<ListenSocket>& keep) {
  std::erase_if(sockets_, [&](const auto& entry) {
    const Socket& socket = entry.second;
    const bool is_kept = std::any_of(keep.begin(), keep.end(), [&](const ListenSocket& wanted) {
      return wanted.address == socket.address;
    });
    if (is_kept || (socket.unit != unit && socket.fd.is_open()))
      return false;
    remove(socket);
    return true;
  });
}

}  // namespace berth
