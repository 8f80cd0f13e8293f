// What differs between the LibTorch versions the addon compiles with (2.6 and later).
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>
#include <utility>

namespace aha {

// Newer versions count references to graph nodes inside the node, older ones hold them by std::shared_ptr with
// deleteNode, which frees deep graphs without deep recursion.
using NodePointer = decltype(torch::autograd::Edge::function);

template <typename T, typename Pointer = NodePointer, typename... Arguments>
auto makeNode(Arguments&&... arguments) {
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>) {
    // The call in a generic lambda is found by argument-dependent lookup, only where it is instantiated.
    const auto destroy = [](auto* node) { deleteNode(node); };
    return std::shared_ptr<T>(new T(std::forward<Arguments>(arguments)...), destroy);
  } else {
    return c10::make_intrusive<T>(std::forward<Arguments>(arguments)...);
  }
}

}  // namespace aha
