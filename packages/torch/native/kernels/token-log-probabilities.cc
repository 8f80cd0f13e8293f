/** Log-probabilities of given tokens under the language-model head, in chunks: never a whole [N, V] matrix. */
#include "kernels.h"
#include "log-softmax-row.h"
#include "parallel.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <vector>

namespace aha {
namespace {

/** Rows of logits made at once: with kVocabularyBlock entries each, 16 MB of bf16. */
constexpr int64_t kRowBlock = 2048;

/**
 * Logits are made in blocks of rows × kVocabularyBlock: large enough for the matrix products to run at full rate,
 * small enough for the elementwise work between them to find its data in the last-level cache. The vocabulary is cut
 * where row_normaliser cuts it, so that the sampler's bits come out.
 */
int64_t row_block(int64_t asked, int64_t rows, int64_t vocabulary) {
  const int64_t chosen = asked > 0 ? asked : kRowBlock * kVocabularyBlock / std::min(kVocabularyBlock, vocabulary);
  return std::max<int64_t>(1, std::min(chosen, rows));
}

/** One buffer for all blocks of logits: fresh memory for each would cost more in page faults than the softmax. */
class LogitsBuffer {
 public:
  LogitsBuffer(const Tensor& hidden, int64_t rows, int64_t vocabulary)
      : storage_(at::empty({rows * std::min(kVocabularyBlock, vocabulary)}, hidden.options())) {}
  /** hidden [n, D] · weight [v, D] ᵀ → [n, v], valid until the next call. */
  Tensor logits(const Tensor& hidden, const Tensor& weight) {
    const int64_t rows = hidden.size(0), entries = weight.size(0);
    Tensor block = storage_.narrow(0, 0, rows * entries).view({rows, entries});
    at::mm_out(block, hidden, weight.t());
    return block;
  }

