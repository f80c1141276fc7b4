import { describe, expect, test } from 'vitest'
import type { ConditioningItem, TextEncoderModel } from '../../models/kinds.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { clipSetLastLayer } from './clip-set-last-layer.ts'
import { clipTextEncode } from './clip-text-encode.ts'
import { conditioningAverage } from './conditioning-average.ts'
import { conditioningCombine } from './conditioning-combine.ts'
import { conditioningConcat } from './conditioning-concat.ts'
import { conditioningSetArea } from './conditioning-set-area.ts'
import { conditioningSetMask } from './conditioning-set-mask.ts'
import { conditioningSetTimestepRange } from './conditioning-set-timestep-range.ts'
import { conditioningZeroOut } from './conditioning-zero-out.ts'

const context = {} as RunContext
const item = (value: number, tokens = 1, width = 2): ConditioningItem => ({
  cond: tensor([1, tokens, width], new Float32Array(tokens * width).fill(value)),
  pooled: tensor([1, width], new Float32Array(width).fill(value)),
})
const first = async (answer: unknown) =>
  ((await answer) as { CONDITIONING: ConditioningItem[] }).CONDITIONING[0]!
const numbers = (t?: { data: Float32Array }) => [...(t?.data ?? [])]

describe('conditioning', () => {
  test('is encoded at the layer that is set', async () => {
    const encoder = (stopAtLayer?: number): TextEncoderModel => ({
      stopAtLayer,
      withStopAtLayer: encoder,
      withAdapter: () => encoder(stopAtLayer),
      encode: async text => ({ cond: tensor([1, 1, 1], Float32Array.of(String(text).length)) }),
    })
    const clip = clipSetLastLayer.run({ clip: encoder(), stop_at_clip_layer: -2 }, context)
    const { CLIP } = await clip
    expect(CLIP.stopAtLayer).toBe(-2)
    const encoded = await first(clipTextEncode.run({ text: 'cat', clip: CLIP }, context))
    expect(numbers(encoded.cond)).toEqual([3])
  })

  test('combines to a list', async () => {
    const inputs = { conditioning_1: [item(1)], conditioning_2: [item(2), item(3)] }
    const { CONDITIONING } = await conditioningCombine.run(inputs, context)
    expect(CONDITIONING.map(({ cond }) => cond.data[0])).toEqual([1, 2, 3])
  })

  test('concatenates tokens and keeps the first pooled text', async () => {
    const inputs = { conditioning_to: [item(1, 2)], conditioning_from: [item(5, 1)] }
    const out = await first(conditioningConcat.run(inputs, context))
    expect(out.cond.shape).toEqual([1, 3, 2])
    expect(numbers(out.cond)).toEqual([1, 1, 1, 1, 5, 5])
    expect(numbers(out.pooled)).toEqual([1, 1])
  })

  test('averages, with zeros after a shorter text', async () => {
    const inputs = { conditioning_to: [item(4, 2)], conditioning_from: [item(8, 1)] }
    const out = await first(
      conditioningAverage.run({ ...inputs, conditioning_to_strength: 0.75 }, context),
    )
    expect(numbers(out.cond)).toEqual([5, 5, 3, 3])
    expect(numbers(out.pooled)).toEqual([5, 5])
  })

  test('of another width is refused', async () => {
    const inputs = { conditioning_to: [item(1, 1, 2)], conditioning_from: [item(1, 1, 3)] }
    const concat = async () => conditioningConcat.run(inputs, context)
    await expect(concat()).rejects.toThrow(/same CLIP/)
    const average = async () =>
      conditioningAverage.run({ ...inputs, conditioning_to_strength: 0.5 }, context)
    await expect(average()).rejects.toThrow(/same CLIP/)
  })

  test('zeroes without touching the original', async () => {
    const conditioning = [item(3)]
    const out = await first(conditioningZeroOut.run({ conditioning }, context))
    expect([...numbers(out.cond), ...numbers(out.pooled)]).toEqual([0, 0, 0, 0])
    expect(numbers(conditioning[0]!.cond)).toEqual([3, 3])
  })

  test('carries area, mask and range', async () => {
    const rectangle = { width: 128, height: 64, x: 24, y: 15, strength: 0.5 }
    const area = await first(
      conditioningSetArea.run({ conditioning: [item(1)], ...rectangle }, context),
    )
    expect(area.area).toEqual({ width: 16, height: 8, x: 3, y: 1, unit: 'latent' })
    expect(area.strength).toBe(0.5)
    const mask = tensor([1, 2, 2])
    const masked = await first(
      conditioningSetMask.run(
        { conditioning: [area], mask, strength: 2, set_cond_area: 'mask bounds' },
        context,
      ),
    )
    expect(masked).toMatchObject({ mask, maskStrength: 2, setAreaToBounds: true, strength: 0.5 })
    const ranged = await first(
      conditioningSetTimestepRange.run({ conditioning: [masked], start: 0.2, end: 0.8 }, context),
    )
    expect(ranged).toMatchObject({ mask, start: 0.2, end: 0.8 })
  })
})
