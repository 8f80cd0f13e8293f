// Autograd: backward, gradients of chosen inputs, grad modes, and functions whose backward is written in JavaScript.
#include <ATen/ATen.h>
#include <c10/core/AutogradState.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include "compatibility.h"
#include "convert.h"
#include "handles.h"
#include "modules.h"

namespace aha {

namespace {

using torch::autograd::variable_list;

// Backward on the calling thread only: JavaScript callbacks may run nowhere else, on CUDA too.
class SingleThreadedBackward {
 public:
  SingleThreadedBackward() : before_(c10::AutogradState::get_tls_state().get_multithreading_enabled()) {
    c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  }
  ~SingleThreadedBackward() { c10::AutogradState::get_tls_state().set_multithreading_enabled(before_); }

 private:
  bool before_;
};

// A graph node whose backward calls a JavaScript function with the saved tensors and the output gradients.
class ScriptNode : public torch::autograd::Node {
 public:
  ScriptNode(napi_env env, napi_value backward, std::string label)
      : backward_(std::make_unique<Reference>(env, backward)), label_(std::move(label)) {}

  std::string name() const override { return label_; }

  void save(const variable_list& tensors) {
    for (const at::Tensor& tensor : tensors) saved_.emplace_back(tensor, false);
  }
  void describeOutput(const at::Tensor& output) {
    outputs_.push_back({output.sizes().vec(), output.options().requires_grad(false)});
  }
  void release_variables() override {
    saved_.clear();
    released_ = true;
  }

  variable_list apply(variable_list&& gradients) override {
    TORCH_CHECK(!released_, label_, ": backward ran twice through the same graph; pass retainGraph: true the first time");
    napi_env env = backward_->env();
    napi_handle_scope frame;
    napi_open_handle_scope(env, &frame);
    HandleTable& table = HandleTable::current();
    const size_t marker = table.beginScope();
    variable_list results;
    bool failed = false;
    try {
      results = callBack(env, std::move(gradients));
    } catch (const PendingException&) {
      stashException(env);
      failed = true;
    } catch (...) {
      table.endScope(marker, {});
      napi_close_handle_scope(env, frame);
      throw;
    }
    table.endScope(marker, {});
    napi_close_handle_scope(env, frame);
    if (failed) throw PendingException();
    return results;
  }

 private:
  struct Shape {
    std::vector<int64_t> sizes;
    at::TensorOptions options;
  };

  variable_list callBack(napi_env env, variable_list&& gradients) {
    napi_value savedList, gradientList;
    napi_create_array_with_length(env, saved_.size(), &savedList);
    for (size_t index = 0; index < saved_.size(); ++index) {
      napi_set_element(env, savedList, index, add(env, saved_[index].unpack(nullptr)));
    }
    napi_create_array_with_length(env, gradients.size(), &gradientList);
    for (size_t index = 0; index < gradients.size(); ++index) {
      at::Tensor gradient = std::move(gradients[index]);
      if (!gradient.defined()) gradient = at::zeros(outputs_[index].sizes, outputs_[index].options);
      napi_set_element(env, gradientList, index, add(env, std::move(gradient)));
    }
    napi_value arguments[] = {savedList, gradientList};
    napi_value result;
    if (napi_call_function(env, undefinedValue(env), backward_->value(), 2, arguments, &result) != napi_ok) {
      throw PendingException();
    }
    variable_list results = tensorList(env, result);
    TORCH_CHECK(results.size() == num_outputs(), label_, ": backward must return one gradient (or null) an input: ",
                num_outputs(), " expected, got ", results.size());
    return results;
  }

