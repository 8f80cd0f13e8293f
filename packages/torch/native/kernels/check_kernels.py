"""Holds every aha:: operator against plain PyTorch, and times them: check_kernels.py LIBRARY.so [--bench]."""

import argparse
import math
import time

import torch
import torch.nn.functional as F

ops = torch.ops.aha
DTYPES = (torch.float64, torch.float32, torch.bfloat16)
TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5, torch.bfloat16: 1.6e-2}


def close(name, got, want, tolerance):
    """Largest difference relative to the reference's own size (its root mean square, or 0.05)."""
    got, want = got.detach().double(), want.detach().double()
    assert got.shape == want.shape, f"{name}: shape {tuple(got.shape)}, want {tuple(want.shape)}"
    if want.numel() == 0:
        return
    size = max(want.square().mean().sqrt().item(), 0.05)
    # A bf16 result may be off by its own rounding, which grows with the element.
    error = ((got - want).abs() / (size + want.abs())).max().item()
    assert error <= tolerance, f"{name}: error {error:.3g} above {tolerance:.3g}"


def check_function(name, function, reference, inputs, dtype, tolerance=None):
    """Outputs and gradients of function in dtype against reference in float64, from the same rounded inputs."""
    tolerance = tolerance or TOLERANCE[dtype]
    rounded = [x.to(dtype) if x.is_floating_point() else x for x in inputs]
    ours = [x.clone().requires_grad_() if x.is_floating_point() else x for x in rounded]
    theirs = [x.double().requires_grad_() if x.is_floating_point() else x for x in rounded]
    got, want = function(*ours), reference(*theirs)
    got, want = ([got], [want]) if torch.is_tensor(got) else (list(got), list(want))
    generator = torch.Generator().manual_seed(7)
    ours_total, theirs_total = 0.0, 0.0
    for i, (g, w) in enumerate(zip(got, want)):
        close(f"{name} {dtype} output {i}", g, w, tolerance)
        if not g.requires_grad:
            continue
        direction = torch.randn(w.shape, generator=generator, dtype=torch.float64).to(g.dtype)
        ours_total = ours_total + (g.double() * direction.double()).sum()
        theirs_total = theirs_total + (w * direction.double()).sum()
    ours_total.backward()
    theirs_total.backward()
    for i, (g, w) in enumerate(zip(ours, theirs)):
        if w.is_floating_point() and w.grad is not None:
            close(f"{name} {dtype} gradient {i}", g.grad, w.grad, 2 * tolerance)


# --- references -------------------------------------------------------------------------------------------------


def rms_norm(x, weight, eps=1e-5):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight


def silu_mul(gate_up):
    gate, up = gate_up.chunk(2, -1)
    return F.silu(gate) * up


def rotary(x, positions, cos, sin):
    cos, sin = cos[positions].to(x.dtype)[:, None], sin[positions].to(x.dtype)[:, None]
    low, high = x.chunk(2, -1)
    return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)


def attention(q, k, v, segments, scale):
    out = torch.zeros_like(q)
    group = q.shape[1] // k.shape[1]
    for start, length, prefix_start, prefix_length in segments.tolist():
        if length == 0:
            continue
        own, prefix = slice(start, start + length), slice(prefix_start, prefix_start + prefix_length)
        keys = torch.cat([k[prefix], k[own]]).repeat_interleave(group, 1)
        values = torch.cat([v[prefix], v[own]]).repeat_interleave(group, 1)
        scores = torch.einsum("qhd,khd->hqk", q[own], keys) * scale
        mask = torch.arange(keys.shape[0])[None] > torch.arange(length)[:, None] + prefix_length
        weights = scores.masked_fill(mask, -math.inf).softmax(-1)
        rows = torch.einsum("hqk,khd->qhd", weights, values)
        out = torch.index_put(out, (torch.arange(start, start + length),), rows)
    return out


def log_probabilities(hidden, weight, targets, temperature):
    logs = (hidden @ weight.T / temperature).log_softmax(-1)
    return logs.gather(1, targets[:, None]).squeeze(1), -(logs.exp() * logs).sum(-1).detach()


def tables(positions, half):
    angles = torch.outer(torch.arange(positions).float(), 1e4 ** (-torch.arange(half).float() / half))
    return angles.cos().contiguous(), angles.sin().contiguous()


