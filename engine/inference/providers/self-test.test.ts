// The test itself must tell right from wrong.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Tensor, tensor } from '../../tensor.ts'
import { type OpProfile, profiles } from '../layers.ts'
import { openSession } from '../session.ts'
import { weight } from '../weights.ts'
import { largestDifference, selfTest, tolerance } from './self-test.ts'
import { selfTestFeeds, selfTestNetwork, writeWeights } from './self-test-network.ts'

const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-self-test-'))
const weights = writeWeights(join(folder, 'weights'))
afterAll(() => rmSync(folder, { recursive: true }))

async function compute(profile: OpProfile, of = weights): Promise<Tensor> {
  const session = await openSession(selfTestNetwork(of, profile), { threads: 1 })
  const { out } = await session.run({ ...selfTestFeeds() })
  await session.release()
  return out!
}

test('both ways to compute a layer give the same on the processor', async () => {
  const out = await compute(profiles.cpu)
  expect(Math.max(...out.data)).toBeGreaterThan(0.5)
  expect(largestDifference(await compute(profiles.webgpu), out)).toBeLessThan(1e-5)
})

test.each([
  'embedding.weight',
  'text.attention.k.weight',
  'text.down.weight',
  'norm.bias',
  'half.weight',
  'cross.v.weight',
  'cross.out.bias',
  'gate.weight',
  'out.weight',
])('one layer computed wrongly is seen: %s', async name => {
  const wrong = weight(weights, 'in.weight')
  const right = weight(weights, name)
  const { type, shape, length } = right
  // Other numbers in the layer's place.
  const other = { ...wrong, type, shape, length, offset: Math.abs(right.offset - 64) }
  const changed = { ...weights, tensors: new Map(weights.tensors).set(name, other) }
  const difference = largestDifference(
    await compute(profiles.cpu, changed),
    await compute(profiles.cpu),
  )
  expect(difference).toBeGreaterThan(20 * tolerance)
})

test('the difference is a share of the largest value, and not a number is infinitely wrong', () => {
  const of = (...values: number[]) => tensor([values.length], Float32Array.from(values))
  expect(largestDifference(of(1, 2, -4), of(1, 2, -4))).toBe(0)
  expect(largestDifference(of(1, 2, -3), of(1, 2, -4))).toBe(0.25)
  expect(largestDifference(of(Number.NaN, 2), of(1, 2))).toBe(Number.POSITIVE_INFINITY)
})

test('the processor is measured, and agrees with itself', async () => {
  const { difference, gflops, processorGflops } = await selfTest('cpu')
  expect(difference).toBe(0)
  expect(gflops).toBe(processorGflops)
  expect(gflops).toBeGreaterThan(1)
})
