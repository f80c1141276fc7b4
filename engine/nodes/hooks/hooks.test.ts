import { describe, expect, test } from 'vitest'
import type { Adapter, Conditioning, DiffusionModel, TextEncoderModel } from '../../models/kinds.ts'
import { prepareConditions } from '../../sampling/conditions.ts'
import { prompt, stubModel } from '../../sampling/fixtures/stub-model.ts'
import { askSides } from '../../sampling/guidance.ts'
import { type Hooks, strengthsAt } from '../../sampling/hooks.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { nodeTypes } from '../index.ts'

const models = { path: (folder: string, name: string) => `/models/${folder}/${name}` }
const context = { models } as unknown as RunContext

const run = (type: string, inputs: Record<string, unknown>) =>
  // biome-ignore lint/suspicious/noExplicitAny: outputs of nodes that are looked up by name
  nodeTypes.get(type)!.run(inputs, context) as Record<string, any>

/** A model whose answer is the prompt's number plus the strengths of all LoRAs on it. */
function adaptable(adapters: readonly Adapter[] = []): DiffusionModel & { looks: number } {
  const plain = stubModel()
  const more = adapters.reduce((sum, { strength }) => sum + strength, 0)
  const model = {
    ...plain,
    looks: 0,
    withAdapter: (adapter: Adapter) => adaptable([...adapters, adapter]),
    async network() {
      const network = await plain.network()
      return {
        ...network,
        async forward(input: Parameters<typeof network.forward>[0]) {
          model.looks++
          const out = await network.forward(input)
          return tensor(
            out.shape,
            out.data.map(value => value + more),
          )
        },
      }
    },
  }
  return model as unknown as DiffusionModel & { looks: number }
}

const shape = [1, 4, 8, 8]
/** The network's answer for each side, read back from x0 = x − σ·answer. */
async function answers(model: DiffusionModel, sides: Conditioning[], sigma = 1) {
  const prompts = sides.map((conditioning, i) => ({
    role: i === 0 ? ('positive' as const) : ('negative' as const),
    conditioning,
  }))
  const conditions = prepareConditions(model, prompts, shape)
  const x = tensor(shape)
  const network = await model.network()
  const got = await askSides(network, model.sampling, conditions, x, sigma)
  return got.map(values => +(-values[0]! / sigma).toFixed(4))
}

const lora = (strength: number, more: Record<string, unknown> = {}): Hooks =>
  run('CreateHookLoraModelOnly', { lora_name: 'a.safetensors', strength_model: strength, ...more })
    .HOOKS
const set = (conditioning: Conditioning, more: Record<string, unknown>): Conditioning =>
  run('ConditioningSetProperties', {
    cond_NEW: conditioning,
    strength: 1,
    set_cond_area: 'default',
    ...more,
  }).CONDITIONING

describe('prompts with hooks', () => {
  test('are asked of the model with those LoRAs, the others of the model as it is', async () => {
    const hooked = set([prompt(2)], { hooks: lora(0.5) })
    expect(await answers(adaptable(), [hooked, [prompt(1)]])).toEqual([2.5, 1])
    expect(
      await answers(adaptable(), [[prompt(2)], set([prompt(1)], { hooks: lora(0.5) })]),
    ).toEqual([2, 1.5])
  })

  test('stack on the LoRAs of the model', async () => {
    const model = adaptable([{ file: 'b', strength: 10 }])
    expect(await answers(model, [set([prompt(2)], { hooks: lora(0.5) }), []])).toEqual([12.5, 0])
  })

  test('share a look at the network where their hooks are equal, and only there', async () => {
    const together = adaptable()
    await answers(together, [[prompt(2)], [prompt(1)]])
    expect(together.looks).toBe(1)
    const apart = adaptable()
    await answers(apart, [set([prompt(2)], { hooks: lora(0.5) }), [prompt(1)]])
    // The look at the changed network is counted by that one.
    expect(apart.looks).toBe(1)
    const both = [set([prompt(2)], { hooks: lora(0.5) }), set([prompt(1)], { hooks: lora(0.5) })]
    const [first, second] = prepareConditions(
      apart,
      both.map(conditioning => ({ role: 'positive' as const, conditioning })),
      shape,
    )
    expect(first![0]!.network).toBe(second![0]!.network)
  })

  test('follow their keyframes through the run', async () => {
    const { HOOK_KF: first } = run('CreateHookKeyframe', { strength_mult: 0, start_percent: 0.5 })
    const { HOOK_KF } = run('CreateHookKeyframe', {
      strength_mult: 2,
      start_percent: 0.25,
      prev_hook_kf: first,
    })
    expect(HOOK_KF).toEqual([
      { start: 0.25, multiplier: 2 },
      { start: 0.5, multiplier: 0 },
    ])
    const { HOOKS } = run('SetHookKeyframes', { hooks: lora(0.5), hook_kf: HOOK_KF })
    const model = adaptable()
    const sigmaAt = (share: number) => model.sampling.percentToSigma(share)
    const hooked = set([prompt(2)], { hooks: HOOKS })
    const at = async (share: number) => (await answers(model, [hooked, []], sigmaAt(share)))[0]
    expect(await Promise.all([0.1, 0.25, 0.4, 0.6].map(at))).toEqual([2.5, 3, 3, 2])
    expect(strengthsAt(HOOKS, model.sampling, sigmaAt(0.3))).toEqual([1])
  })
})

