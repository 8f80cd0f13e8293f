/** Log-probabilities of given tokens under the language-model head, in chunks: never a whole [N, V] matrix. */
#include "kernels.h"
#include "log-softmax-row.h"
#include "parallel.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

namespace aha {
namespace {

/** Elements of a block of logits: 16 MB of float32. */
constexpr int64_t kBlockElements = 4 * 1024 * 1024;

/** Rows of logits made at once in the forward pass: about a block's worth, but enough for the GEMM to be efficient. */
int64_t forward_chunk(int64_t asked, int64_t rows, int64_t vocabulary) {
  const int64_t chosen = asked > 0 ? asked : std::max<int64_t>(256, kBlockElements / vocabulary);
  return std::max<int64_t>(1, std::min(chosen, rows));
}

/** Rows and vocabulary entries of one block of the backward pass. */
struct BlockShape {
  int64_t rows, vocabulary;
};

/**
 * Each block re-reads a slice of both gradients' accumulators, so a squarish block moves the least memory;
 * an asked-for chunk fixes the rows.
 */
BlockShape backward_block(int64_t asked, int64_t rows, int64_t vocabulary) {
  if (asked > 0) return {std::max<int64_t>(1, std::min(asked, rows)), vocabulary};
  const int64_t block_vocabulary = std::min<int64_t>(vocabulary, 4096);
  return {std::max<int64_t>(1, std::min(rows, 2 * kBlockElements / block_vocabulary)), block_vocabulary};
}

template <typename T>
void score_rows(const Tensor& logits, const int64_t* targets, float inverse_temperature, float* log_probabilities,
                float* entropies, float* normalisers) {
  const int64_t width = logits.size(1);
  const T* data = logits.const_data_ptr<T>();
  for_rows(logits.size(0), width * 4, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const T* row = data + r * width;
      const RowNormaliser normaliser = row_normaliser<true>(row, width, inverse_temperature);
      log_probabilities[r] =
          normaliser.log_probability(static_cast<float>(row[targets[r]]), inverse_temperature);
      entropies[r] = normaliser.entropy();
      normalisers[r] = normaliser.maximum + normaliser.log_sum;
    }
  });
}

/** logits → g (1[target] − p) / temperature, in place; columns are the vocabulary entries from vocabulary_start on. */
template <typename T>
void logits_to_gradient_(const Tensor& logits, const int64_t* targets, const float* grads, const float* normalisers,
                         float inverse_temperature, int64_t vocabulary_start) {
  const int64_t width = logits.size(1);
  T* data = logits.mutable_data_ptr<T>();
  for_rows(logits.size(0), width * 4, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      T* row = data + r * width;
      const float factor = -grads[r] * inverse_temperature;
      const int64_t target = targets[r] - vocabulary_start;
      const bool inside = target >= 0 && target < width;
      const float target_logit = inside ? static_cast<float>(row[target]) : 0.0f;
      int64_t i = 0;
      for (; i + kLanes <= width; i += kLanes)
        store(row + i, exp_of(load(row + i) * inverse_temperature - normalisers[r]) * factor);
      if (i < width)
        store_some(row + i, exp_of(load_some(row + i, width - i) * inverse_temperature - normalisers[r]) * factor,
                   width - i);
      if (inside) {
        const float p = std::exp(target_logit * inverse_temperature - normalisers[r]);
        row[target] = static_cast<T>(grads[r] * inverse_temperature * (1.0f - p));
      }
    }
  });
}

at::ScalarType result_type(const Tensor& hidden) {
  return hidden.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

void score_rows_plain(const Tensor& logits_given, const Tensor& targets, double temperature,
                      const Tensor& log_probabilities, const Tensor& entropies, const Tensor& normalisers) {
  const Tensor logits = logits_given.to(log_probabilities.scalar_type()).div(temperature);
  const Tensor normaliser = at::logsumexp(logits, 1);
  normalisers.copy_(normaliser);
  log_probabilities.copy_(logits.gather(1, targets.unsqueeze(1)).squeeze(1).sub(normaliser));
  const Tensor p = logits.sub(normaliser.unsqueeze(1)).exp();
  entropies.copy_(normaliser.sub(p.mul(logits).sum(1)));
}

Tensor gradient_of_logits_plain(const Tensor& logits, const Tensor& targets, const Tensor& grad,
                                const Tensor& normalisers, double temperature, int64_t vocabulary_start) {
  const Tensor scale = grad.div(temperature).unsqueeze(1);
  Tensor gradient = logits.to(normalisers.scalar_type()).div(temperature).sub(normalisers.unsqueeze(1)).exp();
  const Tensor columns = at::arange(vocabulary_start, vocabulary_start + logits.size(1), targets.options());
  gradient = gradient.neg().add(targets.unsqueeze(1).eq(columns.unsqueeze(0)).to(gradient.scalar_type()));
  return gradient.mul(scale).to(logits.scalar_type());
}

/** The block's logits turned into their gradient, by whichever route fits device and dtype. */
Tensor block_gradient(const Tensor& logits, const Tensor& targets, const Tensor& grad, const Tensor& normalisers,
                      double temperature, int64_t vocabulary_start) {
  if (!has_fast_kernel(logits))
    return gradient_of_logits_plain(logits, targets, grad, normalisers, temperature, vocabulary_start);
  const auto run = [&](auto zero) {
    logits_to_gradient_<decltype(zero)>(logits, targets.const_data_ptr<int64_t>(), grad.const_data_ptr<float>(),
                                        normalisers.const_data_ptr<float>(), static_cast<float>(1.0 / temperature),
                                        vocabulary_start);
  };
  if (logits.scalar_type() == at::kFloat)
    run(float{});
  else
    run(c10::BFloat16{});
  return logits;
}

}  // namespace

