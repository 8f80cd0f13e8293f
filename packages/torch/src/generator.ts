/** Explicit random number generators: what samples takes one, so that no hidden state decides. */
import { type NativeGenerator, native } from "./native.ts";
import { Tensor } from "./tensor.ts";
import type { Device, Integer } from "./types.ts";

/** A seeded stream of random numbers on one device. */
export class Generator {
  /** What the addon takes for it. */
  readonly native: NativeGenerator;

  constructor(seed: Integer, device: Device = "cpu") {
    this.native = native.generator(device, seed);
  }

  /** Starts the stream again from a seed. */
  seed(seed: Integer): this {
    native.seedGenerator(this.native, seed);
    return this;
  }

  /** The whole state as a uint8 tensor, for checkpoints. */
  state(): Tensor {
    return new Tensor(native.generatorState(this.native));
  }

  /** Goes on from a state that `state()` gave. Throws TorchError for anything else. */
  restore(state: Tensor): void {
    native.setGeneratorState(this.native, state.handle);
  }
}

/** A new generator: `torch.randn([2, 3], { generator: generator(1) })`. */
export function generator(seed: Integer, device: Device = "cpu"): Generator {
  return new Generator(seed, device);
}
