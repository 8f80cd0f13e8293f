// The addon's entry: gathers what its parts export.
#include <node_api.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "modules.h"

// glibc gives large blocks back to the system at every free, and each step then pays a page fault for every 4 KB again:
// for elementwise operators that costs more than their arithmetic. Freed memory is kept for the next tensor instead.
static void keepFreedMemory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
#endif
}

NAPI_MODULE_INIT() {
  keepFreedMemory();
  aha::installSmallBlocks();
  aha::addDispatch(env, exports);
  aha::addTensors(env, exports);
  aha::addAutograd(env, exports);
  aha::addSystem(env, exports);
  aha::addDistributed(env, exports);
  return exports;
}
