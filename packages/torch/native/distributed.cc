// c10d's process groups: a TCP store for the rendezvous, Gloo on CPU, NCCL where the LibTorch build has it.
#include "modules.h"

#if __has_include(<torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>)
#define AHA_C10D 1
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO 1
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#if defined(AHA_NCCL)
#define USE_C10D_NCCL 1
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

#include "convert.h"
#include "handles.h"

namespace aha {

#ifdef AHA_C10D
namespace {

using Backend = c10::intrusive_ptr<c10d::Backend>;

Backend& backendFrom(napi_env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok) throw std::invalid_argument("expected a process group");
  Backend& backend = *static_cast<Backend*>(data);
  if (!backend) throw std::runtime_error("this process group was destroyed");
  return backend;
}

// processGroup(kind, host, port, rank, worldSize, timeoutMilliseconds)
napi_value processGroup(napi_env env, size_t, napi_value* v) {
  const std::string kind = toString(env, v[0]);
  const std::string host = toString(env, v[1]);
  const int rank = static_cast<int>(toInt64(env, v[3], "rank"));
  const int size = static_cast<int>(toInt64(env, v[4], "worldSize"));
  const auto timeout = std::chrono::milliseconds(toInt64(env, v[5], "timeout"));
  c10d::TCPStoreOptions storeOptions;
  storeOptions.port = static_cast<uint16_t>(toInt64(env, v[2], "port"));
  storeOptions.isServer = rank == 0;
  storeOptions.numWorkers = size;
  storeOptions.timeout = timeout;
  auto store = c10::make_intrusive<c10d::TCPStore>(host, storeOptions);
  Backend backend;
  if (kind == "gloo") {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(host == "localhost" || host == "127.0.0.1"
                                   ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                   : c10d::ProcessGroupGloo::createDefaultDevice());
    backend = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
#if defined(AHA_NCCL)
  } else if (kind == "nccl") {
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
#endif
  } else {
    throw std::invalid_argument("process group '" + kind + "': expected gloo" +
#if defined(AHA_NCCL)
                                " or nccl");
#else
                                " (this LibTorch has no NCCL)");
#endif
  }
  napi_value result;
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Backend*>(data); };
  napi_create_external(env, new Backend(std::move(backend)), finalize, nullptr, &result);
  return result;
}

napi_value destroyProcessGroup(napi_env env, size_t, napi_value* v) {
  backendFrom(env, v[0]).reset();
  return nullptr;
}

c10d::ReduceOp reductionFrom(napi_env env, napi_value value) {
  const std::string name = toString(env, value);
  if (name == "sum") return c10d::ReduceOp::SUM;
  if (name == "mean") return c10d::ReduceOp::AVG;
  if (name == "max") return c10d::ReduceOp::MAX;
  if (name == "min") return c10d::ReduceOp::MIN;
  if (name == "product") return c10d::ReduceOp::PRODUCT;
  throw std::invalid_argument("unknown reduction '" + name + "': expected sum, mean, max, min or product");
}

// The collectives wait for their result; gradients of a step are exchanged between passes, so nothing else would run.
napi_value allReduce(napi_env env, size_t, napi_value* v) {
  Backend& backend = backendFrom(env, v[0]);
  std::vector<at::Tensor> tensors = tensorList(env, v[1]);
  c10d::AllreduceOptions options;
  const c10d::ReduceOp reduction = reductionFrom(env, v[2]);
  const bool mean = reduction == c10d::ReduceOp::AVG;
  options.reduceOp = mean ? c10d::ReduceOp(c10d::ReduceOp::SUM) : reduction;  // Gloo has no mean
  for (at::Tensor& tensor : tensors) {
    std::vector<at::Tensor> one{tensor};
    backend->allreduce(one, options)->wait();
    if (mean) tensor.div_(backend->getSize());
  }
  return nullptr;
}
napi_value broadcast(napi_env env, size_t, napi_value* v) {
  c10d::BroadcastOptions options;
  options.rootRank = toInt64(env, v[2], "root");
  for (const at::Tensor& tensor : tensorList(env, v[1])) {
    std::vector<at::Tensor> one{tensor};
    backendFrom(env, v[0])->broadcast(one, options)->wait();
  }
  return nullptr;
}
napi_value allGather(napi_env env, size_t, napi_value* v) {
  std::vector<std::vector<at::Tensor>> outputs{tensorList(env, v[1])};
  std::vector<at::Tensor> inputs{HandleTable::current().get(toHandle(env, v[2], "input"))};
  backendFrom(env, v[0])->allgather(outputs, inputs)->wait();
  return nullptr;
}
napi_value barrier(napi_env env, size_t, napi_value* v) {
  backendFrom(env, v[0])->barrier()->wait();
  return nullptr;
}
napi_value groupRank(napi_env env, size_t, napi_value* v) { return fromInt64(env, backendFrom(env, v[0])->getRank()); }
napi_value groupSize(napi_env env, size_t, napi_value* v) { return fromInt64(env, backendFrom(env, v[0])->getSize()); }

}  // namespace

void addDistributed(napi_env env, napi_value exports) {
  define(env, exports, "processGroup", entry<processGroup>);
  define(env, exports, "destroyProcessGroup", entry<destroyProcessGroup>);
  define(env, exports, "allReduce", entry<allReduce>);
  define(env, exports, "broadcast", entry<broadcast>);
  define(env, exports, "allGather", entry<allGather>);
  define(env, exports, "barrier", entry<barrier>);
  define(env, exports, "groupRank", entry<groupRank>);
  define(env, exports, "groupSize", entry<groupSize>);
}
#else
void addDistributed(napi_env, napi_value) {}
#endif

}  // namespace aha