def grouped_batch(groups, members, prompt, lengths, generator):
    """Segments of prompts, each followed by completions that share it."""
    rows, at = [], 0
    for _ in range(groups):
        length = int(torch.randint(prompt[0], prompt[1] + 1, (1,), generator=generator))
        prefix = at
        rows.append((at, length, 0, 0))
        at += length
        for _ in range(members):
            own = int(torch.randint(lengths[0], lengths[1] + 1, (1,), generator=generator))
            rows.append((at, own, prefix, length))
            at += own
    return torch.tensor(rows), at


# --- checks -----------------------------------------------------------------------------------------------------


def check_elementwise(dtype):
    torch.manual_seed(0)
    for rows, width in [(1, 16), (5, 19), (37, 192), (300, 576), (0, 32)]:
        x, residual, weight = torch.randn(rows, width), torch.randn(rows, width), torch.rand(width) + 0.5
        if rows > 0:
            check_function("rms_norm", lambda a, w: ops.rms_norm(a, w, 1e-5), rms_norm, [x, weight], dtype)

            def added(a, b, w):
                total = (a + b).to(dtype).double() if dtype == torch.bfloat16 else a + b
                total = (a + b) + (total - (a + b)).detach()
                return rms_norm(total, w), total

            check_function("add_rms_norm", lambda a, b, w: ops.add_rms_norm(a, b, w, 1e-5), added,
                           [x, residual, weight], dtype)
            normed, total = ops.add_rms_norm(*(t.to(dtype).requires_grad_() for t in (x, residual, weight)), 1e-5)
            total.sum().backward()  # one output unused
            check_function("silu_mul", ops.silu_mul, silu_mul, [torch.randn(rows, 2 * width) * 3], dtype)
        assert ops.rms_norm(x.to(dtype), weight.to(dtype), 1e-5).shape == x.shape
    extreme = torch.tensor([[-1e30, -100.0, 0.0, 100.0, 1e30, math.nan] + [1.0] * 26] * 2).to(dtype)
    got, want = ops.silu_mul(extreme), silu_mul(extreme)
    assert torch.equal(got.isnan(), want.isnan()), "silu_mul must keep NaN"
    for heads, width in [(3, 8), (2, 32), (4, 64), (1, 48)]:
        positions, (cos, sin) = torch.randint(0, 50, (23,)), tables(50, width // 2)
        fused = torch.randn(23, (heads + 2) * width)
        view = lambda x: x[:, : heads * width].view(23, heads, width)
        check_function("rotary", lambda x: ops.rotary(view(x), positions, cos, sin),
                       lambda x: rotary(view(x), positions, cos, sin), [fused], dtype)


def check_attention(dtype):
    generator = torch.Generator().manual_seed(1)
    shapes = [(2, 2, 16), (6, 3, 32), (9, 3, 64), (4, 1, 8), (8, 8, 24), (2, 1, 128), (3, 3, 32)]
    batches = [
        (torch.tensor([[0, 1, 0, 0]]), 1),
        (torch.tensor([[0, 1, 0, 0], [1, 1, 0, 1], [2, 5, 0, 1]]), 7),
        (torch.tensor([[3, 4, 0, 0], [0, 0, 0, 0], [9, 40, 3, 4]]), 55),  # gaps and an empty segment
        (torch.tensor([[0, 20, 0, 0], [20, 30, 5, 10]]), 50),  # a prefix inside another segment
        (torch.tensor([[0, 300, 0, 0], [300, 280, 0, 300]]), 580),  # several key blocks
        grouped_batch(3, 4, (3, 40), (1, 90), generator),
    ]
    for heads, kv_heads, width in shapes:
        for segments, tokens in batches:
            q, k, v = (torch.randn(tokens, n, width, generator=generator) for n in (heads, kv_heads, kv_heads))
            scale = width**-0.5
            check_function(f"ragged_attention {heads}/{kv_heads}x{width}, {len(segments)} segments",
                           lambda a, b, c: ops.ragged_attention(a, b, c, segments, scale),
                           lambda a, b, c: attention(a, b, c, segments, scale), [q * 2, k, v], dtype)
        segments, tokens = batches[-1]
        qkv = torch.randn(tokens, (heads + 2 * kv_heads) * width, generator=generator)
        positions = torch.randint(0, 200, (tokens,), generator=generator)
        cos, sin = tables(200, width // 2)

        def fused(x):
            parts = x.view(tokens, heads + 2 * kv_heads, width)
            rotated = rotary(parts[:, : heads + kv_heads], positions, cos, sin)
            return attention(rotated[:, :heads], rotated[:, heads:], parts[:, heads + kv_heads :], segments,
                             scale).reshape(tokens, -1)

        check_function("ragged_attention_qkv",
                       lambda x: ops.ragged_attention_qkv(x, positions, cos, sin, segments, scale, heads, kv_heads),
                       fused, [qkv], dtype, 3 * TOLERANCE[dtype])  # q and k are rounded once more


def check_long_attention(dtype):
    tokens, width = 3000, 32
    generator = torch.Generator().manual_seed(2)
    q, k, v = (torch.randn(tokens, n, width, generator=generator) for n in (2, 1, 1))
    segments = torch.tensor([[0, tokens, 0, 0]])
    check_function("ragged_attention, 3,000 tokens", lambda a, b, c: ops.ragged_attention(a, b, c, segments, 0.2),
                   lambda a, b, c: attention(a, b, c, segments, 0.2), [q, k, v], dtype,
                   2 * TOLERANCE[dtype])  # the first tokens' gradients are far larger than the rest


def check_determinism():
    generator = torch.Generator().manual_seed(3)
    segments, tokens = grouped_batch(4, 6, (5, 60), (1, 200), generator)
    results = []
    for _ in range(3):
        torch.manual_seed(0)
        q, k, v = (torch.randn(tokens, n, 32, dtype=torch.bfloat16).requires_grad_() for n in (4, 2, 2))
        out = ops.ragged_attention(q, k, v, segments, 0.2)
        out.float().square().sum().backward()
        results.append([out.detach(), q.grad, k.grad, v.grad])
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other)), "attention must give the same bits again"


