// Instances as files declare them: [instances.TEMPLATE] lines and [[instance]] blocks.
#pragma once

#include <string>
#include <vector>

#include "units/key_value.h"

namespace berth {

/// One declaration. The nodes belong to the file's tree.
struct InstanceDeclaration {
  std::string template_name;  ///< "tenant", without the '@'
  std::string instance;       ///< "2025/boston"
  Mark template_at;
  Mark at;                       ///< of the instance's name
  const Node* values = nullptr;  ///< table of the instance's values; null = none
  const Node* block = nullptr;   ///< the [[instance]] table; null for a line
};

/// All that the file with the tree `root` declares, in its order. Mistakes of form are reported.
std::vector<InstanceDeclaration> collect_instances(const Node& root, Reading& reading);

}  // namespace berth
