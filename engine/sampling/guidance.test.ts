import { describe, expect, test } from 'vitest'
import type { ConditioningItem } from '../models/kinds.ts'
import { tensor } from '../tensor.ts'
import { prepareConditions } from './conditions.ts'
import { prompt, stubModel } from './fixtures/stub-model.ts'
import { askSides } from './guidance.ts'
import { cfgGuider } from './guiders.ts'

const shape = [1, 4, 16, 16]
/** With σ = 1 and x = 0, x0 is minus the prompt's number. */
async function x0(
  positive: ConditioningItem[],
  negative: ConditioningItem[],
  { cfg = 1, sigma = 1, batch = 1, both = false } = {},
) {
  const model = stubModel()
  const whole = [batch, ...shape.slice(1)]
  const guider = cfgGuider(model, positive, negative, cfg)
  const sides = prepareConditions(model, guider.prompts, whole)
  const network = await model.network()
  const x = tensor(whole)
  const moment = {
    x,
    sigma,
    sampling: model.sampling,
    askOwn: (...places: number[]) =>
      askSides(
        network,
        model.sampling,
        places.map(place => sides[place]!),
        x,
        sigma,
      ),
    ask: () => Promise.reject(new Error('not asked here')),
    askWeakened: () => Promise.reject(new Error('not asked here')),
    negative: {
      attention: () => undefined,
      ask: () => Promise.reject(new Error('not asked here')),
    },
  }
  const guided = await guider.begin()(moment, both)
  return {
    ...guided,
    asked: model.asked,
    at: (x: number, y: number) => -guided.denoised[y * 16 + x]!,
  }
}

describe('guidance', () => {
  test('moves away from the negative', async () => {
    const { at, asked } = await x0([prompt(3)], [prompt(1)], { cfg: 5 })
    expect(at(0, 0)).toBeCloseTo(1 + 5 * (3 - 1), 5)
    expect(asked).toHaveLength(1)
    expect(asked[0]!.x.shape).toEqual([2, 4, 16, 16])
  })

  test('leaves the negative out at cfg 1, unless it is asked for', async () => {
    const one = await x0([prompt(3)], [prompt(1)])
    expect(one.asked.map(({ x }) => x.shape[0])).toEqual([1])
    expect(one.at(0, 0)).toBeCloseTo(3, 5)
    const both = await x0([prompt(3)], [prompt(1)], { both: true })
    expect(both.asked.map(({ x }) => x.shape[0])).toEqual([2])
    expect(both.uncond[0]).toBeCloseTo(-1, 5)
    expect(both.at(0, 0)).toBeCloseTo(3, 5)
  })

  test('repeats a short prompt to the length of a long one', async () => {
    const { asked } = await x0([prompt(3, 6)], [prompt(1, 4)], { cfg: 2 })
    expect(asked[0]!.context.shape).toEqual([2, 12, 3])
  })

  test('asks twice when lengths have no short common multiple', async () => {
    const { asked } = await x0([prompt(3, 7)], [prompt(1, 5)], { cfg: 2 })
    expect(asked.map(({ context }) => context.shape[1])).toEqual([7, 5])
  })

  test('gives every image of a batch the prompt', async () => {
    const { asked } = await x0([prompt(3)], [prompt(1)], { cfg: 2, batch: 3 })
    expect(asked[0]!.context.shape).toEqual([6, 2, 3])
    expect([...asked[0]!.timesteps].every(t => t === asked[0]!.timesteps[0])).toBe(true)
  })

  test('does not run more at once than memory allows', async () => {
    const { asked } = await x0([prompt(3)], [prompt(1)], { cfg: 2, batch: 60 })
    expect(asked.map(({ x }) => x.shape[0])).toEqual([60, 60])
  })
})

describe('several prompts on one side', () => {
  test('are averaged by strength', async () => {
    const { at } = await x0([prompt(1), { ...prompt(4), strength: 2 }], [])
    expect(at(3, 3)).toBeCloseTo((1 + 2 * 4) / 3, 5)
  })

  const area = { x: 4, y: 0, width: 8, height: 16, unit: 'latent' as const }

  test('act in their areas, which fade at inner borders', async () => {
    const { at, asked } = await x0([prompt(1), { ...prompt(3), area }], [])
    expect(asked.map(({ x }) => x.shape.slice(2))).toEqual([
      [16, 16],
      [16, 8],
    ])
    expect(at(0, 0)).toBeCloseTo(1, 5)
    expect(at(8, 8)).toBeCloseTo(2, 5)
    // The outermost column of a border of two weighs a half.
    expect(at(4, 8)).toBeCloseTo((1 + 0.5 * 3) / 1.5, 5)
  })

  test('an area in shares is rounded to latent pixels and clipped', async () => {
    const share = { x: 0.5, y: 0.5, width: 0.9, height: 0.26, unit: 'percent' as const }
    const { asked } = await x0([{ ...prompt(3), area: share }], [])
    expect(asked[0]!.x.shape).toEqual([1, 4, 4, 8])
  })

  test('an area gets the like on the other side', async () => {
    const { asked, at } = await x0([prompt(1), { ...prompt(3), area }], [prompt(2)], { cfg: 2 })
    expect(asked.map(({ x }) => x.shape)).toEqual([
      [2, 4, 16, 16],
      [2, 4, 16, 8],
    ])
    // Both sides are averages over the same areas: 2 + 2 · ((1 + 3) / 2 − 2)
    expect(at(8, 8)).toBeCloseTo(2, 5)
  })

  const left = tensor(
    [1, 16, 16],
    Float32Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 1 : 0)),
  )

  test('act where their masks are white', async () => {
    const { at } = await x0([prompt(1), { ...prompt(4), mask: left, maskStrength: 2 }], [])
    expect(at(2, 2)).toBeCloseTo((1 + 2 * 4) / 3, 5)
    expect(at(12, 2)).toBeCloseTo(1, 5)
  })

  test('see only the box around a mask if told so', async () => {
    const { asked } = await x0([{ ...prompt(4), mask: left, setAreaToBounds: true }], [])
    expect(asked[0]!.x.shape).toEqual([1, 4, 16, 8])
  })

  test('act in their range of the run only', async () => {
    const positive = [
      { ...prompt(1), start: 0, end: 0.5 },
      { ...prompt(3), start: 0.5, end: 1 },
    ]
    expect((await x0(positive, [], { sigma: 10 })).asked).toHaveLength(1)
    const late = await x0(positive, [], { sigma: 1 })
    expect(late.at(0, 0)).toBeCloseTo(3, 5)
  })
})
