/**
 * The quickstart with its rewards dealt out at random within each step: the same sum of rewards, no information. If this
 * learned too, the quickstart's gain would not be due to its rewards. `aha train recipes/ablation-shuffled.ts`
 */
import { defineRecipe } from "aha";
import quickstart from "./quickstart.ts";

export default defineRecipe({
  ...quickstart,
  name: "ablation-shuffled",
  rl: { ...quickstart.rl, shuffleRewards: true },
});
