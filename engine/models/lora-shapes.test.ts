import { expect, test } from 'vitest'
import type { Weight } from '../inference/weights.ts'
import { checkShapes, isOldGeneralized } from './lora-shapes.ts'

const weight = (...shape: number[]): Weight => ({
  ...{ type: 'F32', shape, file: 'glora.safetensors', offset: 0 },
  length: 4 * shape.reduce((a, b) => a * b, 1),
})
/** Factors as they are stored now, and as they were. */
const now = (rank: number, outputs: number, inputs: number, kernel = 1) => ({
  ...{ a1: weight(inputs, rank), a2: weight(rank, inputs) },
  ...{ b1: weight(outputs, rank), b2: weight(rank, inputs * kernel) },
})
const then = (rank: number, outputs: number, inputs: number) => ({
  ...{ a1: weight(rank, inputs), a2: weight(inputs, rank) },
  ...{ b1: weight(rank, inputs), b2: weight(outputs, rank) },
})

test.each([
  ['a rank below the channels', now(3, 16, 4, 9), [16, 4, 3, 3], false],
  ['a rank above the channels', now(5, 16, 4, 9), [16, 4, 3, 3], false],
  ['a rank as large as the inputs', now(4, 16, 4), [16, 4], false],
  ['a rank as large as the outputs', now(16, 16, 4), [16, 4], false],
  ['old, a rank below the channels', then(3, 16, 4), [16, 4], true],
  ['old, a rank above the channels', then(5, 16, 4), [16, 4], true],
] as const)('GLoRA of %s', (_, parts, shape, old) => {
  expect(isOldGeneralized(parts, shape)).toBe(old)
  expect(() => checkShapes(parts, shape)).not.toThrow()
})