 private:
  Tensor storage_;
};

/** What the blocks seen so far say of each row. */
struct RowScores {
  std::vector<Normaliser> normalisers;
  std::vector<float> target_logits;
};

template <typename T>
void score_block(const Tensor& logits, const int64_t* targets, float inverse_temperature, int64_t vocabulary_start,
                 RowScores& scores) {
  const int64_t width = logits.size(1);
  const T* data = logits.const_data_ptr<T>();
  for_rows(logits.size(0), width * 4, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const T* row = data + r * width;
      scores.normalisers[r] =
          merged(scores.normalisers[r], block_normaliser<true>(row, width, inverse_temperature));
      const int64_t target = targets[r] - vocabulary_start;
      if (target >= 0 && target < width) scores.target_logits[r] = static_cast<float>(row[target]);
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
      const auto gradient_at = [&](f32x16 logit) __attribute__((always_inline)) {
        const f32x16 moved = logit * inverse_temperature - normalisers[r];
        // Below 1e-30 is 0: float32 matrix products crawl over denormal numbers.
        return moved < -69.0f ? f32x16{} : exp_of(moved) * factor;
      };
      int64_t i = 0;
      for (; i + kLanes <= width; i += kLanes) store(row + i, gradient_at(load(row + i)));
      if (i < width) store_some(row + i, gradient_at(load_some(row + i, width - i)), width - i);
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

/** target [v, D] float32 += part [D, v] ᵀ. */
template <typename T>
void add_turned_rows(const Tensor& target, const Tensor& part) {
  const int64_t entries = target.size(0), width = target.size(1);
  float* sums = target.mutable_data_ptr<float>();
  const T* source = part.const_data_ptr<T>();
  for_rows((entries + kLanes - 1) / kLanes, kLanes * width, [&](int64_t first, int64_t last) {
    for (int64_t v = first * kLanes; v < std::min(last * kLanes, entries); v += kLanes) {
      const int64_t lanes = std::min(kLanes, entries - v);
      for (int64_t i = 0; i < width; i += kLanes) {
        const int64_t depth = std::min(kLanes, width - i);
        f32x16 rows[kLanes] = {};
        for (int64_t r = 0; r < depth; ++r) rows[r] = load_up_to(source + (i + r) * entries + v, lanes);
        transpose_lanes(rows);
        for (int64_t r = 0; r < lanes; ++r) {
          float* out = sums + (v + r) * width + i;
          store_up_to(out, load_up_to(out, depth) + rows[r], depth);
        }
      }
    }
  });
}

void add_turned_(const Tensor& target, const Tensor& part) {
  if (!has_fast_kernel(part))
    target.add_(part.t());
  else if (part.scalar_type() == at::kFloat)
    add_turned_rows<float>(target, part);
  else
    add_turned_rows<c10::BFloat16>(target, part);
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
std::tuple<Tensor, Tensor, Tensor> token_log_probabilities_forward(const Tensor& hidden_given, const Tensor& weight,
                                                                   const Tensor& targets_given, double temperature,
                                                                   int64_t chunk) {
  const Tensor hidden = hidden_given.contiguous(), targets = targets_given.contiguous();
  const int64_t rows = hidden.size(0), vocabulary = weight.size(0);
  const auto options = hidden.options().dtype(result_type(hidden));
  Tensor log_probabilities = at::empty({rows}, options), entropies = at::empty({rows}, options),
         normalisers = at::empty({rows}, options);
  const int64_t step = row_block(chunk, rows, vocabulary);
  const float inverse_temperature = static_cast<float>(1.0 / temperature);
  LogitsBuffer buffer(hidden, has_fast_kernel(hidden) ? step : 0, vocabulary);
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t count = std::min(step, rows - first);
    const Tensor chunk_hidden = hidden.narrow(0, first, count);
    if (!has_fast_kernel(hidden)) {
      score_rows_plain(at::linear(chunk_hidden, weight), targets.narrow(0, first, count), temperature,
                       log_probabilities.narrow(0, first, count), entropies.narrow(0, first, count),
                       normalisers.narrow(0, first, count));
      continue;
    }
    RowScores scores{std::vector<Normaliser>(count), std::vector<float>(count)};
    for (int64_t entry = 0; entry < vocabulary; entry += kVocabularyBlock) {
      const int64_t entries = std::min(kVocabularyBlock, vocabulary - entry);
      const Tensor logits = buffer.logits(chunk_hidden, weight.narrow(0, entry, entries));
      const int64_t* ids = targets.const_data_ptr<int64_t>() + first;
      if (logits.scalar_type() == at::kFloat)
        score_block<float>(logits, ids, inverse_temperature, entry, scores);
      else
        score_block<c10::BFloat16>(logits, ids, inverse_temperature, entry, scores);
    }
    for (int64_t r = 0; r < count; ++r) {
      const Normaliser& normaliser = scores.normalisers[r];
      log_probabilities.mutable_data_ptr<float>()[first + r] =
          normaliser.log_probability(scores.target_logits[r], inverse_temperature);
      entropies.mutable_data_ptr<float>()[first + r] = normaliser.entropy();
      normalisers.mutable_data_ptr<float>()[first + r] = normaliser.log_normaliser();
    }
  }
  return {log_probabilities, entropies, normalisers};
}

/** Gradients of hidden [N, D] and weight [V, D]; the logits are made again, a block at a time. */
std::tuple<Tensor, Tensor> token_log_probabilities_backward(const Tensor& grad_given, const Tensor& hidden_given,
                                                            const Tensor& weight, const Tensor& targets_given,
                                                            const Tensor& normalisers, double temperature,
                                                            int64_t chunk, bool needs_hidden, bool needs_weight) {
  const Tensor hidden = hidden_given.contiguous(), targets = targets_given.contiguous(),
               grad = grad_given.contiguous();
  const int64_t rows = hidden.size(0), vocabulary = weight.size(0);
  const int64_t step = row_block(chunk, rows, vocabulary);
  const auto wide = hidden.options().dtype(result_type(hidden));
  Tensor grad_hidden, grad_weight;
  const bool one_block = vocabulary <= kVocabularyBlock;
  if (needs_hidden)
    grad_hidden = one_block ? at::empty(hidden.sizes(), hidden.options()) : at::zeros(hidden.sizes(), wide);
  if (needs_weight) grad_weight = at::zeros(weight.sizes(), wide);
  LogitsBuffer buffer(hidden, step, vocabulary);
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t count = std::min(step, rows - first);
    const Tensor chunk_hidden = hidden.narrow(0, first, count);
    // [D, n] · [n, v] runs twice as fast as [v, n] · [n, D], whose left factor would have to be turned each time.
    const Tensor turned_hidden = needs_weight ? chunk_hidden.t().contiguous() : Tensor();
    for (int64_t entry = 0; entry < vocabulary; entry += kVocabularyBlock) {
      const int64_t entries = std::min(kVocabularyBlock, vocabulary - entry);
      const Tensor chunk_weight = weight.narrow(0, entry, entries);
      const Tensor gradient =
          block_gradient(buffer.logits(chunk_hidden, chunk_weight), targets.narrow(0, first, count),
                         grad.narrow(0, first, count), normalisers.narrow(0, first, count), temperature, entry);
      if (needs_hidden) {
        Tensor target = grad_hidden.narrow(0, first, count);
        if (one_block)
          at::mm_out(target, gradient, chunk_weight);
        else
          target.add_(at::mm(gradient, chunk_weight));
      }
      if (needs_weight) add_turned_(grad_weight.narrow(0, entry, entries), at::mm(turned_hidden, gradient));
    }
  }
  return {needs_hidden ? grad_hidden.to(hidden.scalar_type()) : grad_hidden,
          needs_weight ? grad_weight.to(weight.scalar_type()) : grad_weight};
}

}  // namespace aha
