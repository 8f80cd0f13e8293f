// Threads, devices, generators, versions: what surrounds the tensors.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Generator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>
#include <torch/version.h>

#include <cstring>
#include <mutex>

#include "arguments.h"
#include "convert.h"
#include "handles.h"
#include "modules.h"

namespace aha {

namespace {

napi_value version(napi_env env, size_t, napi_value*) { return fromString(env, TORCH_VERSION); }
napi_value buildInfo(napi_env env, size_t, napi_value*) { return fromString(env, at::show_config()); }
napi_value threads(napi_env env, size_t, napi_value*) { return fromInt64(env, at::get_num_threads()); }
napi_value setThreads(napi_env env, size_t, napi_value* v) {
  const int64_t count = toInt64(env, v[0], "threads");
  if (count < 1) throw std::invalid_argument("threads: expected at least 1, got " + std::to_string(count));
  at::set_num_threads(static_cast<int>(count));
  return nullptr;
}
napi_value cudaDevices(napi_env env, size_t, napi_value*) {
  return fromInt64(env, at::hasCUDA() ? static_cast<int64_t>(at::detail::getCUDAHooks().deviceCount()) : 0);
}
napi_value setDeterministic(napi_env env, size_t, napi_value* v) {
  at::globalContext().setDeterministicAlgorithms(toBool(env, v[0], "enabled"), false);
  return nullptr;
}
napi_value synchronize(napi_env, size_t, napi_value*) {
  if (at::hasCUDA()) at::detail::getCUDAHooks().deviceSynchronize(at::detail::getCUDAHooks().getCurrentDevice());
  return nullptr;
}

// generator(device, seed) → an external value that the boxed call takes where a schema says Generator.
napi_value generator(napi_env env, size_t, napi_value* v) {
  const c10::Device device = deviceFrom(env, v[0]);
  at::Generator made = device.is_cpu() ? at::make_generator<at::CPUGeneratorImpl>(0)
                                       : at::globalContext().defaultGenerator(device).clone();
  made.set_current_seed(static_cast<uint64_t>(toInt64(env, v[1], "seed")));
  napi_value result;
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<at::Generator*>(data); };
  napi_create_external(env, new at::Generator(std::move(made)), finalize, nullptr, &result);
  return result;
}
napi_value seedGenerator(napi_env env, size_t, napi_value* v) {
  at::Generator target = generatorFrom(env, v[0]);
  const std::lock_guard<std::mutex> lock(target.mutex());
  target.set_current_seed(static_cast<uint64_t>(toInt64(env, v[1], "seed")));
  return nullptr;
}
napi_value generatorState(napi_env env, size_t, napi_value* v) { return add(env, generatorFrom(env, v[0]).get_state()); }
napi_value setGeneratorState(napi_env env, size_t, napi_value* v) {
  generatorFrom(env, v[0]).set_state(HandleTable::current().get(toHandle(env, v[1], "state")));
  return nullptr;
}
napi_value manualSeed(napi_env env, size_t, napi_value* v) {
  at::manual_seed(static_cast<uint64_t>(toInt64(env, v[0], "seed")));
  return nullptr;
}
napi_value registerErrorClass(napi_env env, size_t, napi_value* v) {
  setErrorClass(env, v[0]);
  return nullptr;
}

}  // namespace

void addSystem(napi_env env, napi_value exports) {
  define(env, exports, "version", entry<version>);
  define(env, exports, "buildInfo", entry<buildInfo>);
  define(env, exports, "threads", entry<threads>);
  define(env, exports, "setThreads", entry<setThreads>);
  define(env, exports, "cudaDevices", entry<cudaDevices>);
  define(env, exports, "setDeterministic", entry<setDeterministic>);
  define(env, exports, "synchronize", entry<synchronize>);
  define(env, exports, "generator", entry<generator>);
  define(env, exports, "seedGenerator", entry<seedGenerator>);
  define(env, exports, "generatorState", entry<generatorState>);
  define(env, exports, "setGeneratorState", entry<setGeneratorState>);
  define(env, exports, "manualSeed", entry<manualSeed>);
  define(env, exports, "setErrorClass", entry<registerErrorClass>);
}

}  // namespace aha
