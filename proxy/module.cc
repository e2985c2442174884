// Loading modules.
#include "proxy/module.h"

#include <string>

#include <dlfcn.h>

#include "init/os/files.h"

namespace berth::proxy {

Result<void*> load_module(const char* name, const char* symbol) {
  const std::string program = os::own_program_path();
  const std::string path = program.substr(0, program.rfind('/') + 1) + name;
  void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* found = module == nullptr ? nullptr : ::dlsym(module, symbol);
  if (found == nullptr)
    return Error{ErrorCode::unavailable, std::string("load a module: ") + ::dlerror(), 0};
  return found;
}

}  // namespace berth::proxy
