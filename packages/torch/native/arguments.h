// Converts between JavaScript values and the dispatcher's IValues, as an operator's schema asks.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <node_api.h>

#include <string>
#include <vector>

namespace aha {

enum class Kind : uint8_t {
  kTensor, kScalar, kInt, kFloat, kBool, kComplex, kString, kDtype, kLayout, kDevice, kMemoryFormat, kGenerator,
  kUnsupported,
};

// What a schema says of one argument or result, taken apart once when the operator is looked up.
struct Slot {
  Kind kind = Kind::kUnsupported;
  bool optional = false;         // the value itself may be None
  bool list = false;
  bool elementOptional = false;  // a list of optional tensors
  int32_t size = 0;              // int[2]: a lone number stands for that many
  bool keywordOnly = false;
  bool written = false;          // an out= argument or an in-place self
  bool hasDefault = false;
  bool symbolic = false;         // SymInt rather than int: the C++ signature differs
  c10::IValue defaultValue;
  at::Scalar defaultScalar;      // the same where it is a number
  std::string name;
  std::string type;  // as the schema prints it, for messages
};

Slot slotFor(const c10::Argument& argument);
c10::IValue toIValue(napi_env env, napi_value value, const Slot& slot);
napi_value fromIValue(napi_env env, c10::IValue&& value);
// "self: float32 [2, 3], dim: 1", best effort, for error messages.
std::string describeArguments(napi_env env, const std::vector<Slot>& slots, size_t count, napi_value* values);

// Whole numbers become integers, so that an integer tensor stays one; minus zero and numbers past 2^53 stay floating.
at::Scalar scalarFromNumber(double number);
at::Generator generatorFrom(napi_env env, napi_value value);
c10::Device deviceFrom(napi_env env, napi_value value);

}  // namespace aha
