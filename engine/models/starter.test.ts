// The starter model's layout: groups, heads, pooled text and v-prediction that shapes do not tell.
// `mini-starter` has random weights; its numbers were made with the training code in PyTorch.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { difference, golden, repository } from './fixtures/goldens.ts'
import { type ModelStore, modelStore } from './store.ts'

const fixtures = resolve(import.meta.dirname, 'fixtures')
const tolerance = 5e-5

describe('a model of the starter layout against PyTorch', () => {
  let store: ModelStore
  let folder: string
  const torch = golden(join(fixtures, 'mini-starter-torch.safetensors'))

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'comfyrunner-starter-'))
    mkdirSync(join(folder, 'checkpoints'))
    copyFileSync(
      join(fixtures, 'mini-starter.safetensors'),
      join(folder, 'checkpoints/mini.safetensors'),
    )
    store = modelStore({ modelDirs: [folder], threads: 1 })
  })
  afterAll(async () => {
    await store.free()
    rmSync(folder, { recursive: true, force: true })
  })

  test('text encoder: conditioning and pooled state', async () => {
    const { clip } = await store.checkpoint('mini.safetensors')
    const { cond, pooled } = await clip!.encode('red apple')
    expectClose(cond, torch('cond'), tolerance)
    expectClose(pooled!, torch('pooled'), tolerance)
  })

  test('a layer that the text encoder lacks stands for its last', async () => {
    const { clip } = await store.checkpoint('mini.safetensors')
    const [last, beyond] = [clip!, clip!.withStopAtLayer(-24)]
    const wanted = (await last.encode('x')).cond
    expectClose((await beyond.encode('x')).cond, wanted, 1e-6)
  })

  test('UNet with pooled text, v-prediction', async () => {
    const { model } = await store.checkpoint('mini.safetensors')
    const network = await model.network()
    expect([network.adm, model.sampling.prediction, model.latent.downscale]).toEqual([16, 'v', 2])
    const cond = torch('cond')
    const context = tensor([2, 77, 16], Float32Array.of(...cond.data, ...cond.data))
    const y = torch('y')
    const out = await network.forward({
      x: torch('x'),
      timesteps: Float32Array.of(10, 700),
      context,
      y,
    })
    expectClose(out, torch('out'), tolerance)
  })

  test('without mixing, self-attention in the middle passes its values on', async () => {
    const network = await (await store.checkpoint('mini.safetensors')).model.network()
    const ask = (side: number, middleAttention: boolean) => {
      const without = { middleAttention }
      const x = tensor([1, 4, side, side])
      x.data.forEach((_, i) => {
        x.data[i] = Math.sin(i)
      })
      const y = tensor([1, 16])
      const timesteps = Float32Array.of(500)
      return network.forward({ x, timesteps, context: torch('cond'), y, without })
    }
    // The middle sees one place only, where attention has nothing to mix.
    expectClose(await ask(2, true), await ask(2, false), 1e-6)
    expect(difference(await ask(16, true), await ask(16, false))).toBeGreaterThan(1e-3)
  })

  test('pooled text becomes y; without any, zeros', async () => {
    const { model } = await store.checkpoint('mini.safetensors')
    const item = { cond: torch('cond'), pooled: torch('pooled') }
    const size = { width: 64, height: 64 }
    expect(model.admVector(item, size)).toEqual(item.pooled)
    expect(model.admVector({ cond: item.cond }, size)).toEqual(tensor([1, 16]))
  })

  test('VAE of two levels', async () => {
    const { vae } = await store.checkpoint('mini.safetensors')
    expect(vae!.downscale).toBe(2)
    expectClose(await vae!.decode(torch('latent')), torch('decoded'), tolerance)
    expectClose(await vae!.encode(torch('image')), torch('encoded'), tolerance)
  })

  test('VAE: a film of one picture is that picture, longer ones are refused', async () => {
    const { vae } = await store.checkpoint('mini.safetensors')
    const { shape, data } = torch('latent')
    const [batch, channels, ...size] = shape as [number, number, number, number]
    const film = await vae!.decode(tensor([batch, channels, 1, ...size], data))
    expectClose(film, torch('decoded'), tolerance)
    await expect(vae!.decode(tensor([1, channels, 2, 4, 4]))).rejects.toThrow(/film of 2/)
  })
})

describe('the starter model that ships', () => {
  const store = modelStore({ modelDirs: [resolve(repository, 'resources/models')] })

  test('draws what it is told: another prompt, another picture; the same prompt, the same', async () => {
    const { model, clip, vae } = await store.checkpoint('starter.safetensors')
    const network = await model.network()
    const x = tensor([1, 4, 16, 16])
    for (let i = 0; i < x.data.length; i++) x.data[i] = Math.sin(i * 12.9898) * 1.4
    const predict = async (prompt: string): Promise<Tensor> => {
      const { cond, pooled } = await clip!.encode(prompt)
      const y = model.admVector({ cond, pooled }, { width: 128, height: 128 })
      return network.forward({ x, timesteps: Float32Array.of(600), context: cond, y })
    }
    const [apple, again, whale] = [
      await predict('a red apple'),
      await predict('a red apple'),
      await predict('a whale'),
    ]
    expect(difference(again, apple)).toBe(0)
    expect(difference(whale, apple)).toBeGreaterThan(0.01)
    expect(apple.data.every(Number.isFinite)).toBe(true)
    const image = await vae!.decode(
      tensor(
        [1, 4, 16, 16],
        x.data.map(v => v / model.latent.scale),
      ),
    )
    expect(image.shape).toEqual([1, 16 * vae!.downscale, 16 * vae!.downscale, 3])
  })

  test('a picture survives encoding and decoding, and previews show its colours', async () => {
    const { model, vae } = await store.checkpoint('starter.safetensors')
    const edge = 16 * vae!.downscale
    const image = tensor([1, edge, edge, 3])
    const red = [0.9, 0.1, 0.1]
    for (let i = 0; i < image.data.length; i++) {
      const column = Math.floor(i / 3) % edge
      image.data[i] = column < edge / 2 ? red[i % 3]! : 1
    }
    const latent = await vae!.encode(image)
    const back = await vae!.decode(latent)
    const middle = (edge / 2) * edge * 3
    const left = middle + (edge / 4) * 3
    const right = middle + (edge - edge / 4) * 3
    for (let c = 0; c < 3; c++) {
      expect(Math.abs(back.data[left + c]! - red[c]!)).toBeLessThan(0.15)
      expect(Math.abs(back.data[right + c]! - 1)).toBeLessThan(0.15)
      expect(Math.abs(preview(latent, 8, 4, c) - red[c]!)).toBeLessThan(0.3)
      expect(Math.abs(preview(latent, 8, 12, c) - 1)).toBeLessThan(0.3)
    }

    /** Colour of a latent pixel in 0..1, as a preview paints it. */
    function preview({ data }: Tensor, row: number, column: number, c: number): number {
      const { rgb, rgbBias, scale } = model.latent
      const sum = rgb.reduce(
        (total, factors, z) => total + data[(z * 16 + row) * 16 + column]! * scale * factors[c]!,
        rgbBias?.[c] ?? 0,
      )
      return (sum + 1) / 2
    }
  })
})
