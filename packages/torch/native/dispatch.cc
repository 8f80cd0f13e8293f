// The one door: looks operators up in LibTorch's dispatcher by name and calls them, schema in hand: directly where the
// signature is a usual one, boxed otherwise.
#include <ATen/core/dispatch/Dispatcher.h>

#include <deque>
#include <unordered_map>

#include "arguments.h"
#include "convert.h"
#include "direct-calls.h"
#include "handles.h"
#include "modules.h"

namespace aha {

namespace {

struct Operator {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<Slot> arguments;
  std::vector<Slot> results;
  std::unique_ptr<DirectCall> direct;  // null where only the boxed call will do
  HandleTable* table;                  // of the thread that looked it up
};

// A deque: bound functions keep pointers to its elements.
std::deque<Operator>& operators() {
  static thread_local std::deque<Operator> list;
  return list;
}

std::string qualifiedName(const c10::OperatorName& name) {
  return name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
}

// lookUp("aten::softmax", "int") → its number, or −1 where this LibTorch has no such operator.
napi_value lookUp(napi_env env, size_t, napi_value* values) {
  const c10::OperatorName name(toString(env, values[0]), toString(env, values[1]));
  static thread_local std::unordered_map<std::string, int32_t> known;
  const std::string key = qualifiedName(name);
  if (const auto found = known.find(key); found != known.end()) return fromHandle(env, found->second);
  const auto handle = c10::Dispatcher::singleton().findSchema(name);
  if (!handle.has_value()) return fromHandle(env, -1);
  Operator entry{*handle, key, {}, {}, nullptr, &HandleTable::current()};
  for (const c10::Argument& argument : handle->schema().arguments()) entry.arguments.push_back(slotFor(argument));
  for (const c10::Argument& result : handle->schema().returns()) entry.results.push_back(slotFor(result));
  entry.direct = makeDirectCall(entry.handle, entry.arguments, entry.results);
  const auto number = static_cast<int32_t>(operators().size());
  operators().push_back(std::move(entry));
  known.emplace(key, number);
  return fromHandle(env, number);
}

napi_value describeSlots(napi_env env, const std::vector<Slot>& slots) {
  napi_value array;
  napi_create_array_with_length(env, slots.size(), &array);
  for (size_t index = 0; index < slots.size(); ++index) {
    const Slot& slot = slots[index];
    napi_value item;
    napi_create_object(env, &item);
    setProperty(env, item, "name", fromString(env, slot.name));
    setProperty(env, item, "type", fromString(env, slot.type));
    setProperty(env, item, "kind", fromHandle(env, static_cast<int32_t>(slot.kind)));
    setProperty(env, item, "optional", fromBool(env, slot.optional));
    setProperty(env, item, "list", fromBool(env, slot.list));
    setProperty(env, item, "elementOptional", fromBool(env, slot.elementOptional));
    setProperty(env, item, "size", fromHandle(env, slot.size));
    setProperty(env, item, "keywordOnly", fromBool(env, slot.keywordOnly));
    setProperty(env, item, "hasDefault", fromBool(env, slot.hasDefault));
    setProperty(env, item, "written", fromBool(env, slot.written));
    napi_set_element(env, array, index, item);
  }
  return array;
}

// schema(number) → {name, arguments, results}, for the resolver of overloads and for the generator of signatures.
napi_value schema(napi_env env, size_t, napi_value* values) {
  const Operator& entry = operators().at(toInt64(env, values[0], "operator"));
  napi_value result;
  napi_create_object(env, &result);
  setProperty(env, result, "name", fromString(env, entry.name));
  setProperty(env, result, "arguments", describeSlots(env, entry.arguments));
  setProperty(env, result, "results", describeSlots(env, entry.results));
  return result;
}

// operatorNames("aten::add") → the names, with overloads, of all operators that begin so.
napi_value operatorNames(napi_env env, size_t, napi_value* values) {
  const std::string prefix = toString(env, values[0]);
  napi_value array;
  napi_create_array(env, &array);
  uint32_t index = 0;
  for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) {
    if (name.name.rfind(prefix, 0) != 0 || !c10::Dispatcher::singleton().findSchema(name).has_value()) continue;
    napi_set_element(env, array, index++, fromString(env, qualifiedName(name)));
  }
  return array;
}

napi_value callBoxed(napi_env env, const Operator& entry, size_t count, napi_value* values) {
  const size_t size = entry.arguments.size();
  if (count > size) {
    throw std::invalid_argument("takes " + std::to_string(size) + " arguments, got " + std::to_string(count));
  }
  static thread_local torch::jit::Stack spare;
  torch::jit::Stack stack = std::move(spare);
  stack.clear();
  stack.reserve(size);
  for (size_t index = 0; index < size; ++index) {
    stack.push_back(toIValue(env, index < count ? values[index] : nullptr, entry.arguments[index]));
  }
  entry.handle.callBoxed(&stack);
  napi_value result;
  if (stack.size() == 1) {
    result = fromIValue(env, std::move(stack[0]));
  } else if (stack.empty()) {
    result = undefinedValue(env);
  } else {
    napi_create_array_with_length(env, stack.size(), &result);
    for (size_t index = 0; index < stack.size(); ++index) {
      napi_set_element(env, result, index, fromIValue(env, std::move(stack[index])));
    }
  }
  stack.clear();
  spare = std::move(stack);
  return result;
}

napi_value callWith(napi_env env, const Operator& entry, size_t count, napi_value* values) {
  try {
    if (entry.direct) {
      napi_value result = (*entry.direct)(env, *entry.table, count, values);
      if (result != nullptr) return result;
    }
    return callBoxed(env, entry, count, values);
  } catch (...) {
    translateException(env, entry.name, describeArguments(env, entry.arguments, count, values));
    return nullptr;
  }
}

// The JavaScript function of one operator: its arguments in the schema's order → a handle, a list, a number, or an
// array for several results.
napi_value callOperator(napi_env env, napi_callback_info info) {
  constexpr size_t few = 6;  // Node-API fills the whole array, so a long one costs every call
  size_t count = few;
  napi_value values[few];
  void* data;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  const Operator& entry = *static_cast<const Operator*>(data);
  if (count <= few) return callWith(env, entry, count, values);
  std::vector<napi_value> all(count);
  napi_get_cb_info(env, info, &count, all.data(), nullptr, nullptr);
  return callWith(env, entry, count, all.data());
}

// bind(number) → the operator as a function.
napi_value bind(napi_env env, size_t, napi_value* values) {
  Operator& entry = operators().at(toInt64(env, values[0], "operator"));
  napi_value function;
  napi_create_function(env, entry.name.c_str(), entry.name.size(), callOperator, &entry, &function);
  return function;
}

}  // namespace

void addDispatch(napi_env env, napi_value exports) {
  define(env, exports, "lookUp", entry<lookUp>);
  define(env, exports, "schema", entry<schema>);
  define(env, exports, "operatorNames", entry<operatorNames>);
  define(env, exports, "bind", entry<bind>);
}

}  // namespace aha
