// Tensors from and to JavaScript memory, their properties, and the scopes' entry points.
#include <ATen/ATen.h>

#include <cstring>

#include "arguments.h"
#include "convert.h"
#include "handles.h"
#include "modules.h"

namespace aha {

namespace {

at::Tensor& tensorAt(napi_env env, napi_value value) {
  return HandleTable::current().get(toHandle(env, value, "tensor"));
}

napi_value fromInts(napi_env env, at::IntArrayRef numbers) {
  napi_value array;
  napi_create_array_with_length(env, numbers.size(), &array);
  for (size_t index = 0; index < numbers.size(); ++index) {
    napi_set_element(env, array, index, fromInt64(env, numbers[index]));
  }
  return array;
}

napi_value shape(napi_env env, size_t, napi_value* v) { return fromInts(env, tensorAt(env, v[0]).sizes()); }
napi_value strides(napi_env env, size_t, napi_value* v) { return fromInts(env, tensorAt(env, v[0]).strides()); }
napi_value dtype(napi_env env, size_t, napi_value* v) {
  return fromHandle(env, static_cast<int32_t>(tensorAt(env, v[0]).scalar_type()));
}
napi_value device(napi_env env, size_t, napi_value* v) { return fromString(env, tensorAt(env, v[0]).device().str()); }
napi_value elementCount(napi_env env, size_t, napi_value* v) { return fromInt64(env, tensorAt(env, v[0]).numel()); }
napi_value alive(napi_env env, size_t, napi_value* v) {
  return fromBool(env, HandleTable::current().alive(toHandle(env, v[0], "tensor")));
}
napi_value release(napi_env env, size_t, napi_value* v) {
  HandleTable::current().release(toHandle(env, v[0], "tensor"));
  return nullptr;
}
napi_value keep(napi_env env, size_t, napi_value* v) {
  HandleTable::current().untrack(toHandle(env, v[0], "tensor"));
  return nullptr;
}
napi_value liveTensors(napi_env env, size_t, napi_value*) { return fromInt64(env, HandleTable::current().live()); }

napi_value beginScope(napi_env env, size_t, napi_value*) {
  drainReferences(env);
  return fromInt64(env, static_cast<int64_t>(HandleTable::current().beginScope()));
}
// endScope(marker, kept?): kept is one handle or an array of them.
napi_value endScope(napi_env env, size_t count, napi_value* v) {
  std::vector<int32_t> kept;
  int32_t one;
  if (count > 1) {
    if (napi_get_value_int32(env, v[1], &one) == napi_ok) kept.push_back(one);
    else kept = handleList(env, v[1]);
  }
  HandleTable::current().endScope(static_cast<size_t>(toInt64(env, v[0], "marker")), kept);
  return nullptr;
}

napi_value item(napi_env env, size_t, napi_value* v) {
  const at::Tensor& tensor = tensorAt(env, v[0]);
  TORCH_CHECK(tensor.numel() == 1, "item() needs a tensor of one element, this one is ", describe(tensor));
  const at::Scalar scalar = tensor.scalar_type() == at::kFloat8_e4m3fn || tensor.scalar_type() == at::kFloat8_e5m2
                                ? tensor.to(at::kFloat).item()
                                : tensor.item();
  if (scalar.isBoolean()) return fromBool(env, scalar.toBool());
  if (scalar.isIntegral(false)) return fromInt64(env, scalar.toLong());
  return fromDouble(env, scalar.toDouble());
}

struct Bytes {
  void* data;
  size_t length;
  napi_value buffer;
};

Bytes bytesOf(napi_env env, napi_value value) {
  Bytes bytes{nullptr, 0, nullptr};
  bool is = false;
  size_t offset;
  if (napi_is_typedarray(env, value, &is) == napi_ok && is) {
    napi_typedarray_type type;
    size_t count;
    napi_get_typedarray_info(env, value, &type, &count, &bytes.data, &bytes.buffer, &offset);
    static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
    bytes.length = count * widths[type];
    return bytes;
  }
  throw std::invalid_argument("expected a typed array");
}

std::vector<int64_t> sizesFrom(napi_env env, napi_value value) {
  std::vector<int64_t> sizes;
  for (napi_value element : arrayElements(env, value)) {
    sizes.push_back(toInt64(env, element, "shape"));
    if (sizes.back() < 0) throw std::invalid_argument("shape: sizes can't be negative");
  }
  return sizes;
}

// fromTypedArray(array, shape, dtype, share): with `share` the tensor is a view of the array's memory.
napi_value fromTypedArray(napi_env env, size_t, napi_value* v) {
  const Bytes bytes = bytesOf(env, v[0]);
  const auto sizes = sizesFrom(env, v[1]);
  const at::ScalarType type = dtypeFrom(env, v[2]);
  const auto options = at::TensorOptions().dtype(type);
  const size_t needed = static_cast<size_t>(c10::multiply_integers(sizes)) * c10::elementSize(type);
  TORCH_CHECK(needed == bytes.length, "a tensor of this shape and dtype takes ", needed, " bytes, the array has ",
              bytes.length);
  if (toBool(env, v[3], "share") && needed > 0) {
    auto reference = std::make_shared<Reference>(env, v[0]);
    return add(env, at::from_blob(bytes.data, sizes, [reference](void*) mutable { reference.reset(); }, options));
  }
  at::Tensor tensor = at::empty(sizes, options);
  if (needed > 0) std::memcpy(tensor.data_ptr(), bytes.data, needed);
  return add(env, tensor);
}

// copyBytes(tensor, target): the tensor's elements, row-major, in its own dtype, into a typed array's memory.
napi_value copyBytes(napi_env env, size_t, napi_value* v) {
  const at::Tensor tensor = tensorAt(env, v[0]).detach().cpu().contiguous();
  const Bytes bytes = bytesOf(env, v[1]);
  TORCH_CHECK(bytes.length == tensor.nbytes(), "the tensor has ", tensor.nbytes(), " bytes, the array takes ",
              bytes.length);
  if (bytes.length > 0) std::memcpy(bytes.data, tensor.data_ptr(), bytes.length);
  return nullptr;
}

// shareBytes(tensor) → an ArrayBuffer over the tensor's own memory, which lives as long as the buffer does.
napi_value shareBytes(napi_env env, size_t, napi_value* v) {
  const at::Tensor tensor = tensorAt(env, v[0]).detach();
  TORCH_CHECK(tensor.device().is_cpu() && tensor.is_contiguous(),
              "only a contiguous CPU tensor can be viewed without a copy, this one is ", describe(tensor));
  napi_value buffer;
  if (tensor.nbytes() == 0) {
    void* data;
    napi_create_arraybuffer(env, 0, &data, &buffer);
    return buffer;
  }
  auto* owner = new at::Tensor(tensor);
  const auto finalize = [](napi_env, void*, void* hint) { delete static_cast<at::Tensor*>(hint); };
  if (napi_create_external_arraybuffer(env, tensor.data_ptr(), tensor.nbytes(), finalize, owner, &buffer) != napi_ok) {
    delete owner;
    throw std::runtime_error("this JavaScript engine does not allow views of native memory; use toTypedArray()");
  }
  return buffer;
}

// Values as float64, or as numbers for integer dtypes: for toArray() and printing.
napi_value toNumbers(napi_env env, size_t, napi_value* v) {
  const at::Tensor tensor = tensorAt(env, v[0]).detach().cpu().to(at::kDouble).contiguous();
  napi_value buffer, array;
  void* data;
  napi_create_arraybuffer(env, tensor.nbytes(), &data, &buffer);
  if (tensor.nbytes() > 0) std::memcpy(data, tensor.data_ptr(), tensor.nbytes());
  napi_create_typedarray(env, napi_float64_array, tensor.numel(), buffer, 0, &array);
  return array;
}

napi_value describeTensor(napi_env env, size_t, napi_value* v) { return fromString(env, describe(tensorAt(env, v[0]))); }
napi_value isContiguous(napi_env env, size_t, napi_value* v) { return fromBool(env, tensorAt(env, v[0]).is_contiguous()); }
napi_value sameStorage(napi_env env, size_t, napi_value* v) {
  return fromBool(env, tensorAt(env, v[0]).is_alias_of(tensorAt(env, v[1])));
}
// assign(target, source): the target's handle stands for the source's memory from now on, as `p.data = q` in Python.
napi_value setData(napi_env env, size_t, napi_value* v) {
  tensorAt(env, v[0]).set_data(tensorAt(env, v[1]));
  return nullptr;
}

napi_value dtypeNameOf(napi_env env, size_t, napi_value* v) {
  return fromString(env, dtypeName(static_cast<at::ScalarType>(toInt64(env, v[0], "dtype"))));
}
napi_value dtypeCode(napi_env env, size_t, napi_value* v) {
  return fromHandle(env, static_cast<int32_t>(dtypeFrom(env, v[0])));
}
napi_value elementSize(napi_env env, size_t, napi_value* v) {
  return fromInt64(env, static_cast<int64_t>(c10::elementSize(dtypeFrom(env, v[0]))));
}

}  // namespace

void addTensors(napi_env env, napi_value exports) {
  define(env, exports, "shape", entry<shape>);
  define(env, exports, "strides", entry<strides>);
  define(env, exports, "dtype", entry<dtype>);
  define(env, exports, "device", entry<device>);
  define(env, exports, "elementCount", entry<elementCount>);
  define(env, exports, "alive", entry<alive>);
  define(env, exports, "release", entry<release>);
  define(env, exports, "keep", entry<keep>);
  define(env, exports, "liveTensors", entry<liveTensors>);
  define(env, exports, "beginScope", entry<beginScope>);
  define(env, exports, "endScope", entry<endScope>);
  define(env, exports, "item", entry<item>);
  define(env, exports, "fromTypedArray", entry<fromTypedArray>);
  define(env, exports, "copyBytes", entry<copyBytes>);
  define(env, exports, "shareBytes", entry<shareBytes>);
  define(env, exports, "toNumbers", entry<toNumbers>);
  define(env, exports, "describe", entry<describeTensor>);
  define(env, exports, "isContiguous", entry<isContiguous>);
  define(env, exports, "sameStorage", entry<sameStorage>);
  define(env, exports, "setData", entry<setData>);
  define(env, exports, "dtypeName", entry<dtypeNameOf>);
  define(env, exports, "dtypeCode", entry<dtypeCode>);
  define(env, exports, "elementSize", entry<elementSize>);
}

}  // namespace aha