void check_token_log_probabilities(const Tensor& hidden, const Tensor& weight, const Tensor& targets,
                                   double temperature) {
  TORCH_CHECK(hidden.dim() == 2 && weight.dim() == 2 && hidden.size(1) == weight.size(1),
              "aha::token_log_probabilities: expected hidden [N, D] and weight [V, D], got ", hidden.sizes(), " and ",
              weight.sizes());
  TORCH_CHECK(hidden.scalar_type() == weight.scalar_type(), "aha::token_log_probabilities: hidden is ",
              hidden.scalar_type(), " but weight is ", weight.scalar_type());
  TORCH_CHECK(targets.dim() == 1 && targets.size(0) == hidden.size(0) && targets.scalar_type() == at::kLong,
              "aha::token_log_probabilities: expected targets int64 [", hidden.size(0), "], got ",
              targets.scalar_type(), " ", targets.sizes());
  TORCH_CHECK(temperature > 0.0, "aha::token_log_probabilities: temperature must be above 0, got ", temperature);
  if (!targets.is_cpu()) return;
  const Tensor ids = targets.contiguous();
  for (int64_t row = 0; row < ids.numel(); ++row) {
    const int64_t target = ids.const_data_ptr<int64_t>()[row];
    TORCH_CHECK(target >= 0 && target < weight.size(0), "aha::token_log_probabilities: target ", target, " of row ",
                row, " is outside the vocabulary of ", weight.size(0));
  }
}

/** hidden [N, D], weight [V, D], targets [N] → (log-probabilities, entropies, log-normalisers), each [N] float32. */
std::tuple<Tensor, Tensor, Tensor> token_log_probabilities_forward(const Tensor& hidden, const Tensor& weight,
                                                                   const Tensor& targets_given, double temperature,
                                                                   int64_t chunk) {
  const int64_t rows = hidden.size(0);
  const Tensor targets = targets_given.contiguous();
  const auto options = hidden.options().dtype(result_type(hidden));
  Tensor log_probabilities = at::empty({rows}, options), entropies = at::empty({rows}, options),
         normalisers = at::empty({rows}, options);
  const int64_t step = forward_chunk(chunk, rows, weight.size(0));
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t count = std::min(step, rows - first);
    const Tensor logits = at::linear(hidden.narrow(0, first, count), weight);
    if (!has_fast_kernel(logits)) {
      score_rows_plain(logits, targets.narrow(0, first, count), temperature,
                       log_probabilities.narrow(0, first, count), entropies.narrow(0, first, count),
                       normalisers.narrow(0, first, count));
      continue;
    }
    const auto run = [&](auto zero) {
      score_rows<decltype(zero)>(logits, targets.const_data_ptr<int64_t>() + first,
                                 static_cast<float>(1.0 / temperature),
                                 log_probabilities.mutable_data_ptr<float>() + first,
                                 entropies.mutable_data_ptr<float>() + first,
                                 normalisers.mutable_data_ptr<float>() + first);
    };
    if (logits.scalar_type() == at::kFloat)
      run(float{});
    else
      run(c10::BFloat16{});
  }
  return {log_probabilities, entropies, normalisers};
}

/** Gradients of hidden [N, D] and weight [V, D]; the logits are made again, a block at a time. */
std::tuple<Tensor, Tensor> token_log_probabilities_backward(const Tensor& grad_given, const Tensor& hidden,
                                                            const Tensor& weight, const Tensor& targets_given,
                                                            const Tensor& normalisers, double temperature,
                                                            int64_t chunk, bool needs_hidden, bool needs_weight) {
  const int64_t rows = hidden.size(0), vocabulary = weight.size(0);
  const Tensor targets = targets_given.contiguous(), grad = grad_given.contiguous();
  const BlockShape block = backward_block(chunk, rows, vocabulary);
  const auto wide = hidden.options().dtype(result_type(hidden));
  Tensor grad_hidden, grad_weight;
  if (needs_hidden) grad_hidden = at::zeros(hidden.sizes(), wide);
  if (needs_weight) grad_weight = at::zeros(weight.sizes(), wide);
  for (int64_t first = 0; first < rows; first += block.rows) {
    const int64_t count = std::min(block.rows, rows - first);
    const Tensor chunk_hidden = hidden.narrow(0, first, count);
    for (int64_t entry = 0; entry < vocabulary; entry += block.vocabulary) {
      const int64_t entries = std::min(block.vocabulary, vocabulary - entry);
      const Tensor chunk_weight = weight.narrow(0, entry, entries);
      const Tensor gradient =
          block_gradient(at::linear(chunk_hidden, chunk_weight), targets.narrow(0, first, count),
                         grad.narrow(0, first, count), normalisers.narrow(0, first, count), temperature, entry);
      if (needs_hidden) grad_hidden.narrow(0, first, count).add_(at::mm(gradient, chunk_weight));
      if (needs_weight) grad_weight.narrow(0, entry, entries).add_(at::mm(gradient.t(), chunk_hidden));
    }
  }
  return {needs_hidden ? grad_hidden.to(hidden.scalar_type()) : grad_hidden,
          needs_weight ? grad_weight.to(weight.scalar_type()) : grad_weight};
}

}  // namespace aha
