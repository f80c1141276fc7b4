// 138 answers of ComfyUI 0.3.64's image, mask and latent nodes. The shipped fixture holds the inputs
// and every fifth value of each output; the whole outputs are compared where ../shared lies beside
// the repository.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isGolden, recordComparison } from '../models/fixtures/parity-record.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { type Tensor, tensor } from '../tensor.ts'
import cases from './fixtures/imageops.json' with { type: 'json' }

function readTensors(path: string): Map<string, Tensor> {
  const bytes = readFileSync(path)
  const start = 8 + Number(bytes.readBigUInt64LE())
  const header: Record<string, { shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    bytes.toString('utf8', 8, start),
  )
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(([name, { shape, data_offsets }]) => {
        const [from, to] = data_offsets
        const data = new Uint8Array(bytes.subarray(start + from, start + to))
        return [name, tensor(shape, new Float32Array(data.buffer))]
      }),
  )
}

const fixture = readTensors(join(import.meta.dirname, 'fixtures/imageops.safetensors'))
const wholePath = join(import.meta.dirname, '../../../shared/goldens/imageops.safetensors')
const whole = existsSync(wholePath) ? readTensors(wholePath) : undefined
const stride = 5

/** `$A` is an image or mask of the fixture, `%$LA` a latent. */
function argument(value: unknown): unknown {
  if (typeof value !== 'string' || !/^%?\$/.test(value)) return value
  const input = fixture.get(`in.${value.replace(/^%?\$/, '')}`)!
  const copy = tensor(input.shape, Float32Array.from(input.data))
  return value.startsWith('%') ? { samples: copy } : copy
}

const samplesOf = (value: unknown): Tensor =>
  value !== null && typeof value === 'object' && 'samples' in value
    ? (value.samples as Tensor)
    : (value as Tensor)

const table = Object.entries(cases as Record<string, Golden>).map(([name, golden]) => ({
  name,
  ...golden,
}))
interface Golden {
  node: string
  inputs: Record<string, unknown>
  outputs: (number[] | number)[]
}

/** Float32 rounding; pictures that ComfyUI computes in bytes are multiples of 1/255 and come out equal. */
const tolerance = 2e-5

describe('ComfyUI’s answers', () => {
  test('are all here', () => expect(table).toHaveLength(138))

  test.for(table)('$name ($node)', async ({ name, node, inputs, outputs }) => {
    const type = nodeTypes.get(node)
    expect(type, `${node} is a node`).toBeDefined()
    const values = Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, argument(v)]))
    for (const key of Object.keys(type!.inputs)) values[key] ??= undefined
    const answer: Record<string, unknown> = await type!.run(values, {} as RunContext)
    for (const [i, output] of Object.keys(type!.outputs).entries())
      check(answer[output], outputs[i]!, `${name}.${i}`)
  })
})

function check(answer: unknown, expected: number[] | number, key: string): void {
  if (typeof expected === 'number') {
    expect(answer).toBe(expected)
    return
  }
  const actual = samplesOf(answer)
  expect([...actual.shape]).toEqual(expected)
  const wanted = fixture.get(key)!.data
  expect(worst(actual.data, wanted, stride)).toBeLessThanOrEqual(tolerance)
  if (!whole) return
  const all = whole.get(key)!.data
  const difference = worst(actual.data, all, 1)
  isGolden(all, 'imageops.safetensors', key)
  recordComparison(all, difference)
  expect(difference).toBeLessThanOrEqual(tolerance)
}

/** The largest difference between `expected` and every `stride`-th value. NaN counts as infinite. */
function worst(actual: Float32Array, expected: Float32Array, stride: number): number {
  expect(Math.ceil(actual.length / stride)).toBe(expected.length)
  let largest = 0
  expected.forEach((value, i) => {
    const difference = Math.abs(value - actual[i * stride]!)
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference)
  })
  return largest
}