  std::unique_ptr<Reference> backward_;
  std::string label_;
  std::vector<torch::autograd::SavedVariable> saved_;
  std::vector<Shape> outputs_;
  bool released_ = false;
};

// recordFunction(label, inputs, outputs, backward, saved) → handles of outputs that remember how they were made.
napi_value recordFunction(napi_env env, size_t, napi_value* v) {
  const variable_list inputs = tensorList(env, v[1]);
  const variable_list outputs = tensorList(env, v[2]);
  const bool recording = c10::GradMode::is_enabled() && torch::autograd::compute_requires_grad(inputs);
  std::vector<int32_t> handles;
  if (!recording) {
    for (const at::Tensor& output : outputs) handles.push_back(HandleTable::current().add(output.detach()));
    return fromHandles(env, handles);
  }
  const auto node = makeNode<ScriptNode>(env, v[3], toString(env, v[0]));
  node->set_next_edges(torch::autograd::collect_next_edges(inputs));
  node->save(tensorList(env, v[4]));
  for (const at::Tensor& output : outputs) {
    at::Tensor result = output.detach();
    node->describeOutput(result);
    if (torch::autograd::isDifferentiableType(result.scalar_type())) torch::autograd::set_history(result, node);
    else node->add_input_metadata(torch::autograd::Node::undefined_input());
    handles.push_back(HandleTable::current().add(std::move(result)));
  }
  return fromHandles(env, handles);
}

// backward(tensors, gradients, retainGraph, createGraph, inputs | null)
napi_value backward(napi_env env, size_t, napi_value* v) {
  const SingleThreadedBackward guard;
  torch::autograd::backward(tensorList(env, v[0]), tensorList(env, v[1]), toBool(env, v[2], "retainGraph"),
                            toBool(env, v[3], "createGraph"),
                            isNullish(env, v[4]) ? variable_list() : tensorList(env, v[4]));
  return nullptr;
}

// grad(outputs, inputs, gradients, retainGraph, createGraph, allowUnused) → handles, null where unused
napi_value grad(napi_env env, size_t, napi_value* v) {
  const SingleThreadedBackward guard;
  const auto results = torch::autograd::grad(tensorList(env, v[0]), tensorList(env, v[1]), tensorList(env, v[2]),
                                             toBool(env, v[3], "retainGraph"), toBool(env, v[4], "createGraph"),
                                             toBool(env, v[5], "allowUnused"));
  napi_value array;
  napi_create_array_with_length(env, results.size(), &array);
  for (size_t index = 0; index < results.size(); ++index) napi_set_element(env, array, index, add(env, results[index]));
  return array;
}

at::Tensor& tensorAt(napi_env env, napi_value value) {
  return HandleTable::current().get(toHandle(env, value, "tensor"));
}
napi_value requiresGrad(napi_env env, size_t, napi_value* v) { return fromBool(env, tensorAt(env, v[0]).requires_grad()); }
napi_value setRequiresGrad(napi_env env, size_t, napi_value* v) {
  tensorAt(env, v[0]).set_requires_grad(toBool(env, v[1], "requiresGrad"));
  return nullptr;
}
napi_value isLeaf(napi_env env, size_t, napi_value* v) { return fromBool(env, tensorAt(env, v[0]).is_leaf()); }
napi_value gradOf(napi_env env, size_t, napi_value* v) { return add(env, tensorAt(env, v[0]).grad()); }
napi_value setGrad(napi_env env, size_t, napi_value* v) {
  tensorAt(env, v[0]).mutable_grad() = isNullish(env, v[1]) ? at::Tensor() : tensorAt(env, v[1]);
  return nullptr;
}
napi_value gradFunction(napi_env env, size_t, napi_value* v) {
  const auto& node = tensorAt(env, v[0]).grad_fn();
  return node ? fromString(env, node->name()) : nullValue(env);
}

napi_value setGradMode(napi_env env, size_t, napi_value* v) {
  const bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(toBool(env, v[0], "enabled"));
  return fromBool(env, before);
}

// Inference mode is a scope in C++; JavaScript enters and leaves it in pairs, innermost last.
std::vector<std::unique_ptr<c10::InferenceMode>>& inferenceModes() {
  static thread_local std::vector<std::unique_ptr<c10::InferenceMode>> stack;
  return stack;
}
napi_value enterInference(napi_env, size_t, napi_value*) {
  inferenceModes().push_back(std::make_unique<c10::InferenceMode>());
  return nullptr;
}
napi_value leaveInference(napi_env, size_t, napi_value*) {
  if (!inferenceModes().empty()) inferenceModes().pop_back();
  return nullptr;
}

}  // namespace

void addAutograd(napi_env env, napi_value exports) {
  define(env, exports, "recordFunction", entry<recordFunction>);
  define(env, exports, "backward", entry<backward>);
  define(env, exports, "grad", entry<grad>);
  define(env, exports, "requiresGrad", entry<requiresGrad>);
  define(env, exports, "setRequiresGrad", entry<setRequiresGrad>);
  define(env, exports, "isLeaf", entry<isLeaf>);
  define(env, exports, "gradOf", entry<gradOf>);
  define(env, exports, "setGrad", entry<setGrad>);
  define(env, exports, "gradFunction", entry<gradFunction>);
  define(env, exports, "setGradMode", entry<setGradMode>);
  define(env, exports, "enterInference", entry<enterInference>);
  define(env, exports, "leaveInference", entry<leaveInference>);
}

}  // namespace aha