test.each([
  ['linear', [0, 0.5, 1]],
  ['ease_in', [0, 0.25, 1]],
  ['ease_out', [0, 0.75, 1]],
  ['ease_in_out', [0, 0.5, 1]],
])('CreateHookKeyframesInterpolated, %s', (interpolation, multipliers) => {
  const { HOOK_KF } = run('CreateHookKeyframesInterpolated', {
    strength_start: 0,
    strength_end: 1,
    interpolation,
    start_percent: 0.2,
    end_percent: 0.6,
    keyframes_count: 3,
  })
  const starts = [0.2, 0.4, 0.6]
  expect(HOOK_KF).toEqual(
    starts.map((start, i) => ({ start: expect.closeTo(start, 9), multiplier: multipliers[i] })),
  )
})

test('CreateHookKeyframesFromFloats spreads a list evenly, after what holds besides', () => {
  const ends = { start_percent: 0.2, end_percent: 0.6 }
  const spread = (floats_strength: unknown, prev_hook_kf?: unknown) =>
    run('CreateHookKeyframesFromFloats', { floats_strength, ...ends, prev_hook_kf }).HOOK_KF
  expect(spread([0, 3, 1])).toEqual(
    [0, 3, 1].map((multiplier, i) => ({ start: expect.closeTo(0.2 + 0.2 * i, 9), multiplier })),
  )
  const before = { start: 0.1, multiplier: 5 }
  expect(spread(2, [before])).toEqual([before, { start: 0.2, multiplier: 2 }])
})

describe('sets of hooks', () => {
  const hook = (model: number, clip = 0) => ({ file: '/models/loras/a.safetensors', model, clip })

  test('CreateHookLora adds to what comes before; at strength 0 it adds nothing', () => {
    const inputs = { lora_name: 'a.safetensors', strength_model: 1, strength_clip: 0.5 }
    expect(run('CreateHookLora', { ...inputs, prev_hooks: lora(2) }).HOOKS).toEqual([
      hook(2),
      hook(1, 0.5),
    ])
    expect(run('CreateHookLora', { ...inputs, strength_model: 0, strength_clip: 0 }).HOOKS).toEqual(
      [],
    )
  })

  test.each(['CombineHooks2', 'CombineHooks4', 'CombineHooks8'])('%s joins them in order', type => {
    expect(run(type, { hooks_B: lora(2), hooks_A: undefined }).HOOKS).toEqual([hook(2)])
    expect(run(type, { hooks_A: lora(1), hooks_B: lora(2) }).HOOKS).toEqual([hook(1), hook(2)])
  })

  test('a checkpoint as a hook is marked as one', () => {
    const inputs = { ckpt_name: 'b.safetensors', strength_model: 0.7, prev_hooks: lora(2) }
    const file = '/models/checkpoints/b.safetensors'
    expect(run('CreateHookModelAsLora', { ...inputs, strength_clip: 0.2 }).HOOKS).toEqual([
      hook(2),
      { file, whole: true, model: 0.7, clip: 0.2 },
    ])
    expect(run('CreateHookModelAsLoraModelOnly', inputs).HOOKS).toEqual([
      hook(2),
      { file, whole: true, model: 0.7, clip: 0 },
    ])
    const none = { ...inputs, strength_model: 0, strength_clip: 0 }
    expect(run('CreateHookModelAsLora', none).HOOKS).toEqual([hook(2)])
    expect(run('CreateHookModelAsLoraModelOnly', none).HOOKS).toEqual([hook(2)])
  })
})

