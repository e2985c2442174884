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

/// Reports what a file that another user writes may not say: all but instances, and of those all
/// but their values, path, hosts and env. A refused key breaks its instance. source: who writes it,
/// in words: "the job \"sync\"".
void check_generated(const Node& root, const std::string& source, Reading& reading);

/// All that the file with the tree `root` declares, in its order. Mistakes of form are reported.
std::vector<InstanceDeclaration> collect_instances(const Node& root, Reading& reading);

}  // namespace berth
