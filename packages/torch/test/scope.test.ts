/** Scopes: what they free, what escapes, and what happens when the body throws. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveTensors, scope, type Tensor, TorchError, tensor, torch } from "../src/index.ts";

const make = (): Tensor => torch.zeros([2]);

/** Runs the body and fails unless it leaves as many tensors as there were. */
function balanced(name: string, body: () => void): void {
  test(name, () => {
    const before = liveTensors();
    body();
    assert.equal(liveTensors(), before, "tensors left behind");
  });
}

balanced("frees everything that is not returned", () => {
  const before = liveTensors();
  const value = scope(() => {
    const sum = make().add(1).mul(2).sum();
    assert.ok(liveTensors() > before);
    return sum.item();
  });
  assert.equal(value, 4);
});

balanced("a returned tensor lives on, its siblings don't", () => {
  const siblings: Tensor[] = [];
  const kept = scope(() => {
    siblings.push(make());
    return make();
  });
  assert.ok(kept.alive);
  assert.ok(!siblings[0]?.alive);
  kept.dispose();
});

balanced("tensors escape through arrays, maps, sets and objects, however nested", () => {
  const result = scope(() => {
    const loop: { self?: unknown; tensor: Tensor } = { tensor: make() };
    loop.self = loop;
    return {
      list: [make(), [make()]],
      map: new Map<unknown, unknown>([
        ["a", make()],
        [make(), 1],
      ]),
      set: new Set([make()]),
      loop,
      numbers: new Float32Array(2),
    };
  });
  const all = [
    ...result.list.flat(),
    result.map.get("a"),
    [...result.map.keys()][1],
    ...result.set,
    result.loop.tensor,
  ];
  assert.equal(all.length, 6);
  for (const item of all as Tensor[]) {
    assert.ok(item.alive);
    item.dispose();
  }
});

balanced("nested scopes hand their results to the one around", () => {
  scope(() => {
    const inner = scope(() => scope(() => make()).add(1));
    assert.ok(inner.alive);
    const before = liveTensors();
    scope(() => make());
    assert.equal(liveTensors(), before + 1, "the result belongs to this scope now");
    return undefined;
  });
});

balanced("returning a tensor of an outer scope changes nothing for it", () => {
  scope(() => {
    const outer = make();
    assert.equal(
      scope(() => outer),
      outer,
    );
    scope(() => undefined);
    assert.ok(outer.alive);
  });
});

balanced("a throw inside frees everything and arrives as itself", () => {
  const failure = new RangeError("mine");
  assert.throws(
    () =>
      scope(() => {
        make();
        scope(() => {
          make();
          throw failure;
        });
      }),
    (error) => error === failure,
  );
});

balanced("a promise is refused, and its rejection does not go unhandled", () => {
  assert.throws(
    () => scope(async () => make()),
    (error) => error instanceof TorchError && /scope\(\) got a promise.*Await first/s.test(error.message),
  );
  assert.throws(() =>
    scope(async () => {
      throw new Error("later");
    }),
  );
});

balanced("keep() takes a tensor out of the scope for good", () => {
  const kept: Tensor[] = [];
  scope(() => {
    scope(() => {
      kept.push(make().keep());
    });
    assert.ok(kept[0]?.alive);
  });
  assert.ok(kept[0]?.alive);
  kept[0]?.dispose();
});

balanced("keep() and returning the same tensor", () => {
  const kept = scope(() => scope(() => make().keep()));
  assert.ok(kept.alive);
  kept.dispose();
});

balanced("disposing twice, and disposing inside a scope", () => {
  const made = make();
  made.dispose();
  made.dispose();
  scope(() => {
    const inside = make();
    inside.dispose();
    inside.dispose();
    return make().sum().item();
  });
});

balanced("a disposed tensor that is returned does not disturb the scope", () => {
  const gone = scope(() => {
    const made = make();
    made.dispose();
    return made;
  });
  assert.ok(!gone.alive);
});

balanced("a stale handle is noticed although its slot is taken again", () => {
  scope(() => {
    const first = make();
    first.dispose();
    const others = Array.from({ length: 8 }, make);
    assert.ok(!first.alive);
    assert.throws(() => first.add(1), /already released/);
    assert.ok(others.every((other) => other.alive));
  });
});

balanced("a view keeps the memory of what it views", () => {
  const view = scope(() => tensor([1, 2, 3]).narrow(0, 1, 2));
  assert.deepEqual(view.toArray(), [2, 3]);
  view.dispose();
});

balanced("many tensors in one scope", () => {
  scope(() => {
    const many = Array.from({ length: 20_000 }, (_, index) => torch.full([1], index));
    assert.equal(many[12_345]?.item(), 12_345);
  });
});
