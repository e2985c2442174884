// What of the file system a proxy needs: the rest it gives up when it has its route table.
#pragma once

#include "init/os/file_rights.h"
#include "units/proxy_spec.h"

namespace berth::proxy {

/// Reading: the static root, the folders of htpasswd, certificate and key, and what the C library
/// and OpenSSL look at: libraries, names of hosts, certificates of authorities. Everything where
/// symbolic links below the static root may lead anywhere. Writing: the folder of the access log.
os::FileRights needed_files(const ProxySpec& spec);

}  // namespace berth::proxy
