// The one door: looks operators up in LibTorch's dispatcher by name and calls them boxed, schema in hand.
#include <ATen/core/dispatch/Dispatcher.h>

#include <unordered_map>

#include "arguments.h"
#include "convert.h"
#include "modules.h"

namespace aha {

namespace {

struct Operator {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<Slot> arguments;
  std::vector<Slot> results;
};

std::vector<Operator>& operators() {
  static thread_local std::vector<Operator> list;
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
  Operator entry{*handle, key, {}, {}};
  for (const c10::Argument& argument : handle->schema().arguments()) entry.arguments.push_back(slotFor(argument));
  for (const c10::Argument& result : handle->schema().returns()) entry.results.push_back(slotFor(result));
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

// call(number, ...arguments) → the result: a handle, a list, a number, or an array for several.
napi_value call(napi_env env, napi_callback_info info) {
  size_t count = kMaxArguments;
  napi_value values[kMaxArguments];
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  int32_t number = -1;
  napi_get_value_int32(env, values[0], &number);
  std::vector<Operator>& table = operators();
  if (number < 0 || number >= static_cast<int32_t>(table.size())) {
    throwTorchError(env, "call: unknown operator number");
    return nullptr;
  }
  // A callback inside the call may look further operators up, so keep no reference into the table across it.
  const size_t size = table[number].arguments.size();
  try {
    static thread_local torch::jit::Stack spare;
    torch::jit::Stack stack = std::move(spare);
    stack.clear();
    stack.reserve(size);
    if (count - 1 > size) {
      throw std::invalid_argument("takes " + std::to_string(size) + " arguments, got " + std::to_string(count - 1));
    }
    for (size_t index = 0; index < size; ++index) {
      stack.push_back(toIValue(env, index + 1 < count ? values[index + 1] : nullptr, table[number].arguments[index]));
    }
    const c10::OperatorHandle handle = table[number].handle;
    handle.callBoxed(&stack);
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
  } catch (...) {
    translateException(env, table[number].name,
                       describeArguments(env, table[number].arguments, count - 1, values + 1));
    return nullptr;
  }
}

}  // namespace

void addDispatch(napi_env env, napi_value exports) {
  define(env, exports, "lookUp", entry<lookUp>);
  define(env, exports, "schema", entry<schema>);
  define(env, exports, "operatorNames", entry<operatorNames>);
  define(env, exports, "call", call);
}

}  // namespace aha
