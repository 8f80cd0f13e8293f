/** A LoRA adapter (Hu et al. 2021): two narrow matrices for each adapted module, whose product is added to its weight. */
import { type Device, type Dtype, type Generator, noGrad, scope, type Tensor, torch } from "@aha/torch";
import type { ModelConfig } from "../folder/model-config.ts";
import type { AdapterSettings, WrittenAdapter } from "./adapter-config.ts";
import { linearModules, type ProjectionName, projectionNames, type TargetModule } from "./target-modules.ts";

/** A module that has an adapter. */
export interface AdaptedModule extends TargetModule {
  readonly rank: number;
  readonly alpha: number;
}

/** The adapter of one module, among those that read the same input. */
export interface AdaptedPart extends AdaptedModule {
  /** Its rows of the shared A begin here. */
  readonly rankStart: number;
  /** alpha / rank, or alpha / √rank: what B A is multiplied by. */
  readonly scale: number;
  readonly loraB: Tensor; // [length, rank]
}

/** The adapters of a layer's projection. A matrix of several modules is held as one, as the projection's own weight is. */
export interface AdaptedProjection {
  readonly loraA: Tensor; // [sum of ranks, inputs]
  readonly parts: readonly AdaptedPart[];
}

export type LayerAdapter = Readonly<Partial<Record<ProjectionName, AdaptedProjection>>>;

/** A matrix under its name in PEFT's files: rows `start … start + length` of a tensor. */
export interface AdapterMatrix {
  readonly name: string;
  readonly tensor: Tensor;
  readonly start: number;
  readonly length: number;
  readonly shape: readonly number[];
}

/** The tensors of one adapter, for a model of one shape. Dispose it when done. */
export class Adapter {
  readonly settings: AdapterSettings;
  readonly modules: readonly AdaptedModule[];
  readonly layers: readonly LayerAdapter[];
  readonly #config: ModelConfig;

  /** Uninitialised; see `freshAdapter`, and models/stored-adapter.ts. */
  constructor(
    config: ModelConfig,
    settings: AdapterSettings,
    modules: readonly AdaptedModule[],
    dtype: Dtype,
    device: Device,
  ) {
    const empty = (...shape: number[]): Tensor => torch.empty(shape, { dtype, device }).keep();
    this.#config = config;
    this.settings = settings;
    this.modules = modules;
    this.layers = Array.from({ length: config.layers }, (_, layer) => {
      const own = modules.filter((module) => module.layer === layer);
      const projections = projectionNames.flatMap((projection) => {
        const held = own.filter((module) => module.projection === projection);
        const [first] = held;
        if (first === undefined) return [];
        let ranks = 0;
        const parts = held.map((module): AdaptedPart => {
          const { length, rank, alpha } = module;
          const scale = settings.rankStabilised ? alpha / Math.sqrt(rank) : alpha / rank;
          const part = { ...module, rankStart: ranks, scale, loraB: empty(length, rank) };
          ranks += rank;
          return part;
        });
        return [[projection, { loraA: empty(ranks, first.inputs), parts }] as const];
      });
      return Object.fromEntries(projections);
    });
  }

