// Implements the schema-driven conversion; every argument type that ATen's schemas use is covered here.
#include "arguments.h"

#include <ATen/core/Generator.h>
#include <ATen/core/jit_type.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "convert.h"
#include "handles.h"

namespace aha {

static Kind kindOf(const c10::Type& type, const c10::Type& real) {
  // Dtypes, layouts and memory formats are plain ints to the interpreter; only the real type tells them apart.
  switch (real.kind()) {
    case c10::TypeKind::ScalarTypeType: return Kind::kDtype;
    case c10::TypeKind::LayoutType: return Kind::kLayout;
    case c10::TypeKind::MemoryFormatType: return Kind::kMemoryFormat;
    default: break;
  }
  switch (type.kind()) {
    case c10::TypeKind::TensorType: return Kind::kTensor;
    case c10::TypeKind::NumberType: return Kind::kScalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::kInt;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType: return Kind::kFloat;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType: return Kind::kBool;
    case c10::TypeKind::ComplexType: return Kind::kComplex;
    case c10::TypeKind::StringType: return Kind::kString;
    case c10::TypeKind::DeviceObjType: return Kind::kDevice;
    case c10::TypeKind::GeneratorType: return Kind::kGenerator;
    default: return Kind::kUnsupported;
  }
}

static const c10::Type& elementOf(const c10::Type& type) { return *type.containedType(0); }

Slot slotFor(const c10::Argument& argument) {
  Slot slot;
  slot.name = argument.name();
  slot.type = argument.real_type()->str();
  slot.keywordOnly = argument.kwarg_only();
  slot.written = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
  if (argument.N().has_value()) slot.size = *argument.N();
  if (argument.default_value().has_value()) {
    slot.hasDefault = true;
    slot.defaultValue = *argument.default_value();
    if (slot.defaultValue.isScalar()) slot.defaultScalar = slot.defaultValue.toScalar();
  }
  const c10::Type* type = argument.type().get();
  const c10::Type* real = argument.real_type().get();
  if (type->kind() == c10::TypeKind::OptionalType) {
    slot.optional = true;
    type = &elementOf(*type);
    if (real->kind() == c10::TypeKind::OptionalType) real = &elementOf(*real);
  }
  if (type->kind() == c10::TypeKind::ListType) {
    slot.list = true;
    type = &elementOf(*type);
    if (real->kind() == c10::TypeKind::ListType) real = &elementOf(*real);
    if (type->kind() == c10::TypeKind::OptionalType) {
      slot.elementOptional = true;
      type = &elementOf(*type);
      if (real->kind() == c10::TypeKind::OptionalType) real = &elementOf(*real);
    }
  }
  slot.kind = kindOf(*type, *real);
  slot.symbolic = real->kind() == c10::TypeKind::SymIntType;
  return slot;
}

c10::Device deviceFrom(napi_env env, napi_value value) { return c10::Device(toString(env, value)); }

at::Generator generatorFrom(napi_env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr) {
    throw std::invalid_argument("generator: expected a Generator made by torch.generator(seed)");
  }
  return *static_cast<at::Generator*>(data);
}

at::Scalar scalarFromNumber(double number) {
  const bool whole = std::trunc(number) == number && std::abs(number) <= 9007199254740992.0;
  if (whole && !(number == 0 && std::signbit(number))) return at::Scalar(static_cast<int64_t>(number));
  return at::Scalar(number);
}

static at::Scalar scalarFrom(napi_env env, napi_value value, const char* name) {
  double number;
  if (napi_get_value_double(env, value, &number) == napi_ok) return scalarFromNumber(number);
  switch (typeOf(env, value)) {
    case napi_boolean: return at::Scalar(toBool(env, value, name));
    case napi_bigint: return at::Scalar(toInt64(env, value, name));
    default: return at::Scalar(toDouble(env, value, name));
  }
}

