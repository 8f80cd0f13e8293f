/** Token embedding whose backward sums each token's gradients in float32 and in order. */
#include "kernels.h"
#include "parallel.h"
#include "simd.h"

#include <ATen/ops/empty.h>

#include <vector>

namespace aha {
namespace {

/** Rows of ids grouped by token: rows[starts[t]] … rows[starts[t + 1] − 1] ascend and hold token t. */
struct RowsByToken {
  std::vector<int64_t> starts;
  std::vector<int64_t> rows;
};

RowsByToken group_rows(const int64_t* ids, int64_t count, int64_t vocabulary) {
  RowsByToken grouped{std::vector<int64_t>(vocabulary + 1, 0), std::vector<int64_t>(count)};
  for (int64_t row = 0; row < count; ++row) {
    TORCH_CHECK(ids[row] >= 0 && ids[row] < vocabulary, "aha::embedding: id ", ids[row], " at ", row,
                " is outside the vocabulary of ", vocabulary);
    ++grouped.starts[ids[row] + 1];
  }
  for (int64_t token = 0; token < vocabulary; ++token) grouped.starts[token + 1] += grouped.starts[token];
  std::vector<int64_t> next(grouped.starts.begin(), grouped.starts.end() - 1);
  for (int64_t row = 0; row < count; ++row) grouped.rows[next[ids[row]]++] = row;
  return grouped;
}

template <typename T>
void sum_rows(const T* grad, const RowsByToken& grouped, T* target, int64_t vocabulary, int64_t width) {
  // Frequent tokens cost more, so columns, not tokens, are shared between threads; all slices are disjoint.
  const int64_t slice = 64;
  const int64_t slices = (width + slice - 1) / slice;
  const int64_t token_block = 1024;
  const int64_t blocks = (vocabulary + token_block - 1) / token_block;
  for_units(slices * blocks, [&](int64_t unit) {
    const int64_t column = (unit % slices) * slice;
    const int64_t columns = std::min(slice, width - column);
    const int64_t first = (unit / slices) * token_block, last = std::min(vocabulary, first + token_block);
    alignas(64) float sums[slice];
    for (int64_t token = first; token < last; ++token) {
      T* out = target + token * width + column;
      const int64_t begin = grouped.starts[token], end = grouped.starts[token + 1];
      if (begin == end) {
        std::fill_n(out, columns, T(0.0f));
        continue;
      }
      std::fill_n(sums, slice, 0.0f);
      for (int64_t i = begin; i < end; ++i) {
        const T* row = grad + grouped.rows[i] * width + column;
        int64_t c = 0;
        for (; c + kLanes <= columns; c += kLanes) store(sums + c, load(sums + c) + load(row + c));
        for (; c < columns; ++c) sums[c] += static_cast<float>(row[c]);
      }
      for (int64_t c = 0; c < columns; ++c) out[c] = static_cast<T>(sums[c]);
    }
  });
}

}  // namespace

/** Gradient of weight [V, D] from grad [..., D]. */
Tensor embedding_backward(const Tensor& grad_given, const Tensor& ids_given, int64_t vocabulary) {
  const Tensor grad = grad_given.contiguous();
  const Tensor ids = ids_given.to(at::kLong).contiguous();
  const int64_t width = grad.size(-1);
  Tensor target = at::empty({vocabulary, width}, grad.options());
  const RowsByToken grouped = group_rows(ids.const_data_ptr<int64_t>(), ids.numel(), vocabulary);
  if (grad.scalar_type() == at::kFloat)
    sum_rows(grad.const_data_ptr<float>(), grouped, target.mutable_data_ptr<float>(), vocabulary, width);
  else
    sum_rows(grad.const_data_ptr<c10::BFloat16>(), grouped, target.mutable_data_ptr<c10::BFloat16>(), vocabulary,
             width);
  return target;
}

}  // namespace aha
