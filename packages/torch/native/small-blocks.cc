// An allocator for the memory of small CPU tensors. LibTorch asks the C library for 64-byte aligned blocks, which
// glibc serves by its slow path: a fifth of the time of a small operator. Here blocks up to 4 KB come from lists by
// size, one set a thread, over one reserved stretch of address space; larger ones go where they always went.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>

#include <cstring>
#include <mutex>

#include "modules.h"

namespace aha {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLargest = 4096;
constexpr size_t kRegion = size_t{256} << 20;  // address space, not memory: pages come as they are touched
constexpr size_t kChunk = size_t{64} << 10;    // every chunk holds blocks of one size
constexpr size_t kCachedBytes = size_t{256} << 10;  // a thread keeps at most this much of each size to itself
constexpr size_t kSizes[] = {64, 128, 192, 256, 320, 384, 448, 512, 1024, 2048, 4096};
constexpr int kClasses = sizeof(kSizes) / sizeof(kSizes[0]);

int classFor(size_t bytes) {
  if (bytes <= 512) return static_cast<int>((bytes - 1) / kAlignment);
  return bytes <= 1024 ? 8 : bytes <= 2048 ? 9 : 10;
}

struct Block {
  Block* next;
};
struct List {
  Block* head;
  size_t count;
};

// Shared by all threads, behind the mutex; `region` and `classes` of handed-out chunks never change.
std::mutex mutex;
char* region = nullptr;
size_t used = 0;
uint8_t classes[kRegion / kChunk];
List central[kClasses];

// Trivial on purpose: reached without a guard, and still there when the last tensors of a thread are freed.
thread_local List lists[kClasses];

void move(List& from, List& to, size_t count) {
  for (; count > 0 && from.head != nullptr; --count) {
    Block* block = from.head;
    from.head = block->next;
    --from.count;
    block->next = to.head;
    to.head = block;
    ++to.count;
  }
}

// What a thread leaves behind is for the others.
struct GiveBack {
  ~GiveBack() {
    const std::lock_guard<std::mutex> lock(mutex);
    for (int index = 0; index < kClasses; ++index) move(lists[index], central[index], lists[index].count);
  }
};

void registerThread() {
  static thread_local GiveBack atExit;
  (void)atExit;
}

void refill(int index) {
  registerThread();
  const std::lock_guard<std::mutex> lock(mutex);
  List& list = lists[index];
  const size_t wanted = kCachedBytes / kSizes[index] / 4;
  move(central[index], list, wanted);
  if (list.head != nullptr || used + kChunk > kRegion) return;
  char* chunk = region + used;
  classes[used / kChunk] = static_cast<uint8_t>(index);
  used += kChunk;
  for (size_t offset = kChunk / kSizes[index] * kSizes[index]; offset > 0;) {
    offset -= kSizes[index];
    auto* block = reinterpret_cast<Block*>(chunk + offset);
    block->next = list.head;
    list.head = block;
    ++list.count;
  }
}

void freeBlock(void* pointer) {
  const size_t offset = static_cast<size_t>(static_cast<char*>(pointer) - region);
  if (offset >= kRegion) {  // also what lies before the region: the difference wraps around
    c10::free_cpu(pointer);
    return;
  }
  const int index = classes[offset / kChunk];
  List& list = lists[index];
  auto* block = static_cast<Block*>(pointer);
  block->next = list.head;
  list.head = block;
  if (++list.count * kSizes[index] > kCachedBytes) {
    registerThread();
    const std::lock_guard<std::mutex> lock(mutex);
    move(list, central[index], list.count / 2);
  }
}

class SmallBlockAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* data = nullptr;
    if (bytes == 0 || bytes > kLargest) {
      data = c10::alloc_cpu(bytes);
    } else {
      const int index = classFor(bytes);
      List& list = lists[index];
      if (list.head == nullptr) refill(index);
      if (list.head != nullptr) {
        Block* block = list.head;
        list.head = block->next;
        --list.count;
        data = block;
      } else {
        data = c10::alloc_cpu(bytes);  // the region is full
      }
    }
    return {data, data, &freeBlock, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &freeBlock; }
  void copy_data(void* target, const void* source, size_t bytes) const override {
    std::memcpy(target, source, bytes);
  }
};

}  // namespace

void installSmallBlocks() {
  static std::once_flag once;
  std::call_once(once, [] {
    void* reserved =
        mmap(nullptr, kRegion, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) return;  // address space is limited: LibTorch's own allocator stays
    region = static_cast<char*>(reserved);
    static SmallBlockAllocator allocator;
    c10::SetCPUAllocator(&allocator, 1);
  });
}

}  // namespace aha
