// Implements the calls without boxing: one template over C++ signatures, chosen by the operator's schema.
#include "direct-calls.h"

#include <ATen/core/Tensor.h>

#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "convert.h"

namespace aha {

namespace {

constexpr size_t kMaxDimensions = 8;

bool isMissing(napi_env env, napi_value value) { return value == nullptr || typeOf(env, value) == napi_undefined; }

bool readInteger(napi_env env, napi_value value, int64_t& integer) {
  double number;
  if (value == nullptr || napi_get_value_double(env, value, &number) != napi_ok) return false;
  if (!(std::trunc(number) == number) || std::abs(number) > 9007199254740992.0) return false;
  integer = static_cast<int64_t>(number);
  return true;
}

// A Holder reads one argument, keeps what the call refers to, and gives it in the type that the operator takes.
// load() answers false for anything out of the ordinary.
template <typename T>
struct Holder;

template <>
struct Holder<const at::Tensor&> {
  const at::Tensor* tensor = nullptr;
  bool load(napi_env env, HandleTable& table, napi_value value, const Slot&) {
    int32_t handle;
    if (value == nullptr || napi_get_value_int32(env, value, &handle) != napi_ok) return false;
    tensor = table.find(handle);
    return tensor != nullptr;
  }
  const at::Tensor& get() const { return *tensor; }
};

template <>
struct Holder<at::Tensor&> {
  at::Tensor tensor;  // a reference of its own: the table may grow while the operator runs
  bool load(napi_env env, HandleTable& table, napi_value value, const Slot&) {
    int32_t handle;
    if (value == nullptr || napi_get_value_int32(env, value, &handle) != napi_ok) return false;
    const at::Tensor* found = table.find(handle);
    if (found == nullptr) return false;
    tensor = *found;
    return true;
  }
  at::Tensor& get() { return tensor; }
};

template <>
struct Holder<const at::Scalar&> {
  at::Scalar scalar;
  bool load(napi_env env, HandleTable&, napi_value value, const Slot& slot) {
    double number;
    if (value != nullptr && napi_get_value_double(env, value, &number) == napi_ok) {
      scalar = scalarFromNumber(number);
      return true;
    }
    if (!isMissing(env, value) || !slot.hasDefault) return false;
    scalar = slot.defaultScalar;
    return true;
  }
  const at::Scalar& get() const { return scalar; }
};

template <>
struct Holder<int64_t> {
  int64_t integer = 0;
  bool load(napi_env env, HandleTable&, napi_value value, const Slot& slot) {
    if (readInteger(env, value, integer)) return true;
    if (!isMissing(env, value) || !slot.hasDefault) return false;
    integer = slot.defaultValue.toInt();
    return true;
  }
  int64_t get() const { return integer; }
};

template <>
struct Holder<c10::SymInt> : Holder<int64_t> {
  c10::SymInt get() const { return c10::SymInt(integer); }
};

template <>
struct Holder<bool> {
  bool flag = false;
  bool load(napi_env env, HandleTable&, napi_value value, const Slot& slot) {
    if (value != nullptr && napi_get_value_bool(env, value, &flag) == napi_ok) return true;
    if (!isMissing(env, value) || !slot.hasDefault) return false;
    flag = slot.defaultValue.toBool();
    return true;
  }
  bool get() const { return flag; }
};

template <>
struct Holder<std::optional<at::ScalarType>> {
  std::optional<at::ScalarType> type;
  bool load(napi_env env, HandleTable&, napi_value value, const Slot& slot) {
    if (value == nullptr || isNullish(env, value)) return !slot.hasDefault || slot.defaultValue.isNone();
    if (typeOf(env, value) != napi_string) return false;
    type = dtypeFrom(env, value);
    return true;
  }
  std::optional<at::ScalarType> get() const { return type; }
};

struct Integers {
  std::array<int64_t, kMaxDimensions> values;
  size_t count = 0;
  bool read(napi_env env, napi_value value) {
    uint32_t length = 0;
    if (value == nullptr) return false;
    if (napi_get_array_length(env, value, &length) != napi_ok) {
      count = 1;
      return readInteger(env, value, values[0]);
    }
    if (length > kMaxDimensions) return false;
    count = length;
    for (uint32_t index = 0; index < length; ++index) {
      napi_value element;
      napi_get_element(env, value, index, &element);
      if (!readInteger(env, element, values[index])) return false;
    }
    return true;
  }
};

template <>
struct Holder<at::OptionalIntArrayRef> {
  Integers integers;
  bool given = true;
  bool load(napi_env env, HandleTable&, napi_value value, const Slot& slot) {
    if (value != nullptr && !isNullish(env, value)) return (slot.size <= 1 || isArray(env, value)) && integers.read(env, value);
    given = false;
    return !slot.hasDefault || slot.defaultValue.isNone();
  }
  at::OptionalIntArrayRef get() const {
    if (!given) return std::nullopt;
    return at::OptionalIntArrayRef(at::IntArrayRef(integers.values.data(), integers.count));
  }
};

template <>
struct Holder<at::IntArrayRef> {
  Integers integers;
  bool load(napi_env env, HandleTable&, napi_value value, const Slot& slot) {
    return value != nullptr && (slot.size <= 1 || isArray(env, value)) && integers.read(env, value);
  }
  at::IntArrayRef get() const { return at::IntArrayRef(integers.values.data(), integers.count); }
};

template <>
struct Holder<c10::SymIntArrayRef> : Holder<at::IntArrayRef> {
  // Plain integers have the same bits as the symbolic ones that hold them, unless very negative.
  c10::SymIntArrayRef get() const { return c10::fromIntArrayRefSlow(Holder<at::IntArrayRef>::get()); }
};

template <typename Signature>
class Typed;

template <typename Result, typename... Arguments>
class Typed<Result(Arguments...)> final : public DirectCall {
 public:
  Typed(c10::TypedOperatorHandle<Result(Arguments...)> handle, const std::vector<Slot>& slots)
      : handle_(std::move(handle)), slots_(slots) {}

