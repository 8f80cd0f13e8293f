// Calls without boxing for operators of the commonest signatures: same operators, same dispatcher, less wrapping.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <node_api.h>

#include <memory>
#include <vector>

#include "arguments.h"
#include "handles.h"

namespace aha {

class DirectCall {
 public:
  virtual ~DirectCall() = default;
  // Null where the arguments are not of the plain kind this call knows; the boxed call then takes them, or says what
  // is wrong with them. Nothing has happened to the tensors in that case. Throws what the operator throws.
  virtual napi_value operator()(napi_env env, HandleTable& table, size_t count, napi_value* values) = 0;
};

// Null where the operator's signature is not among those known.
std::unique_ptr<DirectCall> makeDirectCall(const c10::OperatorHandle& handle, const std::vector<Slot>& arguments,
                                           const std::vector<Slot>& results);

}  // namespace aha
