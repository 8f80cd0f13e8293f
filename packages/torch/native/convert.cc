// Implements the helpers between Node-API values and C++.
#include "convert.h"

#include <c10/util/Exception.h>

#include <atomic>
#include <cmath>
#include <mutex>
#include <new>
#include <sstream>

#include "handles.h"

namespace aha {

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (value != nullptr) napi_typeof(env, value, &type);
  return type;
}

bool isNullish(napi_env env, napi_value value) {
  const napi_valuetype type = typeOf(env, value);
  return type == napi_undefined || type == napi_null;
}

bool isArray(napi_env env, napi_value value) {
  bool result = false;
  napi_is_array(env, value, &result);
  return result;
}

static std::string typeName(napi_env env, napi_value value) {
  switch (typeOf(env, value)) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_bigint: return "a bigint";
    case napi_function: return "a function";
    default: return isArray(env, value) ? "an array" : "an object";
  }
}

[[noreturn]] static void mismatch(napi_env env, napi_value value, const char* what, const char* expected) {
  throw std::invalid_argument(std::string(what) + ": expected " + expected + ", got " + typeName(env, value));
}

std::string toString(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) mismatch(env, value, "argument", "a string");
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, text.data(), length + 1, &length);
  return text;
}

napi_value fromString(napi_env env, const std::string& text) {
  napi_value value;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

double toDouble(napi_env env, napi_value value, const char* what) {
  double number;
  if (napi_get_value_double(env, value, &number) == napi_ok) return number;
  if (typeOf(env, value) == napi_bigint) return static_cast<double>(toInt64(env, value, what));
  mismatch(env, value, what, "a number");
}

int64_t toInt64(napi_env env, napi_value value, const char* what) {
  double number;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    if (!(std::trunc(number) == number) || std::abs(number) > 9007199254740992.0) {
      std::ostringstream message;
      message << what << ": expected a whole number, got " << number;
      throw std::invalid_argument(message.str());
    }
    return static_cast<int64_t>(number);
  }
  if (typeOf(env, value) == napi_bigint) {
    int64_t integer;
    bool lossless;
    napi_get_value_bigint_int64(env, value, &integer, &lossless);
    if (!lossless) throw std::invalid_argument(std::string(what) + ": the bigint does not fit 64 bits");
    return integer;
  }
  mismatch(env, value, what, "a whole number");
}

int32_t toHandle(napi_env env, napi_value value, const char* what) {
  int32_t handle;
  if (napi_get_value_int32(env, value, &handle) != napi_ok) mismatch(env, value, what, "a Tensor");
  return handle;
}

bool toBool(napi_env env, napi_value value, const char* what) {
  bool result;
  if (napi_get_value_bool(env, value, &result) != napi_ok) mismatch(env, value, what, "a boolean");
  return result;
}

napi_value fromDouble(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}
napi_value fromInt64(napi_env env, int64_t value) {
  napi_value result;
  napi_create_int64(env, value, &result);
  return result;
}
napi_value fromHandle(napi_env env, int32_t handle) {
  napi_value result;
  napi_create_int32(env, handle, &result);
  return result;
}
napi_value fromBool(napi_env env, bool value) {
  napi_value result;
  napi_get_boolean(env, value, &result);
  return result;
}
napi_value undefinedValue(napi_env env) {
  napi_value result;
  napi_get_undefined(env, &result);
  return result;
}
napi_value nullValue(napi_env env) {
  napi_value result;
  napi_get_null(env, &result);
  return result;
}

std::vector<napi_value> arrayElements(napi_env env, napi_value array) {
  uint32_t length = 0;
  if (napi_get_array_length(env, array, &length) != napi_ok) mismatch(env, array, "argument", "an array");
  std::vector<napi_value> elements(length);
  for (uint32_t index = 0; index < length; ++index) napi_get_element(env, array, index, &elements[index]);
  return elements;
}

std::vector<int32_t> handleList(napi_env env, napi_value array) {
  std::vector<int32_t> handles;
  for (napi_value element : arrayElements(env, array)) handles.push_back(toHandle(env, element, "tensor list"));
  return handles;
}

std::vector<at::Tensor> tensorList(napi_env env, napi_value array) {
  std::vector<at::Tensor> tensors;
  for (napi_value element : arrayElements(env, array)) {
    tensors.push_back(isNullish(env, element) ? at::Tensor()
                                              : HandleTable::current().get(toHandle(env, element, "tensor list")));
  }
  return tensors;
}

napi_value fromHandles(napi_env env, const std::vector<int32_t>& handles) {
  napi_value array;
  napi_create_array_with_length(env, handles.size(), &array);
  for (size_t index = 0; index < handles.size(); ++index) {
    napi_set_element(env, array, index, fromHandle(env, handles[index]));
  }
  return array;
}

napi_value add(napi_env env, at::Tensor tensor) {
  if (!tensor.defined()) return nullValue(env);
  return fromHandle(env, HandleTable::current().add(std::move(tensor)));
}

void setProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

// Python's names for dtypes; LibTorch's own are C++'s (Float, Long).
static const std::pair<const char*, at::ScalarType> kDtypes[] = {
    {"float32", at::kFloat},       {"bfloat16", at::kBFloat16}, {"float16", at::kHalf},
    {"float64", at::kDouble},      {"int64", at::kLong},        {"int32", at::kInt},
    {"int16", at::kShort},         {"int8", at::kChar},         {"uint8", at::kByte},
    {"bool", at::kBool},           {"complex64", at::kComplexFloat}, {"complex128", at::kComplexDouble},
    {"float8_e4m3fn", at::kFloat8_e4m3fn}, {"float8_e5m2", at::kFloat8_e5m2},
};

std::string dtypeName(at::ScalarType type) {
  for (const auto& [name, candidate] : kDtypes) {
    if (candidate == type) return name;
  }
  return c10::toString(type);
}

at::ScalarType dtypeFrom(napi_env env, napi_value value) {
  if (typeOf(env, value) == napi_number) return static_cast<at::ScalarType>(toInt64(env, value, "dtype"));
  const std::string wanted = toString(env, value);
  for (const auto& [name, type] : kDtypes) {
    if (wanted == name) return type;
  }
  throw std::invalid_argument("unknown dtype '" + wanted + "': expected float32, bfloat16, float16, float64, int64, "
                              "int32, int16, int8, uint8, bool, complex64, complex128, float8_e4m3fn or float8_e5m2");
}

std::string describe(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  std::ostringstream text;
  text << dtypeName(tensor.scalar_type()) << " [";
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) text << (dim ? ", " : "") << tensor.size(dim);
  text << "]";
  if (!tensor.device().is_cpu()) text << " on " << tensor.device();
  return text.str();
}

static thread_local std::unique_ptr<Reference> errorClass;
static thread_local std::unique_ptr<Reference> stashed;

void setErrorClass(napi_env env, napi_value constructor) { errorClass = std::make_unique<Reference>(env, constructor); }

void stashException(napi_env env) {
  napi_value exception;
  if (napi_get_and_clear_last_exception(env, &exception) != napi_ok) return;
  // References hold objects only, so the value travels in an array.
  napi_value box;
  napi_create_array_with_length(env, 1, &box);
  napi_set_element(env, box, 0, exception);
  stashed = std::make_unique<Reference>(env, box);
}

void throwTorchError(napi_env env, const std::string& message, const std::string& op, const std::string& details) {
  if (!errorClass) {
    napi_throw_error(env, "ERR_TORCH", message.c_str());
    return;
  }
  napi_value arguments[] = {fromString(env, message), fromString(env, op), fromString(env, details)};
  napi_value error;
  if (napi_new_instance(env, errorClass->value(), 3, arguments, &error) == napi_ok) napi_throw(env, error);
}

void translateException(napi_env env, const std::string& op, const std::string& details) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return;
  if (stashed) {
    napi_value exception;
    napi_get_element(env, stashed->value(), 0, &exception);
    stashed.reset();
    napi_throw(env, exception);
    return;
  }
  try {
    throw;
  } catch (const c10::Error& error) {
    throwTorchError(env, error.what_without_backtrace(), op, details);
  } catch (const std::bad_alloc&) {
    throwTorchError(env, "out of memory", op, details);
  } catch (const PendingException&) {
    throwTorchError(env, "a JavaScript callback failed", op, details);
  } catch (const std::exception& error) {
    throwTorchError(env, error.what(), op, details);
  } catch (...) {
    throwTorchError(env, "an unknown C++ exception", op, details);
  }
}

static void* threadId() {
  static thread_local char mark;
  return &mark;
}
static std::mutex orphansMutex;
static std::vector<std::pair<napi_env, napi_ref>> orphans;
static std::atomic<bool> anyOrphans = false;

Reference::Reference(napi_env env, napi_value value) : env_(env), thread_(threadId()) {
  napi_create_reference(env, value, 1, &reference_);
}

Reference::~Reference() {
  if (thread_ == threadId()) {
    napi_delete_reference(env_, reference_);
  } else {
    const std::lock_guard<std::mutex> lock(orphansMutex);
    orphans.emplace_back(env_, reference_);
    anyOrphans = true;
  }
}

napi_value Reference::value() const {
  napi_value result = nullptr;
  napi_get_reference_value(env_, reference_, &result);
  return result;
}

void drainReferences(napi_env env) {
  if (!anyOrphans) return;
  const std::lock_guard<std::mutex> lock(orphansMutex);
  for (auto item = orphans.begin(); item != orphans.end();) {
    if (item->first == env) {
      napi_delete_reference(env, item->second);
      item = orphans.erase(item);
    } else {
      ++item;
    }
  }
  anyOrphans = !orphans.empty();
}

}  // namespace aha