describe('SetClipHooks', () => {
  /** Its answer is the sum of the strengths of all adapters on it. */
  const summing = (sum = 0): TextEncoderModel =>
    ({
      withAdapter: ({ strength }: Adapter) => summing(sum + strength),
      withStopAtLayer: (layer: number) => summing(sum + 100 * layer),
      encode: async () => ({ cond: tensor([1, 1, 1], Float32Array.of(sum)) }),
      encodeSeeing: async () => ({ cond: tensor([1, 1, 1], Float32Array.of(sum)) }),
    }) as unknown as TextEncoderModel
  const inputs = { lora_name: 'a.safetensors', strength_model: 1, strength_clip: 0.5 }
  const { HOOKS } = run('CreateHookLora', inputs)
  const keyframe = (strength_mult: number, start_percent: number, prev_hook_kf?: unknown) =>
    run('CreateHookKeyframe', { strength_mult, start_percent, prev_hook_kf }).HOOK_KF
  const timed = (hook_kf: unknown) => run('SetHookKeyframes', { hooks: HOOKS, hook_kf }).HOOKS
  const set = (hooks: Hooks, schedule_clip: boolean, apply_to_conds = true): TextEncoderModel =>
    run('SetClipHooks', { clip: summing(), hooks, schedule_clip, apply_to_conds }).CLIP
  const read = async (clip: TextEncoderModel) => {
    const { CONDITIONING } = await run('CLIPTextEncode', { text: 'x', clip })
    return (CONDITIONING as Conditioning).map(({ cond, hooks, textRange }) => ({
      sum: cond.data[0],
      hooks,
      textRange,
    }))
  }

  test('puts hooks on the text encoder, and on what it reads if wanted', async () => {
    expect(await read(set(HOOKS, false))).toEqual([{ sum: 0.5, hooks: HOOKS }])
    expect(await read(set(HOOKS, false, false))).toEqual([{ sum: 0.5 }])
    const carrying = set(HOOKS, false)
    expect(await carrying.encodeSeeing!('x', [])).toHaveProperty('hooks', HOOKS)
    expect(await read(carrying.withStopAtLayer(-2))).toEqual([{ sum: -199.5, hooks: HOOKS }])
    expect(await read(set([], true))).toEqual([{ sum: 0 }])
  })

  test('reads a prompt for each stretch of the keyframes', async () => {
    const hooks = timed(keyframe(2, 0.25, keyframe(0, 0.5, keyframe(0, 0.75))))
    const stretches = [
      { sum: 0.5, hooks, textRange: { start: 0, end: 0.25 } },
      { sum: 1, hooks, textRange: { start: 0.25, end: 0.5 } },
      // Two keyframes of one strength are one stretch.
      { sum: 0, hooks, textRange: { start: 0.5, end: 1 } },
    ]
    expect(await read(set(hooks, true))).toEqual(stretches)
    expect(await read(set(hooks, true, false))).toEqual(
      stretches.map(({ sum, textRange }) => ({ sum, textRange })),
    )
    expect(await read(set(hooks, true).withStopAtLayer(-1))).toEqual(
      stretches.map(stretch => ({ ...stretch, sum: stretch.sum - 100 })),
    )
    expect(await read(set(hooks, false))).toEqual([{ sum: 0.5, hooks }])
    expect(await read(set(timed(keyframe(1, 0.5)), true))).toHaveLength(1)
  })

  test('each stretch acts in its part of the run, within the range of its prompt', async () => {
    const model = adaptable()
    const item = (value: number, start: number, end: number, more = {}) => ({
      ...prompt(value),
      textRange: { start, end },
      ...more,
    })
    const at = async (share: number, side: Conditioning) =>
      (await answers(model, [side, []], model.sampling.percentToSigma(share)))[0]
    const side = [item(1, 0, 0.5), item(2, 0.5, 1)]
    expect(await Promise.all([0.1, 0.4, 0.6, 0.9].map(share => at(share, side)))).toEqual([
      1, 1, 2, 2,
    ])
    const within = side.map(one => ({ ...one, start: 0.25, end: 0.75 }))
    expect(await Promise.all([0.1, 0.4, 0.6, 0.9].map(share => at(share, within)))).toEqual([
      0, 1, 2, 0,
    ])
  })
})

