// FreeU and HyperTile on a small UNet: FreeU against its authors' code in diffusers' UNet, HyperTile
// against attention within tiles that were cut by hand.
import { afterAll, describe, expect, test } from 'vitest'
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph } from '../inference/onnx-graph.ts'
import { openSession } from '../inference/session.ts'
import type { RunContext } from '../nodes/define.ts'
import { freeU } from '../nodes/model-patches/free-u.ts'
import { freeUV2 } from '../nodes/model-patches/free-u-v2.ts'
import { hyperTile } from '../nodes/model-patches/hyper-tile.ts'
import { withGuidance } from '../sampling/model-patches.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { addon, expected, QuickPool, smallUnet } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { hyperTileFeeds, installHyperTile, tiling } from './hypertile.ts'
import type { DiffusionModel, HyperTile } from './kinds.ts'

const pool = new QuickPool()
afterAll(() => pool.free())
const unet = smallUnet(pool)
const context = {} as RunContext
const tolerance = 5e-5

async function answer(model: DiffusionModel, odd = false): Promise<Tensor> {
  const network = await model.network()
  const batch = odd ? 1 : 2
  const text = rnd('context', [2, 5, 16])
  return network.forward({
    x: odd ? rnd('x', [1, 4, 10, 14]) : rnd('x', [2, 4, 16, 16]),
    timesteps: new Float32Array(batch).fill(500),
    context: tensor([batch, 5, 16], text.data.slice(0, batch * 80)),
  })
}

test('the small UNet is diffusers’', async () => {
  expectClose(await answer(unet), expected('unet'), tolerance)
  expectClose(await answer(unet, true), expected('unet.odd'), tolerance)
})

describe('FreeU', () => {
  const numbers = { b1: 1.3, b2: 1.4, s1: 0.9, s2: 0.2 }

  test.each([
    [1, freeU],
    [2, freeUV2],
  ] as const)('version %d as its authors have it, odd sizes too', async (version, node) => {
    const { MODEL } = await node.run({ model: unet, ...numbers }, context)
    const [even, odd] = [await answer(MODEL), await answer(MODEL, true)]
    expectClose(even, expected(`freeu.${version}`), tolerance)
    expectClose(odd, expected(`freeu.${version}.odd`), tolerance)
    expect(apart(even, expected('unet'))).toBeGreaterThan(1e-2)
  })

  test('other numbers need no other session, and ones change nothing', async () => {
    const open = pool.keys.length
    const ones = { b1: 1, b2: 1, s1: 1, s2: 1 }
    for (const node of [freeU, freeUV2]) {
      const { MODEL } = await node.run({ model: unet, ...ones }, context)
      expectClose(await answer(MODEL), expected('unet'), 5e-6)
    }
    // Each version's session without other inputs is opened in advance.
    expect(pool.keys.length).toBe(open)
  })

  test('stays when the model gets patches', async () => {
    const patched = withGuidance(unet, () => ({}))
    const { MODEL } = await freeU.run({ model: patched, ...numbers }, context)
    expect(MODEL.patches?.guidance).toHaveLength(1)
    expect(await answer(MODEL)).toEqual(await answer(unet.withChange(freeUOf(numbers))))
  })

  const freeUOf = ({ b1, b2, s1, s2 }: typeof numbers) =>
    ({ kind: 'freeu', version: 1, backbone: [b1, b2], skip: [s1, s2] }) as const

  test('is for UNets', () => {
    const model = { ...unet, withChange: undefined } as unknown as DiffusionModel
    expect(() => freeU.run({ model, ...numbers }, context)).toThrow(/FreeU works with UNet/)
  })
})

describe('HyperTile', () => {
  const change: HyperTile = { kind: 'hypertile', tileSize: 32, maxDepth: 1, scaleDepth: false }

  test('cuts a picture into as many tiles as the least side allows', () => {
    expect(tiling(change, [1, 4, 16, 16], 0)).toEqual({ split: [4, 4, 4, 4], tokens: 16 })
    expect(tiling(change, [1, 4, 16, 16], 1)).toEqual({ split: [2, 4, 2, 4], tokens: 16 })
    // 7 has no divisor of at least 4 but itself; odd sides are left whole once halved.
    expect(tiling(change, [1, 4, 7, 7], 0)).toEqual({ split: [1, 7, 1, 7], tokens: 49 })
    expect(tiling(change, [1, 4, 7, 9], 1)).toEqual({ split: [1, 20, 1, 1], tokens: 20 })
    expect(tiling({ ...change, scaleDepth: true }, [1, 4, 16, 16], 1).tokens).toBe(64)
  })

  test('does within each tile what it would do with the whole', async () => {
    const graph = new OnnxGraph()
    const layers = new Layers(graph, addon('unet'))
    const tokens = graph.input('tokens', DataType.float, ['B', 'N', 2])
    const hooks = installHyperTile(layers, 'tile', 0)
    // Each token less the mean of its tile: what it is compared with can be seen.
    const out = hooks.selfAttention!(tokens, 0, tile =>
      graph.op('Sub', [tile, graph.op('ReduceMean', [tile, graph.ints([1])], { keepdims: 1 })]),
    )
    graph.output('out', out, ['B', 'N', 2])
    const side = 8
    const given = rnd('tokens', [2, side * side, 2])
    const session = await openSession(graph)
    const feeds = hyperTileFeeds('tile', { ...change, maxDepth: 0 }, [2, 4, side, side])
    const got = (await session.run({ tokens: given, ...feeds })).out!
    await session.release()
    const want = tensor(given.shape, Float32Array.from(given.data))
    const at = (b: number, row: number, column: number, c: number) =>
      ((b * side + row) * side + column) * 2 + c
    for (const b of [0, 1])
      for (const c of [0, 1])
        for (const top of [0, 4])
          for (const left of [0, 4]) {
            const places = Array.from({ length: 16 }, (_, i) =>
              at(b, top + (i >> 2), left + (i & 3), c),
            )
            const mean = places.reduce((sum, place) => sum + given.data[place]!, 0) / 16
            for (const place of places) want.data[place]! -= mean
          }
    expectClose(got, want, 1e-6)
  })

  test('changes a picture of several tiles, not one that is a single tile', async () => {
    const run = async (tile_size: number) => {
      const inputs = { model: unet, tile_size, swap_size: 2, max_depth: 1, scale_depth: false }
      return answer((await hyperTile.run(inputs, context)).MODEL)
    }
    expectClose(await run(128), expected('unet'), tolerance)
    expect(apart(await run(32), expected('unet'))).toBeGreaterThan(1e-3)
  })
})
