// Small helpers between Node-API values and C++, and the one place where C++ exceptions become JavaScript errors.
#pragma once

#include <ATen/core/Tensor.h>
#include <node_api.h>

#include <string>
#include <vector>

namespace aha {

// Thrown when a JavaScript exception is already pending and only needs to travel out.
struct PendingException {};

std::string toString(napi_env env, napi_value value);
napi_value fromString(napi_env env, const std::string& text);
double toDouble(napi_env env, napi_value value, const char* what);
// Accepts integral numbers and BigInts within int64.
int64_t toInt64(napi_env env, napi_value value, const char* what);
int32_t toHandle(napi_env env, napi_value value, const char* what);
bool toBool(napi_env env, napi_value value, const char* what);
napi_value fromDouble(napi_env env, double value);
napi_value fromInt64(napi_env env, int64_t value);
napi_value fromHandle(napi_env env, int32_t handle);
napi_value fromBool(napi_env env, bool value);
napi_value undefinedValue(napi_env env);
napi_value nullValue(napi_env env);
bool isNullish(napi_env env, napi_value value);
napi_valuetype typeOf(napi_env env, napi_value value);
bool isArray(napi_env env, napi_value value);
std::vector<napi_value> arrayElements(napi_env env, napi_value array);
std::vector<int32_t> handleList(napi_env env, napi_value array);
std::vector<at::Tensor> tensorList(napi_env env, napi_value array);  // null elements become undefined tensors
napi_value fromHandles(napi_env env, const std::vector<int32_t>& handles);
napi_value add(napi_env env, at::Tensor tensor);  // a new handle; null for an undefined tensor
void setProperty(napi_env env, napi_value object, const char* name, napi_value value);

// "float32 [2, 3]", with the device where it is not the CPU.
std::string describe(const at::Tensor& tensor);
std::string dtypeName(at::ScalarType type);
at::ScalarType dtypeFrom(napi_env env, napi_value value);  // a name ("bfloat16") or LibTorch's number

// Keeps a JavaScript exception raised inside a callback until the native frame above can throw it again.
void stashException(napi_env env);
void setErrorClass(napi_env env, napi_value constructor);
void throwTorchError(napi_env env, const std::string& message, const std::string& op = "",
                     const std::string& details = "");
// Translates the exception in flight; call inside a catch block.
void translateException(napi_env env, const std::string& op = "", const std::string& details = "");

using Method = napi_value (*)(napi_env, size_t, napi_value*);
constexpr size_t kMaxArguments = 8;  // of the addon's own functions; operators take theirs in dispatch.cc

// Wraps a method so that it gets its arguments in an array and its C++ exceptions translated.
template <Method method>
napi_value entry(napi_env env, napi_callback_info info) {
  size_t count = kMaxArguments;
  napi_value values[kMaxArguments];
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  try {
    return method(env, count, values);
  } catch (...) {
    translateException(env);
    return nullptr;
  }
}

// A reference to a JavaScript value that may be dropped on any thread: off the environment's own thread the
// deletion waits until drainReferences runs there.
class Reference {
 public:
  Reference(napi_env env, napi_value value);
  ~Reference();
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;
  napi_value value() const;
  napi_env env() const { return env_; }

 private:
  napi_env env_;
  napi_ref reference_ = nullptr;
  void* thread_;
};
void drainReferences(napi_env env);

}  // namespace aha