static int64_t layoutFrom(napi_env env, napi_value value) {
  if (typeOf(env, value) == napi_number) return toInt64(env, value, "layout");
  const std::string name = toString(env, value);
  if (name == "strided") return static_cast<int64_t>(c10::kStrided);
  if (name == "sparse_coo") return static_cast<int64_t>(c10::kSparse);
  if (name == "sparse_csr") return static_cast<int64_t>(c10::kSparseCsr);
  if (name == "sparse_csc") return static_cast<int64_t>(c10::kSparseCsc);
  if (name == "sparse_bsr") return static_cast<int64_t>(c10::kSparseBsr);
  if (name == "sparse_bsc") return static_cast<int64_t>(c10::kSparseBsc);
  throw std::invalid_argument("unknown layout '" + name + "': expected strided or sparse_{coo,csr,csc,bsr,bsc}");
}

static int64_t memoryFormatFrom(napi_env env, napi_value value) {
  if (typeOf(env, value) == napi_number) return toInt64(env, value, "memoryFormat");
  const std::string name = toString(env, value);
  if (name == "contiguous") return static_cast<int64_t>(c10::MemoryFormat::Contiguous);
  if (name == "preserve") return static_cast<int64_t>(c10::MemoryFormat::Preserve);
  if (name == "channels_last") return static_cast<int64_t>(c10::MemoryFormat::ChannelsLast);
  if (name == "channels_last_3d") return static_cast<int64_t>(c10::MemoryFormat::ChannelsLast3d);
  throw std::invalid_argument("unknown memory format '" + name +
                              "': expected contiguous, preserve, channels_last or channels_last_3d");
}

static c10::IValue single(napi_env env, napi_value value, const Slot& slot) {
  const char* name = slot.name.c_str();
  switch (slot.kind) {
    case Kind::kTensor: return HandleTable::current().get(toHandle(env, value, name));
    case Kind::kScalar: return scalarFrom(env, value, name);
    case Kind::kInt: return toInt64(env, value, name);
    case Kind::kFloat: return toDouble(env, value, name);
    case Kind::kBool: return toBool(env, value, name);
    case Kind::kComplex: return c10::complex<double>(toDouble(env, value, name), 0);
    case Kind::kString: return toString(env, value);
    case Kind::kDtype: return static_cast<int64_t>(dtypeFrom(env, value));
    case Kind::kLayout: return layoutFrom(env, value);
    case Kind::kMemoryFormat: return memoryFormatFrom(env, value);
    case Kind::kDevice: return deviceFrom(env, value);
    case Kind::kGenerator: return generatorFrom(env, value);
    case Kind::kUnsupported: break;
  }
  throw std::invalid_argument(slot.name + ": arguments of type " + slot.type + " can't be passed from JavaScript");
}

template <typename T, typename Convert>
static c10::IValue listOf(napi_env env, napi_value value, const Slot& slot, Convert convert) {
  c10::List<T> list;
  if (!isArray(env, value)) {
    // int[2] stride = 1: a lone value stands for the whole list, as in Python.
    const T one = convert(value);
    for (int32_t index = 0; index < std::max(slot.size, 1); ++index) list.push_back(one);
    return list;
  }
  const auto elements = arrayElements(env, value);
  list.reserve(elements.size());
  for (napi_value element : elements) list.push_back(convert(element));
  return list;
}

static c10::IValue many(napi_env env, napi_value value, const Slot& slot) {
  const char* name = slot.name.c_str();
  HandleTable& table = HandleTable::current();
  switch (slot.kind) {
    case Kind::kTensor:
      if (slot.elementOptional) {
        return listOf<std::optional<at::Tensor>>(env, value, slot, [&](napi_value element) {
          return isNullish(env, element) ? std::optional<at::Tensor>()
                                         : std::optional<at::Tensor>(table.get(toHandle(env, element, name)));
        });
      }
      return listOf<at::Tensor>(env, value, slot,
                                [&](napi_value element) { return table.get(toHandle(env, element, name)); });
    case Kind::kInt:
      return listOf<int64_t>(env, value, slot, [&](napi_value element) { return toInt64(env, element, name); });
    case Kind::kFloat:
      return listOf<double>(env, value, slot, [&](napi_value element) { return toDouble(env, element, name); });
    case Kind::kBool:
      return listOf<bool>(env, value, slot, [&](napi_value element) { return toBool(env, element, name); });
    case Kind::kScalar: {
      // Scalar[] travels as a generic list of numbers.
      c10::impl::GenericList list(c10::NumberType::get());
      for (napi_value element : arrayElements(env, value)) list.push_back(c10::IValue(scalarFrom(env, element, name)));
      return list;
    }
    case Kind::kString:
      return listOf<std::string>(env, value, slot, [&](napi_value element) { return toString(env, element); });
    default: break;
  }
  throw std::invalid_argument(slot.name + ": arguments of type " + slot.type + " can't be passed from JavaScript");
}