describe('work before a network with hooks', () => {
  const hooked = set([prompt(2)], { hooks: lora(0.5) })
  const prepared = (model: DiffusionModel) =>
    prepareConditions(model, [{ role: 'positive', conditioning: hooked }], shape)

  test('is watched, and one that was given up is begun anew', async () => {
    let tries = 0
    const given: unknown[] = []
    const model = adaptable()
    const inner = model.withAdapter({ file: 'a', strength: 0.5 })
    model.withAdapter = () => ({
      ...inner,
      async network(latent, watch) {
        given.push(watch)
        if (++tries === 1) throw new Error('given up')
        return inner.network(latent)
      },
    })
    const network = await model.network()
    const work = { progress: () => {} }
    const ask = () => askSides(network, model.sampling, prepared(model), tensor(shape), 1, { work })
    await expect(ask()).rejects.toThrow('given up')
    expect(-(await ask())[0]![0]!).toBeCloseTo(2.5)
    await ask()
    expect(given).toEqual([work, work])
  })

  test('leaves out of it what guidance wants left out', async () => {
    const seen: unknown[] = []
    const model = adaptable()
    const plain = await model.network()
    model.withAdapter = () => ({
      ...model,
      network: async () => ({
        ...plain,
        async forward(input) {
          seen.push(input.without)
          return plain.forward(input)
        },
      }),
    })
    const without = { middleAttention: true }
    await askSides(plain, model.sampling, prepared(model), tensor(shape), 1, { without })
    expect(seen).toEqual([without])
  })
})

describe('properties of prompts', () => {
  const mask = tensor([1, 2, 2])
  const range = run('ConditioningTimestepsRange', { start_percent: 0.2, end_percent: 0.7 })
  const properties = {
    strength: 0.5,
    set_cond_area: 'mask bounds',
    mask,
    timesteps: range.TIMESTEPS_RANGE,
    hooks: lora(1),
  }
  const changed = {
    mask,
    maskStrength: 0.5,
    setAreaToBounds: true,
    start: 0.2,
    end: 0.7,
    hooks: lora(1),
  }
  const [a, b, c, d] = [1, 2, 3, 4].map(value => prompt(value))

  test('ConditioningTimestepsRange gives what lies before and after too', () => {
    expect(range).toEqual({
      TIMESTEPS_RANGE: { start: 0.2, end: 0.7 },
      BEFORE_RANGE: { start: 0, end: 0.2 },
      AFTER_RANGE: { start: 0.7, end: 1 },
    })
  })

  test.each([
    [
      'ConditioningSetProperties',
      { cond_NEW: [a], ...properties },
      { CONDITIONING: [{ ...a, ...changed }] },
    ],
    [
      'ConditioningSetPropertiesAndCombine',
      { cond: [b], cond_NEW: [a], ...properties },
      { CONDITIONING: [b, { ...a, ...changed }] },
    ],
    [
      'PairConditioningSetProperties',
      { positive_NEW: [a], negative_NEW: [b], ...properties },
      { positive: [{ ...a, ...changed }], negative: [{ ...b, ...changed }] },
    ],
    [
      'PairConditioningSetPropertiesAndCombine',
      { positive: [c], negative: [d], positive_NEW: [a], negative_NEW: [b], ...properties },
      { positive: [c, { ...a, ...changed }], negative: [d, { ...b, ...changed }] },
    ],
    [
      'PairConditioningCombine',
      { positive_A: [a], negative_A: [b], positive_B: [c], negative_B: [d] },
      { positive: [a, c], negative: [b, d] },
    ],
  ])('%s', (type, inputs, expected) => {
    expect(run(type, inputs)).toEqual(expected)
  })
})
