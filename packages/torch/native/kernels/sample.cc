/** Sampling of next tokens: temperature, top-k, top-p and min-p in transformers' order, one counter-based draw a row. */
#include "kernels.h"
#include "log-softmax-row.h"
#include "parallel.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

namespace aha {
namespace {

/** Philox4x32-10 (Salmon et al. 2011): 64 random bits that depend on nothing but key and counter. */
uint64_t philox(uint64_t key, uint64_t counter) {
  uint32_t c0 = static_cast<uint32_t>(counter), c1 = static_cast<uint32_t>(counter >> 32), c2 = 0, c3 = 0;
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t left = uint64_t{0xD2511F53} * c0, right = uint64_t{0xCD9E8D57} * c2;
    const uint32_t n0 = static_cast<uint32_t>(right >> 32) ^ c1 ^ k0, n2 = static_cast<uint32_t>(left >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(right);
    c3 = static_cast<uint32_t>(left);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return (static_cast<uint64_t>(c1) << 32) | c0;
}

/** A token that survived the filters so far: scaled logit s and its weight exp(s − maximum). */
struct Candidate {
  int64_t id;
  float scaled;
  float weight;
};

/** Heavier first; among equals the lower id, so that the order is always the same. */
bool before(const Candidate& a, const Candidate& b) {
  return a.scaled != b.scaled ? a.scaled > b.scaled : a.id < b.id;
}

template <typename T>
AHA_INLINE f32x16 scaled_lanes(const T* row, int64_t i, int64_t width, float inverse_temperature) {
  return width - i >= kLanes ? load(row + i) * inverse_temperature
                             : scaled_tail(row + i, width - i, inverse_temperature);
}

template <typename T>
void collect_above(const T* row, int64_t width, float inverse_temperature, float threshold,
                   std::vector<Candidate>& candidates) {
  candidates.clear();
  for (int64_t i = 0; i < width; i += kLanes) {
    const f32x16 scaled = scaled_lanes(row, i, width, inverse_temperature);
    if (max_of(scaled) < threshold) continue;
    for (int lane = 0; lane < kLanes && i + lane < width; ++lane)
      if (scaled[lane] >= threshold) candidates.push_back({i + lane, scaled[lane], 0.0f});
  }
}

/** The k-th largest scaled logit of a row. */
template <typename T>
float kth_largest(const T* row, int64_t width, float inverse_temperature, int64_t k, std::vector<float>& scratch) {
  scratch.resize(width);
  for (int64_t i = 0; i < width; ++i) scratch[i] = static_cast<float>(row[i]) * inverse_temperature;
  std::nth_element(scratch.begin(), scratch.begin() + (k - 1), scratch.end(), std::greater<float>());
  return scratch[k - 1];
}

double total_weight(const std::vector<Candidate>& candidates) {
  double total = 0.0;
  for (const Candidate& candidate : candidates) total += candidate.weight;
  return total;
}

/**
 * Keeps the shortest heaviest-first run whose weight reaches top_p · total; at least one stays.
 * A selection, not a sort: halves that surely stay or surely go are not looked at again.
 */
void keep_nucleus(std::vector<Candidate>& candidates, double top_p, double total) {
  const double wanted = top_p * total;
  double mass = 0.0;
  size_t first = 0, last = candidates.size();
  while (last - first > 16) {
    const size_t middle = first + (last - first) / 2;
    std::nth_element(candidates.begin() + first, candidates.begin() + middle, candidates.begin() + last, before);
    double upper = 0.0;
    for (size_t i = first; i < middle; ++i) upper += candidates[i].weight;
    if (mass + upper >= wanted) {
      last = middle;
    } else {
      mass += upper;
      first = middle;
    }
  }
  std::sort(candidates.begin() + first, candidates.begin() + last, before);
  while (first < candidates.size() && (first == 0 || mass < wanted)) mass += candidates[first++].weight;
  candidates.resize(first);
}

void weigh(std::vector<Candidate>& candidates, float maximum) {
  alignas(64) float lanes[kLanes];
  for (size_t i = 0; i < candidates.size(); i += kLanes) {
    const size_t count = std::min<size_t>(kLanes, candidates.size() - i);
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = lane < count ? candidates[i + lane].scaled : maximum;
    store(lanes, exp_of(load(lanes) - maximum));
    for (size_t lane = 0; lane < count; ++lane) candidates[i + lane].weight = lanes[lane];
  }
}

/** Fills candidates with the tokens that pass all filters, in an order fixed by the row alone. */
template <typename T>
void filter_row(const T* row, int64_t width, const SamplingFilters& filters, float inverse_temperature, float maximum,
                std::vector<Candidate>& candidates, std::vector<float>& scratch) {
  float threshold = -kInfinity;
  if (filters.top_k > 0 && filters.top_k < width)
    threshold = kth_largest(row, width, inverse_temperature, filters.top_k, scratch);
  const float min_p_threshold =
      filters.min_p > 0.0 ? maximum + static_cast<float>(std::log(filters.min_p)) : -kInfinity;
  if (filters.top_p >= 1.0) {
    collect_above(row, width, inverse_temperature, std::max(threshold, min_p_threshold), candidates);
    weigh(candidates, maximum);
    return;
  }
  // The nucleus rarely reaches far below the maximum: look at a short list first, at all of them only when needed.
  double total = 0.0;
  if (threshold == -kInfinity) {
    total = row_normaliser<false>(row, width, inverse_temperature).sum;
    for (const float depth : {6.0f, 12.0f}) {
      collect_above(row, width, inverse_temperature, maximum - depth, candidates);
      weigh(candidates, maximum);
      if (total_weight(candidates) >= filters.top_p * total) break;
      candidates.clear();
    }
  }
  if (candidates.empty()) {
    collect_above(row, width, inverse_temperature, threshold, candidates);
    weigh(candidates, maximum);
    if (threshold != -kInfinity) total = total_weight(candidates);
  }
  keep_nucleus(candidates, filters.top_p, total);
  if (min_p_threshold != -kInfinity)
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                    [&](const Candidate& c) { return c.scaled < min_p_threshold; }),
                     candidates.end());
}

struct Draw {
  int64_t id;
  float log_probability;
};

template <typename T>
Draw greedy(const T* row, int64_t width) {
  const Normaliser normaliser = row_normaliser<false>(row, width, 1.0f);
  int64_t best = 0;
  for (int64_t i = 1; i < width; ++i)
    if (static_cast<float>(row[i]) > static_cast<float>(row[best])) best = i;
  return {best, normaliser.log_probability(static_cast<float>(row[best]), 1.0f)};
}

/** Inverse of the cumulative distribution over the whole row: blocks first, then along the block that holds u. */
template <typename T>
Draw draw_unfiltered(const T* row, int64_t width, float inverse_temperature, double uniform,
                     std::vector<Normaliser>& blocks) {
  Normaliser whole;
  blocks.clear();
  for (int64_t first = 0; first < width; first += kVocabularyBlock) {
    blocks.push_back(
        block_normaliser<false>(row + first, std::min(kVocabularyBlock, width - first), inverse_temperature));
    whole = merged(whole, blocks.back());
  }
  double remaining = uniform * whole.sum;
  size_t block = 0;
  const auto mass_of = [&](const Normaliser& part) {
    return part.sum * std::exp(static_cast<double>(part.maximum) - whole.maximum);
  };
  while (block + 1 < blocks.size() && remaining >= mass_of(blocks[block])) remaining -= mass_of(blocks[block++]);
  // Rounding may carry past the last weight: the last token with any weight is the answer then.
  const int64_t first = static_cast<int64_t>(block) * kVocabularyBlock, last = std::min(first + kVocabularyBlock, width);
  int64_t chosen = -1;
  for (int64_t i = first; i < last && remaining >= 0.0; i += kLanes) {
    const f32x16 weights = exp_of(scaled_lanes(row, i, last, inverse_temperature) - whole.maximum);
    const float together = sum_of(weights);
    if (remaining >= together) {
      // Passed in one step, but remembered should it be the last.
      remaining -= together;
      for (int64_t lane = 0; lane < kLanes; ++lane) chosen = weights[lane] > 0.0f ? i + lane : chosen;
      continue;
    }
    for (int64_t lane = 0; lane < kLanes && remaining >= 0.0; ++lane) {
      if (weights[lane] <= 0.0f) continue;
      chosen = i + lane;
      remaining -= weights[lane];
    }
  }
  if (chosen < 0) chosen = first;
  return {chosen, whole.log_probability(static_cast<float>(row[chosen]), inverse_temperature)};
}

Draw draw_candidate(const std::vector<Candidate>& candidates, float maximum, double uniform) {
  const double total = total_weight(candidates);
  double remaining = uniform * total;
  const Candidate* chosen = &candidates.front();
  for (const Candidate& candidate : candidates) {
    if (candidate.weight <= 0.0f) continue;
    chosen = &candidate;
    remaining -= candidate.weight;
    if (remaining < 0.0) break;
  }
  return {chosen->id, (chosen->scaled - maximum) - static_cast<float>(std::log(total))};
}

void check_row(float maximum, int64_t row) {
  TORCH_CHECK(std::isfinite(maximum), "aha::sample: row ", row,
              " has NaN, +infinity or nothing but −infinity among its logits; the model's output is broken");
}

template <typename T>
void sample_all(const T* logits, int64_t rows, int64_t width, const int64_t* seeds, const int64_t* positions,
                const SamplingFilters& filters, int64_t* ids, float* log_probabilities) {
  const float inverse_temperature = filters.temperature > 0.0 ? static_cast<float>(1.0 / filters.temperature) : 1.0f;
  for_rows(rows, width * 4, [&](int64_t first, int64_t last) {
    std::vector<Candidate> candidates;
    std::vector<float> scratch;
    std::vector<Normaliser> blocks;
    for (int64_t r = first; r < last; ++r) {
      const T* row = logits + r * width;
      const float maximum = scaled_maximum(row, width, inverse_temperature);
      check_row(maximum, r);
      Draw draw;
      if (filters.temperature <= 0.0) {
        draw = greedy(row, width);
      } else if (filters.none()) {
        draw = draw_unfiltered(row, width, inverse_temperature, uniform_for(seeds[r], positions[r]), blocks);
      } else {
        candidates.clear();
        filter_row(row, width, filters, inverse_temperature, maximum, candidates, scratch);
        draw = draw_candidate(candidates, maximum, uniform_for(seeds[r], positions[r]));
      }
      ids[r] = draw.id;
      log_probabilities[r] = draw.log_probability;
    }
  });
}

template <typename T>
void score_all(const T* logits, int64_t rows, int64_t width, const int64_t* targets, const SamplingFilters& filters,
               float* log_probabilities) {
  const float inverse_temperature = filters.temperature > 0.0 ? static_cast<float>(1.0 / filters.temperature) : 1.0f;
  for_rows(rows, width * 4, [&](int64_t first, int64_t last) {
    std::vector<Candidate> candidates;
    std::vector<float> scratch;
    for (int64_t r = first; r < last; ++r) {
      const T* row = logits + r * width;
      const float target = static_cast<float>(row[targets[r]]);
      if (filters.none() || filters.temperature <= 0.0) {
        log_probabilities[r] =
            row_normaliser<false>(row, width, inverse_temperature).log_probability(target, inverse_temperature);
        continue;
      }
      const float maximum = scaled_maximum(row, width, inverse_temperature);
      check_row(maximum, r);
      candidates.clear();
      filter_row(row, width, filters, inverse_temperature, maximum, candidates, scratch);
      const float log_total = static_cast<float>(std::log(total_weight(candidates)));
      log_probabilities[r] = -kInfinity;
      for (const Candidate& candidate : candidates)
        if (candidate.id == targets[r]) log_probabilities[r] = (candidate.scaled - maximum) - log_total;
    }
  });
}

}  // namespace

