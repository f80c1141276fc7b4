// Deep shrink on the small UNet, and the resizing that it does within the graph.
import { afterAll, describe, expect, test } from 'vitest'
import { resizePlanes } from '../image/resize.ts'
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph } from '../inference/onnx-graph.ts'
import { openSession, type Session } from '../inference/session.ts'
import type { RunContext } from '../nodes/define.ts'
import { patchModelAddDownscale } from '../nodes/model-patches/patch-model-add-downscale.ts'
import { resizeBislerp } from '../sampling/bislerp.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { deepShrinkFeeds, installDeepShrink } from './deep-shrink.ts'
import { addon, QuickPool, smallUnet } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, difference, rnd } from './fixtures/goldens.ts'
import { type ResizeWay, resized, resizeWays } from './graph-resize.ts'
import type { ControlResiduals, DeepShrink, DiffusionModel } from './kinds.ts'
import { changesAt } from './unet-changes.ts'

const pool = new QuickPool()
afterAll(() => pool.free())
const unet = smallUnet(pool)

const settings = {
  block_number: 3,
  downscale_factor: 2,
  start_percent: 0,
  end_percent: 0.5,
  downscale_after_skip: true,
  downscale_method: 'bicubic',
  upscale_method: 'bicubic',
} as const
const { sampling } = unet
const [early, late] = [0.2, 0.7].map(sampling.percentToSigma) as [number, number]

const shrunk = async (more: Partial<Record<keyof typeof settings, unknown>> = {}) => {
  const inputs = { model: unet, ...settings, ...more } as typeof settings & { model: typeof unet }
  return (await patchModelAddDownscale.run(inputs, {} as RunContext)).MODEL
}

async function answer(model: DiffusionModel, sigma: number, control?: ControlResiduals) {
  const network = await model.network()
  return network.forward({
    x: rnd('x', [2, 4, 16, 24]),
    timesteps: new Float32Array(2).fill(sampling.timestep(sigma)),
    sigma,
    context: rnd('context', [2, 5, 16]),
    control,
  })
}

describe('PatchModelAddDownscale', () => {
  test('is off outside its range, to the bit', async () => {
    const model = await shrunk()
    expect(await answer(model, late)).toEqual(await answer(unet, late))
    const [on, plain] = [await answer(model, early), await answer(unet, early)]
    expect(on.shape).toEqual(plain.shape)
    expect(apart(on, plain)).toBeGreaterThan(1e-3)
  })

  test('takes in both ends of its range', async () => {
    const change = { from: 4, to: 2, kind: 'deep shrink' } as DeepShrink
    const count = (sigma?: number) => changesAt([change], sigma).length
    expect([4.1, 4, 3, 2, 1.9, undefined].map(count)).toEqual([0, 1, 1, 1, 0, 1])
  })

  test('at factor 1 nothing is resized', async () => {
    for (const upscale_method of ['bicubic', 'area']) {
      const model = await shrunk({ downscale_factor: 1, upscale_method })
      expectClose(await answer(model, early), await answer(unet, early), 2e-5)
    }
  })

  test.each([true, false])('every block, what skips whole: %s', async downscale_after_skip => {
    const plain = await answer(unet, early)
    for (const block_number of [1, 2, 4]) {
      const model = await shrunk({ block_number, downscale_after_skip, downscale_factor: 1.7 })
      const got = await answer(model, early)
      expect(got.shape).toEqual(plain.shape)
      expect(apart(got, plain)).toBeGreaterThan(1e-3)
    }
  })

  test('other factors need no other session', async () => {
    await answer(await shrunk(), early)
    const open = pool.keys.length
    await answer(await shrunk({ downscale_factor: 3 }), early)
    expect(pool.keys.length).toBe(open)
  })

  test('residuals for the whole picture are left out where it is smaller', async () => {
    const control = {
      output: [rnd('c0', [2, 32, 16, 24]), ...Array<undefined>(4), rnd('c5', [2, 64, 8, 12])],
      middle: [rnd('m', [2, 64, 8, 12])],
    }
    const model = await shrunk({ block_number: 1 })
    const both = await answer(model, early, control)
    expect(both).toEqual(await answer(model, early, { output: control.output.slice(0, 1) }))
    expect(apart(both, await answer(model, early))).toBeGreaterThan(1e-4)
  })

  test('tiles are not cut while the picture is shrunk', () => {
    const tiles = { kind: 'hypertile', tileSize: 32, maxDepth: 1, scaleDepth: false } as const
    const change = { from: 4, to: 2, kind: 'deep shrink' } as DeepShrink
    expect(changesAt([tiles, change], 3)).toEqual([change])
    expect(changesAt([tiles, change], 1)).toEqual([tiles])
  })
})

test('the picture is smaller after its block and as large as what skips on the way up', async () => {
  const graph = new OnnxGraph()
  const h = graph.input('h', DataType.float, ['B', 'C', 'H', 'W'])
  const skip = graph.input('skip', DataType.float, ['B', 'C', 'h', 'w'])
  const change: DeepShrink = {
    ...{ kind: 'deep shrink', block: 3, factor: 2.5, from: 9, to: 0, afterSkip: true },
    ...{ down: 'bilinear', up: 'nearest-exact' },
  }
  const hooks = installDeepShrink(new Layers(graph, addon('unet')), 'change0', change)
  expect(hooks.beforeSkip).toBeUndefined()
  expect(hooks.afterSkip!(h, 2)).toBe(h)
  graph.output('down', hooks.afterSkip!(h, 3), ['B', 'C', 'a', 'b'])
  graph.output('up', hooks.join!(h, skip, 3)[0], ['B', 'C', 'c', 'd'])
  const session = await openSession(graph)
  const feeds = { h: rnd('h', [1, 3, 9, 11]), skip: tensor([1, 3, 20, 8]) }
  const { down, up } = await session.run({ ...feeds, ...deepShrinkFeeds('change0', change) })
  await session.release()
  // 9 / 2.5 = 3.6 and 11 / 2.5 = 4.4
  expectClose(down!, resizePlanes(feeds.h, 4, 4, 'bilinear'), 1e-5)
  expect(difference(up!, resizePlanes(feeds.h, 8, 20, 'nearest-exact'))).toBe(0)
})

describe('resizing in a graph', () => {
  async function opened(way: ResizeWay): Promise<Session> {
    const graph = new OnnxGraph()
    const x = graph.input('x', DataType.float, ['B', 'C', 'H', 'W'])
    const size = graph.input('size', DataType.int64, [2])
    graph.output('out', resized(graph, x, size, way), ['B', 'C', 'h', 'w'])
    return openSession(graph)
  }
  const byPixels = (x: Tensor, way: ResizeWay, width: number, height: number): Tensor =>
    way === 'bislerp' ? resizeBislerp(x, width, height) : resizePlanes(x, width, height, way)

  test.each(resizeWays)('%s as for pictures', async way => {
    const session = await opened(way)
    const x = rnd('picture', [2, 3, 7, 10])
    x.data.fill(0, 0, 5)
    for (const [height, width] of [
      [3, 5],
      [7, 10],
      [13, 11],
      [1, 30],
    ] as const) {
      const size = { shape: [2], data: BigInt64Array.of(BigInt(height), BigInt(width)) }
      const { out } = await session.run({ x, size })
      expectClose(out!, byPixels(x, way, width, height), 2e-5)
    }
    await session.release()
  })
})
