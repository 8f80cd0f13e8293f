// The parts of the addon; each adds its functions to the exports.
#pragma once

#include <node_api.h>

namespace aha {

inline void define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

void addDispatch(napi_env env, napi_value exports);
void addTensors(napi_env env, napi_value exports);
void addAutograd(napi_env env, napi_value exports);
void addSystem(napi_env env, napi_value exports);
void addDistributed(napi_env env, napi_value exports);


// Gives LibTorch the allocator of small-blocks.cc; once for the process.
void installSmallBlocks();

}  // namespace aha
