// The table that turns LibTorch tensors into integers for JavaScript, and the scopes that release them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace aha {

// A handle is generation << kSlotBits | slot and always fits a V8 small integer. The generation starts at 1 and
// changes whenever a slot is reused, so that a stale handle, or a plain small number passed by mistake, is noticed.
constexpr int kSlotBits = 20;
constexpr int32_t kMaxSlots = 1 << kSlotBits;
constexpr int32_t kGenerations = 1 << (31 - kSlotBits);

class HandleTable {
 public:
  int32_t add(at::Tensor tensor);
  // Throws std::runtime_error for a handle that was released or never given out.
  const at::Tensor& get(int32_t handle) const { return slots_[slotOf(handle)].tensor; }
  at::Tensor& get(int32_t handle) { return slots_[slotOf(handle)].tensor; }
  // Null instead of the error.
  const at::Tensor* find(int32_t handle) const {
    const int32_t slot = handle & (kMaxSlots - 1);
    if (handle <= 0 || slot >= static_cast<int32_t>(slots_.size())) return nullptr;
    const Slot& entry = slots_[slot];
    return entry.generation == handle >> kSlotBits && entry.tensor.defined() ? &entry.tensor : nullptr;
  }
  bool alive(int32_t handle) const { return find(handle) != nullptr; }
  void release(int32_t handle);
  // Takes a handle out of the open scope, so that its end leaves the tensor alone.
  void untrack(int32_t handle);

  // Opens a scope; the marker goes to endScope. Scopes nest.
  size_t beginScope();
  // Releases every handle made since the marker but the kept ones, which the enclosing scope tracks from then on.
  void endScope(size_t marker, const std::vector<int32_t>& kept);

  int64_t live() const { return live_; }

  static HandleTable& current();

 private:
  struct Slot {
    at::Tensor tensor;
    int32_t generation = 1;
    int32_t tracked = -1;  // index into tracked_, or -1
    bool kept = false;
  };
  int32_t slotOf(int32_t handle) const;  // throws
  void releaseSlot(int32_t slot);

  std::vector<Slot> slots_;
  std::vector<int32_t> free_;
  std::vector<int32_t> tracked_;  // handles of the open scopes in order; -1 where one was released early
  int depth_ = 0;
  int64_t live_ = 0;
};

}  // namespace aha
