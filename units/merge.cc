// The rules of drop-ins.
#include "units/merge.h"

#include <iterator>
#include <utility>

namespace berth {
namespace {

void append(Node::Array& base, Node::Array over) {
  base.insert(base.end(), std::make_move_iterator(over.begin()),
              std::make_move_iterator(over.end()));
}

/// "requires+" = […]: `member.key` has lost its '+'.
void append_member(Node::Table& base, Member member, const MergeComplaint& complain) {
  if (member.value.array() == nullptr) {
    complain(member, "\"" + member.key + "+\" appends an array, not " +
                         std::string(member.value.type_name()));
    return;
  }
  const auto found = lower_bound(base, member.key);
  if (found == base.end() || found->key != member.key) {
    base.insert(found, std::move(member));
  } else if (found->value.array() != nullptr) {
    append(*found->value.array(), std::move(*member.value.array()));
  } else {
    complain(member, "\"" + member.key + "+\" appends to an array, but \"" + member.key + "\" is " +
                         std::string(found->value.type_name()));
  }
}

void merge_member(Node::Table& base, Member member, const MergeComplaint& complain) {
  const auto found = lower_bound(base, member.key);
  const bool exists = found != base.end() && found->key == member.key;
  if (member.value.table() != nullptr) {
    // Also where there is nothing to merge with: a "KEY+" may stand inside.
    Member merged{member.key, member.key_at, Node{member.value.at, Node::Table{}}};
    Member& target = exists ? *found : *base.insert(found, std::move(merged));
    if (target.value.table() == nullptr) {
      target.value = Node{member.value.at, Node::Table{}};
    }
    merge_over(target.value, std::move(member.value), complain);
  } else if (exists && is_array_of_tables(member.value) && is_array_of_tables(found->value)) {
    append(*found->value.array(), std::move(*member.value.array()));
  } else if (exists) {
    *found = std::move(member);
  } else {
    base.insert(found, std::move(member));
  }
}

}  // namespace

void merge_over(Node& base, Node over, const MergeComplaint& complain) {
  // "KEY+" sorts before or after "KEY" as the rest of the names falls out: appending comes last.
  std::vector<Member> appended;
  for (Member& member : *over.table()) {
    if (member.key.ends_with('+')) {
      member.key.pop_back();
      appended.push_back(std::move(member));
    } else {
      merge_member(*base.table(), std::move(member), complain);
    }
  }
  for (Member& member : appended) {
    append_member(*base.table(), std::move(member), complain);
  }
}

}  // namespace berth
