// Implements the handle table: slots with generations, and scopes as marks in one list of tracked handles.
#include "handles.h"

namespace aha {

HandleTable& HandleTable::current() {
  static thread_local HandleTable table;  // one JavaScript environment a thread
  return table;
}

int32_t HandleTable::add(at::Tensor tensor) {
  int32_t slot;
  if (free_.empty()) {
    slot = static_cast<int32_t>(slots_.size());
    if (slot >= kMaxSlots) {
      throw std::runtime_error(
          "too many live tensors (1,048,576): release them with scope(() => ...) or tensor.dispose()");
    }
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Slot& entry = slots_[slot];
  entry.tensor = std::move(tensor);
  const int32_t handle = entry.generation << kSlotBits | slot;
  if (depth_ > 0) {
    entry.tracked = static_cast<int32_t>(tracked_.size());
    tracked_.push_back(handle);
  }
  ++live_;
  return handle;
}

int32_t HandleTable::slotOf(int32_t handle) const {
  if (!alive(handle)) {
    throw std::runtime_error(
        "this tensor was already released: it was disposed, or the scope that made it has ended. "
        "Return it from the scope, or call keep() on it");
  }
  return handle & (kMaxSlots - 1);
}

void HandleTable::release(int32_t handle) {
  if (alive(handle)) releaseSlot(handle & (kMaxSlots - 1));
}

void HandleTable::releaseSlot(int32_t index) {
  {
    Slot& slot = slots_[index];
    if (slot.tracked >= 0) tracked_[slot.tracked] = -1;
    slot.tracked = -1;
    slot.kept = false;
    slot.generation = slot.generation + 1 < kGenerations ? slot.generation + 1 : 1;
  }
  --live_;
  // Moved out first: freeing a tensor can free an autograd graph, which may come back to this table.
  const at::Tensor last = std::move(slots_[index].tensor);
  free_.push_back(index);
}

void HandleTable::untrack(int32_t handle) {
  Slot& slot = slots_[slotOf(handle)];
  if (slot.tracked >= 0) tracked_[slot.tracked] = -1;
  slot.tracked = -1;
}

size_t HandleTable::beginScope() {
  ++depth_;
  return tracked_.size();
}

void HandleTable::endScope(size_t marker, const std::vector<int32_t>& kept) {
  for (const int32_t handle : kept) {
    if (alive(handle)) slots_[handle & (kMaxSlots - 1)].kept = true;
  }
  std::vector<int32_t> survivors;
  for (size_t position = tracked_.size(); position-- > marker;) {
    const int32_t handle = tracked_[position];
    if (handle < 0) continue;
    Slot& slot = slots_[handle & (kMaxSlots - 1)];
    if (slot.kept) {
      slot.tracked = -1;
      survivors.push_back(handle);
    } else {
      releaseSlot(handle & (kMaxSlots - 1));
    }
  }
  tracked_.resize(marker);
  --depth_;
  for (const int32_t handle : survivors) {
    Slot& slot = slots_[handle & (kMaxSlots - 1)];
    if (depth_ > 0) {
      slot.tracked = static_cast<int32_t>(tracked_.size());
      tracked_.push_back(handle);
    }
  }
  for (const int32_t handle : kept) {
    if (alive(handle)) slots_[handle & (kMaxSlots - 1)].kept = false;
  }
}

}  // namespace aha
