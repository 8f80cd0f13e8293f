// The addon's entry: gathers what its parts export.
#include <node_api.h>

#include "modules.h"

NAPI_MODULE_INIT() {
  aha::installSmallBlocks();
  aha::addDispatch(env, exports);
  aha::addTensors(env, exports);
  aha::addAutograd(env, exports);
  aha::addSystem(env, exports);
  aha::addDistributed(env, exports);
  return exports;
}