  #projections(): AdaptedProjection[] {
    return this.layers.flatMap(projectionsOf);
  }

  /** The trained tensors in a fixed order. */
  parameters(): Tensor[] {
    return this.layers.flatMap(layerAdapterTensors);
  }

  /** Every matrix under its name in PEFT's files. */
  matrices(): AdapterMatrix[] {
    return this.#projections().flatMap(({ loraA, parts }) =>
      parts.flatMap(({ path, rankStart, rank, length, inputs, loraB }) => [
        { name: adapterKey(path, "A"), tensor: loraA, start: rankStart, length: rank, shape: [rank, inputs] },
        { name: adapterKey(path, "B"), tensor: loraB, start: 0, length, shape: [length, rank] },
      ]),
    );
  }

  /** A copy that shares no memory, with another dropout where one is given. */
  copy(dropout = this.settings.dropout): Adapter {
    const [first] = this.parameters();
    const { dtype = "float32", device = "cpu" } = first ?? {};
    const settings = { ...this.settings, dropout };
    const other = new Adapter(this.#config, settings, this.modules, dtype, device);
    other.assign(this);
    return other;
  }

  /** Takes another adapter's values, which must have the same modules and ranks. */
  assign(source: Adapter): void {
    const sources = source.parameters();
    scope(() =>
      noGrad(() => {
        this.parameters().forEach((parameter, index) => {
          parameter.copy_((sources[index] as Tensor).detach());
        });
      }),
    );
  }

  /** What its configuration file says. */
  written(): WrittenAdapter {
    const { settings, modules } = this;
    const lastName = (path: string): string => path.slice(path.lastIndexOf(".") + 1);
    const names = [...new Set(modules.map(({ path }) => lastName(path)))];
    const everywhere = names.length * this.#config.layers === modules.length;
    const others = (field: "rank" | "alpha"): Record<string, number> =>
      Object.fromEntries(
        modules.filter((one) => one[field] !== settings[field]).map((one) => [one.path, one[field]]),
      );
    return {
      ...settings,
      targetModules: everywhere ? names : modules.map(({ path }) => path),
      ranks: others("rank"),
      alphas: others("alpha"),
    };
  }

  dispose(): void {
    for (const parameter of this.parameters()) parameter.dispose();
  }
}

/** The name of a module's matrix in PEFT's files. */
export function adapterKey(path: string, matrix: "A" | "B"): string {
  return `base_model.model.${path}.lora_${matrix}.weight`;
}

function projectionsOf(layer: LayerAdapter): AdaptedProjection[] {
  return projectionNames.flatMap((name) => layer[name] ?? []);
}

/** A layer's tensors in a fixed order: of each projection A, then each part's B. */
export function layerAdapterTensors(layer: LayerAdapter): Tensor[] {
  return projectionsOf(layer).flatMap(({ loraA, parts }) => [loraA, ...parts.map(({ loraB }) => loraB)]);
}

/** The same adapter with other tensors, in the order of `layerAdapterTensors`. */
export function withTensors(layer: LayerAdapter, tensors: readonly Tensor[]): LayerAdapter {
  let position = 0;
  const next = (): Tensor => tensors[position++] as Tensor;
  const replaced = projectionNames.flatMap((name) => {
    const held = layer[name];
    if (held === undefined) return [];
    const loraA = next();
    return [[name, { loraA, parts: held.parts.map((part) => ({ ...part, loraB: next() })) }] as const];
  });
  return Object.fromEntries(replaced);
}

/** How a fresh adapter is to be. */
export interface FreshAdapter extends AdapterSettings {
  /** Last names of modules, such as `q_proj`; every layer's are adapted. */
  readonly targetModules: "all-linear" | readonly string[];
}

/** The modules that a fresh adapter has. */
export function chosenModules(
  config: ModelConfig,
  { targetModules, rank, alpha }: Pick<FreshAdapter, "targetModules" | "rank" | "alpha">,
): AdaptedModule[] {
  const chosen = (path: string): boolean =>
    targetModules === "all-linear" || targetModules.some((name) => path.endsWith(`.${name}`));
  return linearModules(config).flatMap((module) => (chosen(module.path) ? [{ ...module, rank, alpha }] : []));
}

/** A new adapter, which changes nothing yet: A uniform in ±1/√inputs (Kaiming's with a = √5, as PEFT), B zero. */
export function freshAdapter(
  config: ModelConfig,
  fresh: FreshAdapter,
  generator: Generator,
  dtype: Dtype,
  device: Device = "cpu",
): Adapter {
  const { targetModules: _, ...settings } = fresh;
  const modules = chosenModules(config, fresh);
  const adapter = new Adapter(config, settings, modules, dtype, device);
  scope(() =>
    noGrad(() => {
      for (const { loraA, parts } of adapter.layers.flatMap(projectionsOf)) {
        const bound = 1 / Math.sqrt(loraA.size(1));
        // Drawn in float32 on the CPU whatever dtype and device, so that a seed means the same numbers for all.
        loraA.copy_(torch.empty(loraA.shape, { dtype: "float32" }).uniform_(-bound, bound, { generator }));
        for (const { loraB } of parts) loraB.zero_();
      }
    }),
  );
  return adapter;
}
