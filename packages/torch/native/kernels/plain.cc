/** Every operator once more from ATen's own operators: for GPUs, for float64, and as what the kernels are held against. */
#include "kernels.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace aha {
namespace {

at::ScalarType wide_type_of(const Tensor& tensor) {
  return tensor.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

Tensor index_tensor(std::vector<int64_t> values, at::IntArrayRef sizes, const at::Device& device) {
  return at::tensor(values, at::kLong).view(sizes).to(device);
}

/** softmax's logarithm over what the filters leave; −∞ elsewhere. */
Tensor filtered_log_softmax(const Tensor& logits, const SamplingFilters& filters) {
  Tensor scaled = logits.to(wide_type_of(logits));
  if (filters.temperature > 0.0) scaled = scaled / filters.temperature;
  const double lowest = -std::numeric_limits<double>::infinity();
  const Tensor maximum = scaled.amax(-1, true);
  if (filters.temperature > 0.0) {
    if (filters.top_k > 0 && filters.top_k < scaled.size(-1)) {
      const Tensor kth = std::get<0>(scaled.topk(filters.top_k, -1)).narrow(-1, filters.top_k - 1, 1);
      scaled = scaled.masked_fill(scaled < kth, lowest);
    }
    if (filters.top_p < 1.0) {
      auto [sorted, order] = at::sort(scaled, /*stable=*/true, -1, /*descending=*/true);
      const Tensor p = at::softmax(sorted, -1);
      // A token goes when those before it already hold top_p.
      const Tensor dropped = (p.cumsum(-1) - p) >= filters.top_p;
      scaled = scaled.masked_fill(at::zeros_like(dropped).scatter(-1, order, dropped), lowest);
    }
    if (filters.min_p > 0.0) scaled = scaled.masked_fill(scaled < maximum + std::log(filters.min_p), lowest);
  }
  return at::log_softmax(scaled, -1);
}

/** Writes this step's keys and values into the caches; returns (keys, values, visible) of every sequence, padded. */
std::tuple<Tensor, Tensor, Tensor> gather_keys(const Tensor& new_k, const Tensor& new_v, const DecodeCaches& c) {
  Tensor cache_k = c.cache_k, cache_v = c.cache_v;
  cache_k.index_put_({c.slots, c.lengths}, new_k);
  cache_v.index_put_({c.slots, c.lengths}, new_v);
  const auto options = c.slots.options();
  const Tensor keys = at::cat({c.prefix_k.index_select(0, c.prefix_index), cache_k.index_select(0, c.slots)}, 1);
  const Tensor values = at::cat({c.prefix_v.index_select(0, c.prefix_index), cache_v.index_select(0, c.slots)}, 1);
  const Tensor in_prefix = at::arange(c.prefix_k.size(1), options).unsqueeze(0) <
                           c.prefix_lengths.index_select(0, c.prefix_index).unsqueeze(1);
  const Tensor in_cache = at::arange(cache_k.size(1), options).unsqueeze(0) <= c.lengths.unsqueeze(1);
  return {keys, values, at::cat({in_prefix, in_cache}, 1)};
}

}  // namespace

Tensor rms_norm_plain(const Tensor& x, const Tensor& weight, double eps) {
  const Tensor wide = x.to(wide_type_of(x));
  return (wide * at::rsqrt(wide.square().mean(-1, true) + eps)).to(x.scalar_type()) * weight;
}

Tensor silu_mul_plain(const Tensor& gate_up) {
  const int64_t width = gate_up.size(-1) / 2;
  return at::silu(gate_up.narrow(-1, 0, width)) * gate_up.narrow(-1, width, width);
}

Tensor rotary_plain(const Tensor& x, const Tensor& positions, const Tensor& cosines, const Tensor& sines) {
  const int64_t half = x.size(2) / 2;
  const Tensor cosine = cosines.index_select(0, positions).to(wide_type_of(x)).unsqueeze(1);
  const Tensor sine = sines.index_select(0, positions).to(wide_type_of(x)).unsqueeze(1);
  const Tensor low = x.narrow(-1, 0, half).to(wide_type_of(x)), high = x.narrow(-1, half, half).to(wide_type_of(x));
  return at::cat({low * cosine - high * sine, high * cosine + low * sine}, -1).to(x.scalar_type());
}

/** Segments padded to the longest, gathered, and given to scaled_dot_product_attention with a mask. */
Tensor ragged_attention_plain(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& segments,
                              double scale) {
  const Tensor table = segments.contiguous();
  const int64_t* row = table.const_data_ptr<int64_t>();
  const int64_t count = table.size(0), heads = q.size(1), width = q.size(2), group = heads / k.size(1);
  int64_t queries = 0, keys = 0;
  for (int64_t s = 0; s < count; ++s) {
    queries = std::max(queries, row[s * 4 + 1]);
    keys = std::max(keys, row[s * 4 + 1] + row[s * 4 + 3]);
  }
  if (queries == 0) return at::zeros_like(q);
  std::vector<int64_t> query_tokens(count * queries, 0), key_tokens(count * keys, 0), prefixes(count), places, tokens;
  for (int64_t s = 0; s < count; ++s) {
    const int64_t start = row[s * 4], length = row[s * 4 + 1], prefix = row[s * 4 + 3];
    prefixes[s] = prefix;
    for (int64_t j = 0; j < prefix; ++j) key_tokens[s * keys + j] = row[s * 4 + 2] + j;
    for (int64_t i = 0; i < length; ++i) {
      query_tokens[s * queries + i] = key_tokens[s * keys + prefix + i] = start + i;
      places.push_back(s * queries + i);
      tokens.push_back(start + i);
    }
  }
  const at::Device device = q.device();
  const auto gather = [&](const Tensor& x, const std::vector<int64_t>& from, int64_t length, int64_t repeats) {
    const Tensor rows = x.index_select(0, index_tensor(from, {count * length}, device));
    const Tensor heads_first = rows.view({count, length, x.size(1), width}).transpose(1, 2);
    return repeats == 1 ? heads_first : heads_first.repeat_interleave(repeats, 1);
  };
  const Tensor query_numbers = at::arange(queries, at::device(device).dtype(at::kLong));
  const Tensor key_numbers = at::arange(keys, at::device(device).dtype(at::kLong));
  const Tensor last_visible =
      index_tensor(prefixes, {count, 1, 1, 1}, device) + query_numbers.view({1, 1, queries, 1});
  const Tensor mask = key_numbers.view({1, 1, 1, keys}) <= last_visible;
  const Tensor attended = at::scaled_dot_product_attention(gather(q, query_tokens, queries, 1),
                                                           gather(k, key_tokens, keys, group),
                                                           gather(v, key_tokens, keys, group), mask, 0.0, false, scale);
  const int64_t real = static_cast<int64_t>(places.size());
  const Tensor rows = attended.transpose(1, 2)
                          .reshape({count * queries, heads, width})
                          .index_select(0, index_tensor(places, {real}, device));
  return at::zeros(q.sizes(), q.options()).index_copy(0, index_tensor(tokens, {real}, device), rows);
}

Tensor decode_attention_plain(const Tensor& q, const Tensor& new_k, const Tensor& new_v, const DecodeCaches& caches,
                              double scale) {
  const auto [keys, values, visible] = gather_keys(new_k, new_v, caches);
  const auto wide = wide_type_of(q);
  const int64_t batch = q.size(0), kv_heads = new_k.size(1), group = q.size(1) / kv_heads, width = q.size(2);
  const Tensor grouped = q.to(wide).view({batch, kv_heads, group, width});
  const Tensor scores = at::matmul(grouped, keys.to(wide).permute({0, 2, 3, 1})) * scale;
  const Tensor hidden = visible.logical_not().view({batch, 1, 1, -1});
  const Tensor weights = at::softmax(scores.masked_fill(hidden, -std::numeric_limits<double>::infinity()), -1);
  // Rows of the cache that were never written may hold NaN, which a weight of 0 would not silence.
  const Tensor clean = values.to(wide).masked_fill(visible.logical_not().view({batch, -1, 1, 1}), 0.0);
  return at::matmul(weights, clean.permute({0, 2, 1, 3})).reshape(q.sizes()).to(q.scalar_type());
}

Tensor decode_attention_qkv_plain(const Tensor& qkv, const DecodeCaches& caches, const Tensor& cosines,
                                  const Tensor& sines, double scale, int64_t heads, int64_t kv_heads) {
  const Tensor split = qkv.view({qkv.size(0), heads + 2 * kv_heads, -1});
  const Tensor positions = caches.prefix_lengths.index_select(0, caches.prefix_index) + caches.lengths;
  const Tensor rotated = rotary_plain(split.narrow(1, 0, heads + kv_heads), positions, cosines, sines);
  return decode_attention_plain(rotated.narrow(1, 0, heads), rotated.narrow(1, heads, kv_heads),
                                split.narrow(1, heads + kv_heads, kv_heads), caches, scale);
}

std::tuple<Tensor, Tensor> sample_plain(const Tensor& logits, const Tensor& seeds, const Tensor& positions,
                                        const SamplingFilters& filters) {
  const Tensor log_probabilities = filtered_log_softmax(logits, filters);
  Tensor ids;
  if (filters.temperature <= 0.0) {
    ids = logits.argmax(-1);
  } else {
    const Tensor seed = seeds.cpu().contiguous(), position = positions.cpu().contiguous();
    Tensor uniform = at::empty({logits.size(0), 1}, at::kDouble);
    for (int64_t row = 0; row < logits.size(0); ++row)
      uniform.mutable_data_ptr<double>()[row] =
          uniform_for(seed.const_data_ptr<int64_t>()[row], position.const_data_ptr<int64_t>()[row]);
    const Tensor cumulative = log_probabilities.to(at::kDouble).exp().cumsum(-1);
    const Tensor threshold = uniform.to(logits.device()) * cumulative.narrow(-1, logits.size(1) - 1, 1);
    ids = (cumulative <= threshold).sum(-1).clamp_max(logits.size(1) - 1);
  }
  return {ids, log_probabilities.gather(1, ids.unsqueeze(1)).squeeze(1).to(at::kFloat)};
}

Tensor filtered_log_probabilities_plain(const Tensor& logits, const Tensor& targets, const SamplingFilters& filters) {
  return filtered_log_softmax(logits, filters).gather(1, targets.unsqueeze(1)).squeeze(1).to(at::kFloat);
}

void adamw_plain_(const Tensor& parameter, const Tensor& master_given, const Tensor& gradient_given,
                  const Tensor& first_given, const Tensor& second_given, const AdamWSettings& s) {
  Tensor master = master_given, first = first_given, second = second_given;
  const Tensor gradient = gradient_given.to(master.scalar_type()) * s.gradient_scale;
  first.lerp_(gradient, 1.0 - s.beta1);
  second.mul_(s.beta2).addcmul_(gradient, gradient, 1.0 - s.beta2);
  const double correction1 = 1.0 - std::pow(s.beta1, static_cast<double>(s.step));
  const double correction2 = 1.0 - std::pow(s.beta2, static_cast<double>(s.step));
  const Tensor denominator = second.sqrt().div_(std::sqrt(correction2)).add_(s.eps);
  master.mul_(1.0 - s.learning_rate * s.weight_decay).addcdiv_(first, denominator, -s.learning_rate / correction1);
  if (!parameter.is_same(master)) parameter.copy_(master);
}

}  // namespace aha
