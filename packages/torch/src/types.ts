/** The value types that operators' signatures use. */

export type Dtype =
  | "float32"
  | "bfloat16"
  | "float16"
  | "float64"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool"
  | "complex64"
  | "complex128"
  | "float8_e4m3fn"
  | "float8_e5m2";

/** `cpu`, `cuda` or `cuda:1`. */
export type Device = "cpu" | "cuda" | `cuda:${number}` | (string & {});

/** A number whose integral values go to LibTorch as integers, or a boolean. */
export type Scalar = number | bigint | boolean;
export type Integer = number | bigint;
export type Layout = "strided" | "sparse_coo" | "sparse_csr" | "sparse_csc" | "sparse_bsr" | "sparse_bsc";
export type MemoryFormat = "contiguous" | "preserve" | "channels_last" | "channels_last_3d";

/** Numbers nested as deep as the tensor has dimensions. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

export const dtypes: ReadonlySet<string> = new Set([
  "float32",
  "bfloat16",
  "float16",
  "float64",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint8",
  "bool",
  "complex64",
  "complex128",
  "float8_e4m3fn",
  "float8_e5m2",
] satisfies Dtype[]);
