// Modules: parts of the proxy that are loaded when a configuration needs them, because of the
// libraries that come with them.
#pragma once

#include "units/result.h"

namespace berth::proxy {

/// The function `symbol` of the module `name`, which lies beside the program. It is never unloaded.
Result<void*> load_module(const char* name, const char* symbol);

}  // namespace berth::proxy
