import { describe, expect, test } from 'vitest'
import type { Latent } from '../../models/kinds.ts'
import type { LatentOperation } from '../../sampling/latent-operations.ts'
import { sizeOf, type Tensor, tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { nodeTypes } from '../index.ts'

const counted = (...shape: number[]): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
  )
async function run<T = Latent>(type: string, inputs: Record<string, unknown>): Promise<T> {
  const answer: Record<string, T> = await nodeTypes.get(type)!.run(inputs, {} as RunContext)
  return Object.values(answer)[0]!
}
const values = ({ samples }: Latent) => [...samples.data]

describe('LatentConcat', () => {
  const samples1 = { samples: counted(1, 1, 2, 2) }
  const samples2 = { samples: tensor([1, 1, 2, 2], Float32Array.of(6, 7, 8, 9)) }
  test.each([
    ['x', [1, 1, 2, 4], [0, 1, 6, 7, 2, 3, 8, 9]],
    ['-x', [1, 1, 2, 4], [6, 7, 0, 1, 8, 9, 2, 3]],
    ['y', [1, 1, 4, 2], [0, 1, 2, 3, 6, 7, 8, 9]],
    ['-y', [1, 1, 4, 2], [6, 7, 8, 9, 0, 1, 2, 3]],
    ['t', [1, 2, 2, 2], [0, 1, 2, 3, 6, 7, 8, 9]],
  ])('along %s', async (dim, shape, data) => {
    const joined = await run('LatentConcat', { samples1, samples2, dim })
    expect(joined.samples.shape).toEqual(shape)
    expect(values(joined)).toEqual(data)
  })

  test('says which sizes do not fit', async () => {
    const other = { samples: counted(1, 1, 3, 2) }
    const wrong = run('LatentConcat', { samples1, samples2: other, dim: 'x' })
    await expect(wrong).rejects.toThrow(/\[1, 1, 3, 2\] do not fit together along x/)
  })
})

describe('LatentCut', () => {
  const samples = { samples: counted(1, 1, 2, 4) }
  test.each([
    [{ dim: 'x', index: 1, amount: 2 }, [1, 2, 5, 6]],
    [{ dim: 'x', index: -1, amount: 3 }, [3, 7]],
    [{ dim: 'x', index: 9, amount: 1 }, [3, 7]],
    [{ dim: 'x', index: -9, amount: 1 }, [0, 4]],
    [{ dim: 'y', index: 1, amount: 5 }, [4, 5, 6, 7]],
  ])('%o', async (cut, data) => {
    expect(values(await run('LatentCut', { samples, ...cut }))).toEqual(data)
  })
})

describe('RebatchLatents', () => {
  const rebatch = (latents: Latent[], size: number) =>
    run<Latent[]>('RebatchLatents', { latents, batch_size: [size] })

  test('splits and joins, and numbers the images on', async () => {
    const latents = [{ samples: counted(3, 1, 1, 1) }, { samples: counted(2, 1, 1, 1) }]
    const batches = await rebatch(latents, 2)
    expect(batches.map(values)).toEqual([[0, 1], [2, 0], [1]])
    expect(batches.map(({ batchIndex }) => batchIndex)).toEqual([[0, 1], [2, 3], [4]])
    expect(batches.every(batch => !('noiseMask' in batch))).toBe(true)
  })

  test('begins anew at another size', async () => {
    const latents = [{ samples: counted(1, 1, 1, 1) }, { samples: counted(1, 1, 2, 2) }]
    expect(await rebatch(latents, 4)).toHaveLength(2)
  })

  test('keeps masks, white where there was none', async () => {
    const noiseMask = tensor([1, 1, 1], Float32Array.of(0.25))
    const latents = [{ samples: counted(1, 1, 1, 1), noiseMask }, { samples: counted(1, 1, 1, 1) }]
    const [batch] = await rebatch(latents, 2)
    expect([...batch!.noiseMask!.data]).toEqual([0.25, 1])
  })
})

describe('LatentBatchSeedBehavior', () => {
  const samples = { samples: counted(2, 1, 1, 1), batchIndex: [5, 6] }
  test('gives all images one noise, or each its own', async () => {
    const fixed = await run('LatentBatchSeedBehavior', { samples, seed_behavior: 'fixed' })
    expect(fixed.batchIndex).toEqual([5, 5])
    const random = await run('LatentBatchSeedBehavior', { samples, seed_behavior: 'random' })
    expect(random.batchIndex).toBeUndefined()
  })
})

describe('latent operations', () => {
  const operation = (type: string, inputs: Record<string, unknown>) =>
    run<LatentOperation>(`LatentOperation${type}`, inputs)
  const apply = async (change: LatentOperation, samples: Tensor) =>
    values(await run('LatentApplyOperation', { samples: { samples }, operation: change }))

  test('tone mapping keeps directions and holds back the strong', async () => {
    const samples = tensor([1, 2, 1, 2], Float32Array.of(3, 0.3, 4, 0.4))
    const [x1, x2, y1, y2] = (await apply(
      await operation('TonemapReinhard', { multiplier: 1 }),
      samples,
    )) as [number, number, number, number]
    expect(x1 / y1).toBeCloseTo(3 / 4, 5)
    expect(x2 / y2).toBeCloseTo(3 / 4, 5)
    // Lengths 5 and 0.5: mean 2.75, deviation 4.5/√2; top = mean + 5 · deviation.
    const top = 2.75 + 5 * (4.5 / Math.SQRT2)
    expect(Math.hypot(x1, y1)).toBeCloseTo((5 * top) / (5 + top), 4)
    expect(Math.hypot(x2, y2)).toBeCloseTo((0.5 * top) / (0.5 + top), 4)
  })

  const sharpen = { sharpen_radius: 1, sigma: 1, alpha: 0.1 }
  test('sharpening leaves flat latents and moves edges apart', async () => {
    const flat = tensor([1, 2, 4, 4], new Float32Array(32).fill(2))
    const change = await operation('Sharpen', sharpen)
    for (const value of await apply(change, flat)) expect(value).toBeCloseTo(2, 4)
    const edge = tensor(
      [1, 1, 4, 4],
      Float32Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 1 : -1)),
    )
    const sharpened = await apply(change, edge)
    expect(sharpened[1]).toBeGreaterThan(1.1)
    expect(sharpened[2]).toBeLessThan(-1.1)
    expect(sharpened[0]).toBeCloseTo(1, 5)
  })

  test('a radius beyond the latent is refused', async () => {
    const change = await operation('Sharpen', { ...sharpen, sharpen_radius: 4 })
    await expect(apply(change, counted(1, 1, 4, 4))).rejects.toThrow(/radius of 4/)
  })
})

test('ConditioningSetAreaStrength changes nothing but the strength', async () => {
  const cond = counted(1, 1, 2)
  const [item] = await run<{ strength: number }[]>('ConditioningSetAreaStrength', {
    conditioning: [{ cond, start: 0.5 }],
    strength: 0.7,
  })
  expect(item).toEqual({ cond, start: 0.5, strength: 0.7 })
})
