/** One tensor of a safetensors file as a view of the file's bytes. */
import type { Dtype, Tensor } from "@aha/torch";
import { ModelFolderError } from "../folder/errors.ts";
import type { SafetensorsDtype } from "../folder/safetensors.ts";
import type { WeightLocation } from "../folder/weights.ts";

const storedDtypes: Partial<Record<SafetensorsDtype, Dtype>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** A view of one stored tensor over its file's mapped bytes; copied only where the file leaves it misaligned. */
export function storedTensor(
  bytes: Tensor,
  dataOffset: number,
  location: WeightLocation,
  name: string,
): Tensor {
  const dtype = storedDtypes[location.dtype];
  if (dtype === undefined) {
    throw new ModelFolderError({
      file: location.file,
      message: `weight "${name}": expected F32, F16, BF16 or F64, found ${location.dtype}`,
      remedy: "Convert the checkpoint to one of those first",
    });
  }
  const width =
    (location.end - location.start) /
    Math.max(
      1,
      location.shape.reduce((a, b) => a * b, 1),
    );
  const start = dataOffset + location.start;
  const raw = bytes.slice(0, start, dataOffset + location.end);
  const aligned = start % width === 0 ? raw : raw.clone();
  return aligned.viewAs(dtype).view(location.shape);
}