def check_head(dtype):
    torch.manual_seed(4)
    for rows, width, vocabulary, chunk in [(1, 16, 5, 0), (70, 32, 100, 0), (70, 32, 1003, 16), (33, 48, 9001, 0)]:
        hidden, weight = torch.randn(rows, width), torch.randn(vocabulary, width) * 0.3
        targets = torch.randint(0, vocabulary, (rows,))
        for temperature in (1.0, 0.7):
            check_function(f"token_log_probabilities V={vocabulary}",
                           lambda h, w: ops.token_log_probabilities(h, w, targets, temperature, chunk),
                           lambda h, w: log_probabilities(h, w, targets, temperature), [hidden, weight], dtype)
    # The sampler's log-probabilities are the trainer's.
    hidden, weight = torch.randn(64, 32).to(dtype), torch.randn(517, 32).to(dtype) * 0.3
    ids, sampled = ops.sample(F.linear(hidden, weight), torch.arange(64), torch.zeros(64, dtype=torch.long), 0.8, 0,
                              1.0, 0.0)
    scored, _ = ops.token_log_probabilities(hidden, weight, ids, 0.8, 0)
    if dtype != torch.float64:
        assert torch.equal(sampled, scored), "sampler and trainer must agree bit for bit on the same logits"


def check_embedding(dtype):
    torch.manual_seed(5)
    weight, ids = torch.randn(50, 70), torch.randint(0, 50, (3, 400))
    check_function("embedding", lambda w: ops.embedding(w, ids), lambda w: F.embedding(ids, w), [weight], dtype)


