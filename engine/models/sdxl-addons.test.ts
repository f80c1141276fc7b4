// LoRA and ControlNet on a small SDXL of random weights, against ComfyUI 0.3.64.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withControl } from '../sampling/conditioning.ts'
import { sample } from '../sampling/sample.ts'
import { runSigmas } from '../sampling/schedules.ts'
import { type Tensor, tensor } from '../tensor.ts'
import {
  difference,
  golden,
  goldens,
  missing,
  randomModel,
  reason,
  rnd,
} from './fixtures/goldens.ts'
import type { ControlNet, DiffusionModel, TextEncoderModel } from './kinds.ts'
import { type ModelStore, modelStore } from './store.ts'

const tolerance = 5e-5
const sigma = 3.3

describe.skipIf(missing)(`add-ons of SDXL${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-sdxl-addons-'))
  let store: ModelStore
  let model: DiffusionModel
  let clip: TextEncoderModel
  let net: ControlNet

  beforeAll(async () => {
    for (const kind of ['checkpoints', 'controlnet']) mkdirSync(join(folder, kind))
    const checkpoint = randomModel('more/keys/sdxl_mini.json.gz')
    symlinkSync(checkpoint, join(folder, 'checkpoints/sdxl.safetensors'))
    const control = randomModel('more/keys/sdxl_cn_mini.json')
    symlinkSync(control, join(folder, 'controlnet/sdxl.safetensors'))
    store = modelStore({ modelDirs: [folder] })
    const loaded = await store.checkpoint('sdxl.safetensors')
    model = loaded.model
    clip = loaded.clip!
    net = await store.controlnet('sdxl.safetensors')
  }, 180_000)
  afterAll(async () => {
    await store?.free()
    rmSync(folder, { recursive: true, force: true })
  })

  const asked = (x: Tensor) => ({
    x: tensor(
      x.shape,
      x.data.map(v => v / Math.sqrt(sigma ** 2 + 1)),
    ),
    timesteps: Float32Array.of(model.sampling.timestep(sigma)),
    context: rnd('sdxl.ctx', [1, 77, 2048]),
  })

  test('a LoRA on the UNet and both text encoders', async () => {
    const file = resolve(goldens, 'more/models/loras/sdxl_kohya.safetensors')
    const want = golden('more/loras_sdxl.safetensors')
    const g = golden('more/sdxl_mini_unet.safetensors')
    const x = tensor(
      g('x').shape,
      g('x').data.map(v => v * sigma),
    )
    const network = await model.withAdapter({ file, strength: 0.8 }).network()
    const eps = await network.forward({ ...asked(x), y: g('y') })
    const got = x.data.map((v, i) => v - sigma * eps.data[i]!)
    const { cond, pooled } = await clip
      .withAdapter({ file, strength: 0.6 })
      .encode('a photo of a cat')
    expect(difference(tensor(x.shape, got), want('denoised.sigma3.3'))).toBeLessThan(tolerance)
    expect(difference(ends(cond), want('cond_first8_last8'))).toBeLessThan(tolerance)
    expect(difference(pooled!, want('pooled'))).toBeLessThan(tolerance)
  })

  const g = missing ? () => tensor([0]) : golden('more/controlnet_sdxl.safetensors')

  test('a ControlNet that takes y', async () => {
    const hint = await net.hint(g('hint_image'), 12, 8)
    const { middle, output } = await net.residuals({ ...asked(g('x_times_3.3')), y: g('y') }, hint)
    expect(output).toHaveLength(9)
    const places: [string, Tensor][] = output!.map((t, n) => [`residual.output.${n}`, t!])
    for (const [name, residual] of [...places, ['residual.middle.0', middle![0]!] as const]) {
      const want = g(`${name}.ch0_32`)
      const first = tensor(want.shape, residual.data.slice(0, want.data.length))
      expect(difference(first, want), name).toBeLessThan(tolerance)
    }
  })

  test.runIf(process.env.PARITY === 'all')('a run with it', async () => {
    const lay = withControl({ net, image: g('hint_image'), strength: 0.8, start: 0, end: 0.6 })
    const item = (name: string) => ({
      cond: rnd(`sdxl.${name}ctx`, [1, 77, 2048]),
      pooled: rnd(`sdxl.${name}pooled`, [1, 1280]),
    })
    const sides = { positive: lay([item('')]), negative: lay([item('n')]) }
    const sigmas = runSigmas(model.sampling, 'normal', { steps: 4, denoise: 1 })
    const latent = { samples: tensor([1, 4, 8, 12]) }
    const got = await sample(
      { model, ...sides, latent, seed: 42n, cfg: 7, sampler: 'euler', sigmas },
      { signal: new AbortController().signal, progress: () => {}, previews: false },
    )
    expect(difference(got, g('advanced.s0.8.0_0.6.euler.normal.4'))).toBeLessThan(1e-4)
  })
})

/** The first and last eight tokens. */
function ends({ data, shape }: Tensor): Tensor {
  const width = shape[2]!
  const both = [...data.slice(0, 8 * width), ...data.slice(data.length - 8 * width)]
  return tensor([1, 16, width], Float32Array.from(both))
}
