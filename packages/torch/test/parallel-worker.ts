/** One rank of the process-group test: runs every collective and prints what it got. */
import { launchEnvironment, ProcessGroup, scope, tensor, torch } from "../src/index.ts";

const place = launchEnvironment();
if (place === null) throw new Error("no rank in the environment");
const group = new ProcessGroup({ ...place, backend: "gloo", timeoutMilliseconds: 30_000 });
const results = scope(() => {
  const mine = place.rank + 1;
  const [sum, mean, greatest] = [
    tensor([mine, 10 * mine]),
    tensor([mine]),
    tensor([mine], { dtype: "int64" }),
  ];
  group.allReduce([sum]);
  group.allReduce([mean], "mean");
  group.allReduce([greatest], "max");
  const half = tensor([mine]).to("bfloat16");
  group.allReduce([half]);
  const shared = tensor([mine, mine]);
  group.broadcast([shared], 1);
  const gathered = Array.from({ length: group.size }, () => torch.zeros([2]));
  group.allGather(gathered, tensor([mine, -mine]));
  group.barrier();
  return {
    rank: group.rank,
    size: group.size,
    sum: sum.toArray(),
    mean: mean.toArray(),
    greatest: greatest.toArray(),
    half: half.toArray(),
    shared: shared.toArray(),
    gathered: gathered.map((item) => item.toArray()),
  };
});
group.destroy();
console.log(JSON.stringify(results));