def check_decode(dtype):
    torch.manual_seed(6)
    for heads, kv_heads, width in [(4, 2, 32), (9, 3, 64), (2, 1, 8), (3, 3, 16), (4, 4, 48), (2, 2, 128), (2, 1, 40)]:
        prompts, longest, slots, room, batch = 3, 21, 7, 40, 5
        make = lambda *shape: torch.randn(*shape).to(dtype)
        prefix_k, prefix_v = make(prompts, longest, kv_heads, width), make(prompts, longest, kv_heads, width)
        cache_k, cache_v = make(slots, room, kv_heads, width), make(slots, room, kv_heads, width)
        qkv = make(batch, (heads + 2 * kv_heads) * width)
        index, prefix_lengths = torch.tensor([0, 2, 2, 1, 0]), torch.tensor([21, 0, 17])
        where, lengths = torch.tensor([6, 0, 3, 2, 5]), torch.tensor([0, 39, 16, 0, 15])
        cos, sin = tables(100, width // 2)
        positions = prefix_lengths[index] + lengths
        parts = qkv.double().view(batch, -1, width)
        rotated = rotary(parts[:, : heads + kv_heads], positions, cos, sin).to(dtype)
        q, new_k, new_v = rotated[:, :heads], rotated[:, heads:], qkv.view(batch, -1, width)[:, heads + kv_heads :]
        want_k, want_v = cache_k.clone(), cache_v.clone()
        want_k[where, lengths], want_v[where, lengths] = new_k, new_v
        want = []
        for b in range(batch):
            prefix, own = prefix_lengths[index[b]], lengths[b] + 1
            keys = torch.cat([prefix_k[index[b], :prefix], want_k[where[b], :own]]).double()
            values = torch.cat([prefix_v[index[b], :prefix], want_v[where[b], :own]]).double()
            keys, values = (t.repeat_interleave(heads // kv_heads, 1) for t in (keys, values))
            weights = (torch.einsum("hd,khd->hk", q[b].double(), keys) * 0.3).softmax(-1)
            want.append(torch.einsum("hk,khd->hd", weights, values))
        for fused in (False, True):
            got_k, got_v = cache_k.clone(), cache_v.clone()
            if fused:
                got = ops.decode_attention_qkv(qkv, prefix_k, prefix_v, index, prefix_lengths, got_k, got_v, where,
                                               lengths, cos, sin, 0.3, heads, kv_heads)
            else:
                got = ops.decode_attention(q, prefix_k, prefix_v, index, prefix_lengths, got_k, got_v, new_k, new_v,
                                           where, lengths, 0.3)
            close(f"decode_attention {dtype} fused={fused} width={width}", got, torch.stack(want), TOLERANCE[dtype])
            close("decode_attention cache k", got_k, want_k, TOLERANCE[dtype])
            assert torch.equal(got_v, want_v)
        alone = ops.decode_attention_qkv(qkv[2:3], prefix_k, prefix_v, index[2:3], prefix_lengths, cache_k, cache_v,
                                         where[2:3], lengths[2:3], cos, sin, 0.3, heads, kv_heads)
        if dtype != torch.float64:
            assert torch.equal(alone[0], got[2]), "a sequence must not depend on the rest of the batch"


def filtered(logits, temperature, top_k, top_p, min_p):
    """transformers' order of filters, as log-probabilities."""
    scaled = logits.double() / temperature
    if top_k:
        scaled = scaled.masked_fill(scaled < scaled.topk(top_k).values[..., -1:], -math.inf)
    if top_p < 1:
        ordered, order = scaled.sort(descending=False)
        dropped = ordered.softmax(-1).cumsum(-1) <= 1 - top_p
        dropped[..., -1] = False
        scaled = scaled.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), -math.inf)
    if min_p:
        p = scaled.softmax(-1)
        scaled = scaled.masked_fill(p < min_p * p.amax(-1, keepdim=True), -math.inf)
    return scaled.log_softmax(-1)


def check_sampling(dtype):
    torch.manual_seed(8)
    draws, vocabulary = 40000, 37
    row = (torch.randn(vocabulary) * 1.5).to(dtype)
    seeds, positions = torch.arange(draws) * 7919 - 5000, torch.arange(draws) % 13
    logits = row.expand(draws, vocabulary).contiguous()
    for settings in [(1.0, 0, 1.0, 0.0), (0.7, 0, 1.0, 0.0), (1.0, 5, 1.0, 0.0), (1.0, 0, 0.8, 0.0),
                     (1.3, 0, 1.0, 0.15), (0.9, 20, 0.9, 0.05)]:
        want = filtered(row, *settings)
        ids, logs = ops.sample(logits, seeds, positions, *settings)
        close(f"sample {settings} log-probabilities", logs, want[ids], 1e-5)
        share = torch.bincount(ids, minlength=vocabulary).double() / draws
        p = want.exp()
        z = (share - p) / (p * (1 - p) / draws).sqrt().clamp_min(1e-9)
        assert z.abs().max() < 5, f"sample {settings}: {z.abs().max():.1f} standard deviations off"
        again, _ = ops.sample(logits[100:200], seeds[100:200], positions[100:200], *settings)
        assert torch.equal(again, ids[100:200]), "a sample must depend on its own row only"
        targets = torch.arange(vocabulary)
        scores = ops.filtered_log_probabilities(logits[:vocabulary], targets, *settings)
        assert torch.equal(scores.isinf(), want.isinf()), f"filtered_log_probabilities {settings}: wrong set"
        close("filtered_log_probabilities", scores[~scores.isinf()], want[~want.isinf()], 1e-5)
    ids, logs = ops.sample(logits[:3], seeds[:3], positions[:3], 0.0, 0, 1.0, 0.0)
    assert (ids == row.argmax()).all()
    close("greedy log-probability", logs, filtered(row, 1.0, 0, 1.0, 0.0)[ids], 1e-5)
    wide = (torch.randn(50, 49152) * 2).to(dtype)
    for settings in [(1.0, 0, 1.0, 0.0), (1.0, 0, 0.95, 0.0), (1.0, 50, 0.95, 0.0), (3.0, 0, 0.999, 0.0)]:
        ids, logs = ops.sample(wide, torch.arange(50), torch.arange(50), *settings)
        want = filtered(wide, *settings).gather(1, ids[:, None]).squeeze(1)
        close(f"sample of a wide row {settings}", logs, want, 2e-5)
    broken = torch.full((1, 9), math.nan, dtype=dtype)
    if dtype != torch.float64:
        try:
            ops.sample(broken, seeds[:1], positions[:1], 1.0, 0, 1.0, 0.0)
        except RuntimeError as error:
            assert "NaN" in str(error)
        else:
            raise AssertionError("NaN logits must be refused")


def check_adamw(dtype):
    torch.manual_seed(9)
    shapes = [(5,), (33, 17), (1000, 70)]
    start = [torch.randn(s).to(dtype) for s in shapes]
    reference = [torch.nn.Parameter(p.clone().float()) for p in start]
    optimiser = torch.optim.AdamW(reference, lr=0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
    ours = [p.clone().requires_grad_() for p in start]
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    masters = [p.clone().to(wide) for p in start] if dtype == torch.bfloat16 else []
    first, second = ([torch.zeros(s, dtype=wide) for s in shapes] for _ in range(2))
    for step in range(1, 6):
        grads = [torch.randn(s).to(dtype) for s in shapes]
        for p, g in zip(reference, grads):
            p.grad = g.float() * 0.5
        optimiser.step()
        ops.adamw_(ours, masters, grads, first, second, step, 0.01, 0.9, 0.99, 1e-8, 0.1, 0.5)
    for p, m, w in zip(ours, masters or ours, reference):
        close(f"adamw_ {dtype} master", m, w, 1e-5)
        assert torch.equal(p, m.to(dtype)), "a parameter is its master, rounded"
    norm = math.sqrt(sum(g.double().square().sum().item() for g in grads))
    assert abs(ops.global_norm(grads).item() - norm) < 1e-6 * norm


def check_errors():
    for call, words in [
        (lambda: ops.rms_norm(torch.ones(2, 4), torch.ones(3), 1e-5), "weight [D]"),
        (lambda: ops.silu_mul(torch.ones(2, 3)), "2F"),
        (lambda: ops.ragged_attention(*[torch.ones(4, 1, 8)] * 3, torch.tensor([[0, 5, 0, 0]]), 1.0), "leaves"),
        (lambda: ops.ragged_attention(*[torch.ones(4, 1, 8)] * 3, torch.tensor([[0, 3, 0, 0], [2, 2, 0, 0]]), 1.0),
         "overlaps"),
        (lambda: ops.sample(torch.ones(1, 4), torch.zeros(1).long(), torch.zeros(1).long(), -1.0, 0, 1.0, 0.0),
         "temperature"),
        (lambda: ops.token_log_probabilities(torch.ones(1, 4), torch.ones(3, 4), torch.tensor([3]), 1.0, 0),
         "vocabulary"),
    ]:
        try:
            call()
        except RuntimeError as error:
            assert words in str(error), f"expected {words!r} in {error}"
        else:
            raise AssertionError(f"expected an error with {words!r}")


def check():
    for dtype in DTYPES:
        for test in (check_elementwise, check_attention, check_long_attention, check_head, check_embedding,
                     check_decode, check_sampling, check_adamw):
            began = time.time()
            test(dtype)
            print(f"{test.__name__} {dtype}: ok ({time.time() - began:.1f} s)", flush=True)
    check_determinism()
    check_errors()
    print("all kernels agree with PyTorch")


# --- timings ----------------------------------------------------------------------------------------------------


def milliseconds(function, repeats=5):
    function()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times) * 1e3


def bench_pair(name, ours, theirs, inputs):
    """Forward, and forward with backward, of both."""
    def both(function):
        def run():
            results = function(*inputs)
            results = [results] if torch.is_tensor(results) else [r for r in results if r.requires_grad]
            torch.autograd.backward(results, [torch.ones_like(r) for r in results])
            for x in inputs:
                x.grad = None
        return run

    with torch.no_grad():
        forward = [milliseconds(lambda: f(*inputs)) for f in (ours, theirs)]
    whole = [milliseconds(both(f)) for f in (ours, theirs)]
    print(f"{name:38} forward {forward[0]:8.2f} ms (PyTorch {forward[1]:8.2f})   "
          f"forward+backward {whole[0]:8.2f} ms (PyTorch {whole[1]:8.2f})", flush=True)


def eager_rms_norm(x, weight, eps=1e-5):
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)).to(x.dtype)


