// IntrusiveList: a list whose links are in its elements: no allocation, and an element that dies
// leaves by itself.
#pragma once

namespace berth::proxy {

class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }
  bool is_linked() const { return next_ != this; }
  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }

 private:
  template <class T>
  friend class IntrusiveList;
  ListNode* prev_ = this;
  ListNode* next_ = this;
};

/// T derives from ListNode. An element is in one list at most.
template <class T>
class IntrusiveList {
 public:
  bool empty() const { return !head_.is_linked(); }
  /// REQUIRES: !empty().
  T& front() { return static_cast<T&>(*head_.next_); }
  void push_back(T& element) {
    ListNode& node = element;
    node.unlink();
    node.prev_ = head_.prev_;
    node.next_ = &head_;
    head_.prev_->next_ = &node;
    head_.prev_ = &node;
  }
  /// Moves all elements of `other` to the end of this list.
  void take_all(IntrusiveList& other) {
    while (!other.empty())
      push_back(other.front());
  }

 private:
  ListNode head_;
};

}  // namespace berth::proxy
