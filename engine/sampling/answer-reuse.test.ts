import { describe, expect, test, vi } from 'vitest'
import type { DiffusionModel } from '../models/kinds.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { type AnswerReuse, ChangeEstimate, NetworkReuse } from './answer-reuse.ts'
import { prompt, type StubModel, stubModel } from './fixtures/stub-model.ts'
import { sample } from './sample.ts'
import type { SamplerName } from './samplers/registry.ts'
import { runSigmas } from './schedules.ts'

const row = (...values: number[]): Tensor =>
  tensor([1, 1, 1, values.length], Float32Array.of(...values))
const { sampling } = stubModel()
const options: AnswerReuse = { threshold: 0.11, start: 0, end: 1 }

test('an answer is expected to change as it did last', () => {
  const estimate = new ChangeEstimate(0.11)
  const at = (x: number) => estimate.holds(Float32Array.of(x, -x))
  const took = (x: number, y: number) =>
    estimate.took(Float32Array.of(x, -x), Float32Array.of(y, -y))
  expect(at(1)).toBe(false)
  took(1, 2)
  // Nothing is known yet of how it changes.
  expect(at(2)).toBe(false)
  took(2, 5)
  // Three times as much as x does, of 5.
  expect(at(2.1)).toBe(true)
  expect(estimate.change).toBeCloseTo((3 * 0.1) / 5, 5)
  // Summed up: 0.12.
  expect(at(2.2)).toBe(false)
  took(2.2, 5.1)
  expect(estimate.change).toBe(0)
  expect(at(2.3)).toBe(true)
  expect(estimate.change).toBeCloseTo((0.5 * 0.1) / 5.1, 4)
})

describe('a network’s answers', () => {
  const doubled = async (x: Tensor) =>
    tensor(
      x.shape,
      x.data.map(value => value * 2),
    )

  test('stand in, moved along with x, for each that asks', async () => {
    const reuse = new NetworkReuse(options, sampling)
    const [cond, uncond] = [{}, {}]
    const look = async (a: number, b: number) => {
      reuse.begin()
      const compute = vi.fn(doubled)
      const both = row(a, b)
      const out = await reuse.answer([cond, uncond], both, 1, () => compute(both))
      return [compute.mock.calls.length, ...Array.from(out.data, value => +value.toFixed(4))]
    }
    expect(await look(1, 10)).toEqual([1, 2, 20])
    expect(await look(2, 20)).toEqual([1, 4, 40])
    // 2 · 0.1 / 4 of 0.11; residuals are 2 and 20.
    expect(await look(2.1, 21)).toEqual([0, 4.1, 41])
    expect(await look(2.2, 30)).toEqual([0, 4.2, 50])
    expect(await look(2.3, 40)).toEqual([1, 4.6, 80])
  })

  test('are decided on once a look', async () => {
    const reuse = new NetworkReuse({ ...options, threshold: 3 }, sampling)
    const [cond, uncond, late] = [{}, {}, {}]
    const ask = async (who: object, x: number) => {
      const compute = vi.fn(doubled)
      await reuse.answer([who], row(x), 1, () => compute(row(x)))
      return compute.mock.calls.length
    }
    for (const x of [1, 2]) {
      reuse.begin()
      expect([await ask(cond, x), await ask(uncond, x)]).toEqual([1, 1])
    }
    reuse.begin()
    // One that was not asked before has nothing that could stand in.
    expect([await ask(cond, 2.1), await ask(uncond, 99), await ask(late, 2.1)]).toEqual([0, 0, 1])
  })

  test('are computed outside the range', async () => {
    const reuse = new NetworkReuse({ threshold: 3, start: 0.2, end: 0.6 }, sampling)
    const who = {}
    const computed: number[] = []
    for (const [i, share] of [0, 0.1, 0.15, 0.3, 0.5, 0.7, 0.8].entries()) {
      const x = row(1 + i / 10)
      reuse.begin()
      await reuse.answer([who], x, sampling.percentToSigma(share), () => {
        computed.push(share)
        return doubled(x)
      })
    }
    expect(computed).toEqual([0, 0.1, 0.15, 0.7, 0.8])
  })
})