c10::IValue toIValue(napi_env env, napi_value value, const Slot& slot) {
  if (!slot.list && slot.kind == Kind::kTensor) {  // the usual case first
    int32_t handle;
    if (value != nullptr && napi_get_value_int32(env, value, &handle) == napi_ok) {
      return HandleTable::current().get(handle);
    }
  }
  const napi_valuetype type = typeOf(env, value);
  if (type == napi_undefined || (type == napi_null && !slot.optional)) {
    if (slot.hasDefault) return slot.defaultValue;
    if (slot.optional) return {};
    throw std::invalid_argument(slot.name + ": a " + slot.type + " is required");
  }
  if (type == napi_null) return {};
  return slot.list ? many(env, value, slot) : single(env, value, slot);
}

napi_value fromIValue(napi_env env, c10::IValue&& value) {
  if (value.isTensor()) return add(env, std::move(value).toTensor());
  if (value.isNone()) return nullValue(env);
  if (value.isInt()) return fromInt64(env, value.toInt());
  if (value.isDouble()) return fromDouble(env, value.toDouble());
  if (value.isBool()) return fromBool(env, value.toBool());
  if (value.isString()) return fromString(env, value.toStringRef());
  if (value.isSymInt()) return fromInt64(env, value.toSymInt().expect_int());
  if (value.isScalar()) {
    const at::Scalar scalar = value.toScalar();
    return scalar.isFloatingPoint() ? fromDouble(env, scalar.toDouble()) : fromInt64(env, scalar.toLong());
  }
  if (value.isDevice()) return fromString(env, value.toDevice().str());
  if (value.isList() || value.isTuple()) {
    napi_value array;
    napi_create_array(env, &array);
    uint32_t index = 0;
    if (value.isTuple()) {
      for (const c10::IValue& element : value.toTupleRef().elements()) {
        napi_set_element(env, array, index++, fromIValue(env, c10::IValue(element)));
      }
    } else {
      for (const c10::IValue& element : value.toListRef()) {
        napi_set_element(env, array, index++, fromIValue(env, c10::IValue(element)));
      }
    }
    return array;
  }
  throw std::runtime_error("a result of type " + value.tagKind() + " can't be passed to JavaScript");
}

static std::string describeOne(napi_env env, const Slot& slot, napi_value value) {
  if (isNullish(env, value)) return "none";
  HandleTable& table = HandleTable::current();
  if (slot.kind == Kind::kTensor && isArray(env, value)) {
    std::string text = "[";
    for (napi_value element : arrayElements(env, value)) {
      Slot one = slot;
      text += (text.size() > 1 ? ", " : "") + describeOne(env, one, element);
      if (text.size() > 300) return text + ", ...]";
    }
    return text + "]";
  }
  if (slot.kind == Kind::kTensor && typeOf(env, value) == napi_number) {
    const int32_t handle = toHandle(env, value, "");
    return table.alive(handle) ? describe(table.get(handle)) : "a released tensor";
  }
  napi_value text;
  if (napi_coerce_to_string(env, value, &text) != napi_ok) return "?";
  const std::string printed = toString(env, text);
  return isArray(env, value) ? "[" + printed + "]" : printed;
}

std::string describeArguments(napi_env env, const std::vector<Slot>& slots, size_t count, napi_value* values) {
  std::string text;
  for (size_t index = 0; index < slots.size() && index < count; ++index) {
    if (typeOf(env, values[index]) == napi_undefined) continue;
    if (!text.empty()) text += ", ";
    text += slots[index].name + ": ";
    try {
      text += describeOne(env, slots[index], values[index]);
    } catch (const std::exception&) {
      text += "?";
    }
  }
  return text;
}

}  // namespace aha