  napi_value operator()(napi_env env, HandleTable& table, size_t count, napi_value* values) override {
    return run(env, table, count, values, std::index_sequence_for<Arguments...>());
  }

 private:
  template <size_t... Index>
  napi_value run(napi_env env, HandleTable& table, size_t count, napi_value* values, std::index_sequence<Index...>) {
    if (count > sizeof...(Arguments)) return nullptr;
    std::tuple<Holder<Arguments>...> holders;
    const bool plain =
        (std::get<Index>(holders).load(env, table, Index < count ? values[Index] : nullptr, slots_[Index]) && ...);
    if (!plain) return nullptr;
    at::Tensor result = handle_.call(std::get<Index>(holders).get()...);
    return fromHandle(env, table.add(std::move(result)));
  }

  c10::TypedOperatorHandle<Result(Arguments...)> handle_;
  std::vector<Slot> slots_;
};

using at::Scalar;
using at::Tensor;
using c10::SymInt;
using Type = std::optional<at::ScalarType>;

// One letter an argument: T tensor, W written tensor, s Scalar, i int, y SymInt, b bool, d optional dtype,
// D optional int list, L int list, Y SymInt list; others stop the search.
std::string signatureOf(const std::vector<Slot>& slots) {
  std::string text;
  for (const Slot& slot : slots) {
    char letter = '?';
    const bool plain = !slot.optional && !slot.list;
    if (plain && slot.kind == Kind::kTensor) letter = slot.written ? 'W' : 'T';
    else if (plain && slot.kind == Kind::kScalar) letter = 's';
    else if (plain && slot.kind == Kind::kInt) letter = slot.symbolic ? 'y' : 'i';
    else if (plain && slot.kind == Kind::kBool) letter = 'b';
    else if (slot.kind == Kind::kDtype && slot.optional && !slot.list) letter = 'd';
    else if (slot.kind == Kind::kInt && slot.list && slot.optional && !slot.symbolic) letter = 'D';
    else if (slot.kind == Kind::kInt && slot.list && !slot.optional) letter = slot.symbolic ? 'Y' : 'L';
    text += letter;
  }
  return text;
}

template <typename Signature>
std::unique_ptr<DirectCall> make(const c10::OperatorHandle& handle, const std::vector<Slot>& slots) {
  try {
    return std::make_unique<Typed<Signature>>(handle.typed<Signature>(), slots);
  } catch (const c10::Error&) {
    return nullptr;  // registered with another C++ signature than its schema's usual one
  }
}

using Maker = std::unique_ptr<DirectCall> (*)(const c10::OperatorHandle&, const std::vector<Slot>&);

const std::pair<const char*, Maker> kMakers[] = {
    {"T", make<Tensor(const Tensor&)>},                                               // neg, exp, silu, t, alias
    {"Td", make<Tensor(const Tensor&, Type)>},                                        // sum, mean
    {"TT", make<Tensor(const Tensor&, const Tensor&)>},                               // mul, mm, matmul
    {"TTs", make<Tensor(const Tensor&, const Tensor&, const Scalar&)>},               // add, sub
    {"Ts", make<Tensor(const Tensor&, const Scalar&)>},                               // mul.Scalar, eq.Scalar, pow
    {"Tss", make<Tensor(const Tensor&, const Scalar&, const Scalar&)>},               // add.Scalar
    {"TTT", make<Tensor(const Tensor&, const Tensor&, const Tensor&)>},               // where.self
    {"TTss", make<Tensor(const Tensor&, const Tensor&, const Scalar&, const Scalar&)>},
    {"Ti", make<Tensor(const Tensor&, int64_t)>},                                     // unsqueeze, squeeze.dim
    {"Tii", make<Tensor(const Tensor&, int64_t, int64_t)>},                           // transpose.int
    {"Tiy", make<Tensor(const Tensor&, int64_t, SymInt)>},                            // select.int
    {"Tiyy", make<Tensor(const Tensor&, int64_t, SymInt, SymInt)>},                   // narrow
    {"TiT", make<Tensor(const Tensor&, int64_t, const Tensor&)>},                     // index_select
    {"TiTb", make<Tensor(const Tensor&, int64_t, const Tensor&, bool)>},              // gather
    {"Tid", make<Tensor(const Tensor&, int64_t, Type)>},                              // softmax.int, cumsum
    {"TDbd", make<Tensor(const Tensor&, at::OptionalIntArrayRef, bool, Type)>},       // sum.dim_IntList, mean.dim
    {"TL", make<Tensor(const Tensor&, at::IntArrayRef)>},                             // permute
    {"TLb", make<Tensor(const Tensor&, at::IntArrayRef, bool)>},                      // amax, logsumexp
    {"TY", make<Tensor(const Tensor&, c10::SymIntArrayRef)>},                         // view, reshape
    {"TYb", make<Tensor(const Tensor&, c10::SymIntArrayRef, bool)>},                  // expand
    {"W", make<Tensor&(Tensor&)>},                                                    // zero_
    {"WT", make<Tensor&(Tensor&, const Tensor&)>},                                    // mul_
    {"WTb", make<Tensor&(Tensor&, const Tensor&, bool)>},                             // copy_
    {"Ws", make<Tensor&(Tensor&, const Scalar&)>},                                    // mul_.Scalar, fill_
    {"WTs", make<Tensor&(Tensor&, const Tensor&, const Scalar&)>},                    // add_
    {"Wss", make<Tensor&(Tensor&, const Scalar&, const Scalar&)>},                    // add_.Scalar
};

}  // namespace

std::unique_ptr<DirectCall> makeDirectCall(const c10::OperatorHandle& handle, const std::vector<Slot>& arguments,
                                           const std::vector<Slot>& results) {
  // Only ATen's operators have their C++ signatures registered for certain, so that typed() can check them.
  if (handle.operator_name().name.rfind("aten::", 0) != 0) return nullptr;
  if (results.size() != 1 || results[0].kind != Kind::kTensor || results[0].list || results[0].optional) return nullptr;
  const std::string signature = signatureOf(arguments);
  for (const auto& [known, maker] : kMakers) {
    if (signature == known) return maker(handle, arguments);
  }
  return nullptr;
}

}  // namespace aha