/** How often a run asked its network, and what came of it. */
async function run(type: 'EasyCache' | 'LazyCache', changes = {}, sampler: SamplerName = 'euler') {
  const stub = moving()
  const widgets = { reuse_threshold: 3, start_percent: 0, end_percent: 1, verbose: false }
  const inputs = { model: stub, ...widgets, ...changes }
  const { MODEL } = (await nodeTypes.get(type)!.run(inputs, {} as RunContext)) as {
    MODEL: DiffusionModel
  }
  return { ...(await drawn(MODEL, stub, sampler)), again: () => drawn(MODEL, stub, sampler) }
}

/** Answers prompts by number, plus a share of x. */
function moving(): StubModel {
  const stub = stubModel()
  const plain = stub.network
  stub.network = async shape => {
    const network = await plain(shape)
    const forward: typeof network.forward = async input => {
      const out = await network.forward(input)
      return tensor(
        out.shape,
        out.data.map((value, i) => value * 0.01 + input.x.data[i]! * 0.9),
      )
    }
    return { ...network, forward }
  }
  return stub
}

async function drawn(model: DiffusionModel, stub: StubModel, sampler: SamplerName, abortAt = 99) {
  stub.asked.length = 0
  const sigmas = runSigmas(model.sampling, 'normal', { steps: 10 })
  const [positive, negative] = [[prompt(1)], [prompt(0, 7), prompt(2, 3)]]
  const latent = { samples: tensor([2, 4, 8, 8]) }
  const controller = new AbortController()
  const steps: number[] = []
  const watch = {
    previews: true,
    signal: controller.signal,
    progress(done: number) {
      steps.push(done)
      if (done === abortAt) controller.abort(new Error('stopped'))
    },
  }
  const picture = { model, positive, negative, latent, seed: 3n, cfg: 3, sampler, sigmas }
  const out = await sample(picture, watch)
  return { out, steps, looks: new Set(stub.asked.map(({ sigma }) => sigma)).size }
}

describe.each(['EasyCache', 'LazyCache'] as const)('%s', type => {
  test('at threshold 0 leaves nothing out', async () => {
    const stub = moving()
    const plain = await drawn(stub, stub, 'euler')
    const { out, looks } = await run(type, { reuse_threshold: 0 })
    expect(looks).toBe(10)
    expect(out).toEqual(plain.out)
  })

  test('leaves out more, the higher the threshold', async () => {
    const [few, many] = [await run(type, { reuse_threshold: 0.3 }), await run(type)]
    expect(few.looks).toBeLessThan(10)
    expect(many.looks).toBeLessThan(few.looks)
    expect(many.looks).toBeGreaterThanOrEqual(2)
    expect(many.steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(many.out.data.every(Number.isFinite)).toBe(true)
  })

  test('leaves out within its range only', async () => {
    const { looks } = await run(type, { start_percent: 0.9, end_percent: 0.91 })
    expect(looks).toBeGreaterThanOrEqual(9)
    expect((await run(type, { start_percent: 1 })).looks).toBe(10)
  })

  test('begins anew with each run', async () => {
    const first = await run(type, { reuse_threshold: 0.5 })
    const second = await first.again()
    expect(second.out).toEqual(first.out)
    expect(second.looks).toBe(first.looks)
  })

  test.each(['heun', 'euler_ancestral_cfg_pp', 'dpmpp_2m_sde'] as const)(
    'runs with %s',
    async s => {
      const { out, looks } = await run(type, { reuse_threshold: 1 }, s)
      expect(looks).toBeLessThan(10)
      expect(out.data.every(Number.isFinite)).toBe(true)
    },
  )

  test('stops when it is told', async () => {
    const stub = moving()
    const inputs = { model: stub, reuse_threshold: 3, start_percent: 0, end_percent: 1 }
    const { MODEL } = await nodeTypes.get(type)!.run(inputs, {} as RunContext)
    await expect(drawn(MODEL as DiffusionModel, stub, 'euler', 5)).rejects.toThrow('stopped')
  })

  test('tells what it leaves out', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    try {
      const { looks } = await run(type, { verbose: true })
      expect(write).toHaveBeenCalledTimes(10 - looks)
      expect(write.mock.calls[0]![0]).toContain(`${type}: left out the look`)
    } finally {
      write.mockRestore()
    }
  })
})