def padded_sdpa(q, k, v, segments, scale):
    """What a padded trainer does: each completion with its own copy of the prompt."""
    rows = [r for r in segments.tolist() if r[3] > 0]
    longest = max(r[1] + r[3] for r in rows)
    index = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, (start, length, prefix_start, prefix_length) in enumerate(rows):
        index[i, :prefix_length] = torch.arange(prefix_start, prefix_start + prefix_length)
        index[i, prefix_length : prefix_length + length] = torch.arange(start, start + length)
    q, k, v = (x[index].transpose(1, 2).contiguous() for x in (q, k, v))
    k, v = (x.repeat_interleave(q.shape[1] // k.shape[1], 1) for x in (k, v))
    q, k, v = (x.detach().requires_grad_() for x in (q, k, v))
    return lambda a, b, c: F.scaled_dot_product_attention(a, b, c, is_causal=True, scale=scale), [q, k, v]


def bench_attention(heads, kv_heads, width, groups, members, lengths, dtype):
    generator = torch.Generator().manual_seed(0)
    segments, tokens = grouped_batch(groups, members, (20, 60), lengths, generator)
    q, k, v = (torch.randn(tokens, n, width).to(dtype).requires_grad_() for n in (heads, kv_heads, kv_heads))
    scale = width**-0.5
    theirs, padded = padded_sdpa(q, k, v, segments, scale)
    bench_pair(f"attention {heads}/{kv_heads}x{width}, {tokens} tokens",
               lambda *_: ops.ragged_attention(q, k, v, segments, scale), lambda *_: theirs(*padded), [q, k, v])


def bench():
    torch.manual_seed(0)
    for dtype in (torch.bfloat16, torch.float32):
        tokens, width, inner = 16384, 256, 768
        make = lambda *s: torch.randn(*s).to(dtype).requires_grad_()
        print(dtype)
        bench_pair("rms_norm [16384, 256]", lambda x, w: ops.rms_norm(x, w, 1e-5), eager_rms_norm,
                   [make(tokens, width), make(width)])
        bench_pair("add_rms_norm [16384, 256]", lambda x, r, w: ops.add_rms_norm(x, r, w, 1e-5),
                   lambda x, r, w: (eager_rms_norm(x + r, w), x + r), [make(tokens, width), make(tokens, width), make(width)])
        bench_pair("silu_mul [16384, 1536]", ops.silu_mul, silu_mul, [make(tokens, 2 * inner)])
        cos, sin = tables(512, 16)
        positions = torch.arange(tokens) % 512
        bench_pair("rotary [16384, 8, 32]", lambda x: ops.rotary(x, positions, cos, sin),
                   lambda x: rotary(x, positions, cos, sin), [make(tokens, 8, 32)])
        ids = torch.randint(0, 120, (tokens,))
        bench_pair("embedding [120, 256]", lambda w: ops.embedding(w, ids), lambda w: F.embedding(ids, w), [make(120, width)])
        for vocabulary, rows, size in [(120, tokens, width), (49152, 2048, 576)]:
            targets = torch.randint(0, vocabulary, (rows,))

            def eager(h, w):
                logs = F.linear(h, w).float().log_softmax(-1)
                return logs.gather(1, targets[:, None]).squeeze(1)

            bench_pair(f"log-probabilities N={rows} V={vocabulary}",
                       lambda h, w: ops.token_log_probabilities(h, w, targets, 1.0, 0), eager,
                       [make(rows, size), make(vocabulary, size)])
        for shape in [(8, 4, 32, 16, 16, (30, 150)), (6, 6, 32, 24, 16, (30, 150)), (9, 3, 64, 8, 8, (60, 250)),
                      (9, 3, 64, 1, 1, (4000, 4000))]:
            bench_attention(*shape, dtype)
        batch, heads, kv_heads, size, room = 384, 8, 4, 32, 160
        caches = [torch.randn(batch, room, kv_heads, size).to(dtype) for _ in range(2)]
        prefix = [torch.randn(24, 50, kv_heads, size).to(dtype) for _ in range(2)]
        qkv = torch.randn(batch, (heads + 2 * kv_heads) * size).to(dtype)
        index, full = torch.arange(batch) // 16, torch.full((24,), 50)
        lengths, slots = torch.full((batch,), 100), torch.arange(batch)
        ours = lambda: ops.decode_attention_qkv(qkv, *prefix, index, full, *caches, slots, lengths, cos, sin, 0.2,
                                                heads, kv_heads)
        queries = torch.randn(batch, heads, 1, size).to(dtype)
        keys, values = (torch.randn(batch, heads, 151, size).to(dtype) for _ in range(2))
        theirs = lambda: F.scaled_dot_product_attention(queries, keys, values)
        print(f"decode_attention_qkv B=384, 151 keys: {milliseconds(ours):.2f} ms (SDPA alone {milliseconds(theirs):.2f})")
        for vocabulary, rows in [(120, 384), (49152, 64)]:
            logits = torch.randn(rows, vocabulary).to(dtype)
            seeds = torch.arange(rows)
            for label, settings in [("plain", (1.0, 0, 1.0, 0.0)), ("top-p", (1.0, 0, 0.95, 0.0)), ("top-k", (1.0, 50, 1.0, 0.0))]:
                ours = lambda: ops.sample(logits, seeds, seeds, *settings)
                theirs = lambda: torch.multinomial(logits.float().softmax(-1), 1)
                print(f"sample [{rows}, {vocabulary}] {label}: {milliseconds(ours):.2f} ms "
                      f"(softmax + multinomial {milliseconds(theirs):.2f})")
        parameters = [torch.randn(1024, 1024).to(dtype) for _ in range(8)]
        grads = [torch.randn(1024, 1024).to(dtype) for _ in range(8)]
        masters = [p.float() for p in parameters] if dtype == torch.bfloat16 else []
        first, second = ([torch.zeros(1024, 1024) for _ in range(8)] for _ in range(2))
        ours = lambda: ops.adamw_(parameters, masters, grads, first, second, 3, 1e-3, 0.9, 0.95, 1e-8, 0.1, 1.0)
        plain = [torch.nn.Parameter(p.float()) for p in parameters]
        for p, g in zip(plain, grads):
            p.grad = g.float()
        optimiser = torch.optim.AdamW(plain, lr=1e-3, fused=True)
        print(f"adamw_ 8M: {milliseconds(ours):.2f} ms (fused AdamW, float32 {milliseconds(optimiser.step):.2f})")
        print(f"global_norm 8M: {milliseconds(lambda: ops.global_norm(grads)):.2f} ms "
              f"(PyTorch {milliseconds(lambda: torch.nn.utils.get_total_norm(grads)):.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", help="shared library with the kernels, to be loaded by torch.ops.load_library")
    parser.add_argument("--bench", action="store_true", help="time the kernels instead of checking them")
    arguments = parser.parse_args()
    torch.ops.load_library(arguments.library)
    bench() if arguments.bench else check()
