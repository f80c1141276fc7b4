// Weights where they lie: a tensor is a name, a type, a shape and a place in a file. Nothing is
// read until somebody asks; onnxruntime maps the same place itself.
import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { float8ToFloat } from './float8.ts'
import { bfloat16ToFloat, halfToFloat } from './half.ts'
import { ModelError } from './model-error.ts'
import type { Watch } from './shared-work.ts'

export type WeightType = keyof typeof weightBytes

/** Bytes per value, by safetensors' names. */
export const weightBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const

export interface Weight {
  readonly type: WeightType
  readonly shape: readonly number[]
  /** Real path, and where in it, in bytes. */
  readonly file: string
  readonly offset: number
  readonly length: number
}

export interface Weights {
  /** Real path. */
  readonly file: string
  readonly tensors: ReadonlyMap<string, Weight>
  /** safetensors' `__metadata__`, and what hypernetworks say of themselves; empty for others. */
  readonly metadata: Readonly<Record<string, string>>
  /** Of weights that are computed from those of others, see `models/merged-weights.ts`. */
  readonly made?: MadeWeights
}

/** What is known of computed weights before their file is there. */
export interface MadeWeights {
  /** Equal keys are equal weights. */
  readonly key: string
  /** Writes the file that the tensors say they lie in, unless it is there. */
  ready(watch?: Watch): Promise<void>
  /** The tensors that are computed, others lie where they lay: their values, and in which type they go to a file. */
  readonly tensors: ReadonlyMap<string, { type: WeightType; values(): Promise<Float32Array> }>
}

/** @throws ModelError if the file has no such tensor. */
export function weight(weights: Weights, name: string): Weight {
  const found = weights.tensors.get(name)
  if (!found)
    throw new ModelError(
      `${basename(weights.file)} has no tensor "${name}". The file is incomplete or of a family ` +
        'that is not supported; download it again or choose another model.',
    )
  return found
}

export function readBytes({ file, offset, length }: Weight): Uint8Array {
  const bytes = new Uint8Array(length)
  const handle = openSync(file, 'r')
  try {
    for (let at = 0; at < length; ) {
      const got = readSync(handle, bytes, at, length - at, offset + at)
      if (got === 0)
        throw new ModelError(
          `${basename(file)} was cut short while it was read. Download it again.`,
        )
      at += got
    }
  } finally {
    closeSync(handle)
  }
  return bytes
}

/** A tensor's values as float32. @throws ModelError for types that are not floating point. */
export function readFloats(weight: Weight): Float32Array {
  const { buffer } = readBytes(weight)
  switch (weight.type) {
    case 'F32':
      return new Float32Array(buffer)
    case 'F64':
      return Float32Array.from(new Float64Array(buffer))
    case 'F16':
      return halfToFloat(new Uint16Array(buffer))
    case 'BF16':
      return bfloat16ToFloat(new Uint16Array(buffer))
    case 'F8_E4M3':
      return float8ToFloat(new Uint8Array(buffer), 'e4m3fn')
    case 'F8_E5M2':
      return float8ToFloat(new Uint8Array(buffer), 'e5m2')
    default:
      throw new ModelError(
        `${basename(weight.file)} holds ${weight.type} where floating point numbers are expected. ` +
          'Use an fp16, bf16 or fp32 version of the model.',
      )
  }
}
