// A list whose links live in its elements: no allocation, removal in O(1).
#pragma once

#include <cstdint>

namespace lockstep::tcp {

template <class T>
struct Link {
  T* previous = nullptr;
  T* next = nullptr;
  bool linked = false;
};

/// Elements in order of arrival; an element is in it at most once, by the link `Member`.
template <class T, Link<T> T::* Member>
class List {
 public:
  bool empty() const { return head_ == nullptr; }
  std::uint32_t size() const { return size_; }
  T* front() const { return head_; }
  static T* next(const T& element) { return (element.*Member).next; }

  /// Appends `element` unless it is in already.
  void push_back(T& element) {
    Link<T>& link = element.*Member;
    if (link.linked) return;
    link = {tail_, nullptr, true};
    if (tail_ != nullptr) {
      (tail_->*Member).next = &element;
    } else {
      head_ = &element;
    }
    tail_ = &element;
    ++size_;
  }
  /// Takes `element` out if it is in.
  void remove(T& element) {
    Link<T>& link = element.*Member;
    if (!link.linked) return;
    (link.previous != nullptr ? (link.previous->*Member).next : head_) = link.next;
    (link.next != nullptr ? (link.next->*Member).previous : tail_) = link.previous;
    link = {};
    --size_;
  }
  T* pop_front() {
    T* const first = head_;
    if (first != nullptr) remove(*first);
    return first;
  }

 private:
  T* head_ = nullptr;
  T* tail_ = nullptr;
  std::uint32_t size_ = 0;
};

}  // namespace lockstep::tcp