/** A number in [0, 1) with 53 bits, from seed and position alone. */
double uniform_for(int64_t seed, int64_t position) {
  return static_cast<double>(philox(static_cast<uint64_t>(seed), static_cast<uint64_t>(position)) >> 11) * 0x1p-53;
}

void check_filters(const SamplingFilters& filters) {
  TORCH_CHECK(filters.temperature >= 0.0, "aha::sample: temperature must be 0 (greedy) or above, got ",
              filters.temperature);
  TORCH_CHECK(filters.top_p > 0.0, "aha::sample: top_p must lie in (0, 1] (1 is off), got ", filters.top_p);
  TORCH_CHECK(filters.min_p <= 1.0, "aha::sample: min_p must lie in [0, 1] (0 is off), got ",
              filters.min_p);
}

/** logits [B, V] → (ids int64 [B], log-probabilities float32 [B] under the distribution sampled from). */
std::tuple<Tensor, Tensor> sample_rows(const Tensor& logits_given, const Tensor& seeds_given,
                                       const Tensor& positions_given, const SamplingFilters& filters) {
  const Tensor logits = logits_given.contiguous(), seeds = seeds_given.contiguous(),
               positions = positions_given.contiguous();
  const int64_t rows = logits.size(0), width = logits.size(1);
  Tensor ids = at::empty({rows}, logits.options().dtype(at::kLong));
  Tensor log_probabilities = at::empty({rows}, logits.options().dtype(at::kFloat));
  const auto run = [&](const auto* data) {
    sample_all(data, rows, width, seeds.const_data_ptr<int64_t>(), positions.const_data_ptr<int64_t>(), filters,
               ids.mutable_data_ptr<int64_t>(), log_probabilities.mutable_data_ptr<float>());
  };
  if (logits.scalar_type() == at::kFloat)
    run(logits.const_data_ptr<float>());
  else
    run(logits.const_data_ptr<c10::BFloat16>());
  return {ids, log_probabilities};
}

/** logits [B, V], targets int64 [B] → float32 [B]: what sample would report for these tokens; −∞ for filtered ones. */
Tensor filtered_log_probabilities_rows(const Tensor& logits_given, const Tensor& targets_given,
                                       const SamplingFilters& filters) {
  const Tensor logits = logits_given.contiguous(), targets = targets_given.contiguous();
  const int64_t rows = logits.size(0), width = logits.size(1);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t target = targets.const_data_ptr<int64_t>()[row];
    TORCH_CHECK(target >= 0 && target < width, "aha::filtered_log_probabilities: target ", target, " of row ", row,
                " is outside the vocabulary of ", width);
  }
  Tensor log_probabilities = at::empty({rows}, logits.options().dtype(at::kFloat));
  const auto run = [&](const auto* data) {
    score_all(data, rows, width, targets.const_data_ptr<int64_t>(), filters,
              log_probabilities.mutable_data_ptr<float>());
  };
  if (logits.scalar_type() == at::kFloat)
    run(logits.const_data_ptr<float>());
  else
    run(logits.const_data_ptr<c10::BFloat16>());
  return log_probabilities;
}

}  // namespace aha
