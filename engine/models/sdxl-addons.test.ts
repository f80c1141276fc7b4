// LoRA and ControlNet on a small SDXL of random weights, against ComfyUI 0.3.64.
import { resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { withControl } from '../sampling/conditioning.ts'
import { sample } from '../sampling/sample.ts'
import { runSigmas } from '../sampling/schedules.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { goldenStore } from './fixtures/golden-store.ts'
import { ends, golden, goldens, missing, reason, rnd } from './fixtures/goldens.ts'
import type { ControlNet, DiffusionModel, TextEncoderModel } from './kinds.ts'

const tolerance = 5e-5
const sigma = 3.3

describe.skipIf(missing)(`add-ons of SDXL${reason}`, () => {
  const held = goldenStore({
    'checkpoints/sdxl.safetensors': 'more/keys/sdxl_mini.json.gz',
    'controlnet/sdxl.safetensors': 'more/keys/sdxl_cn_mini.json',
  })
  let model: DiffusionModel
  let clip: TextEncoderModel
  let net: ControlNet

  beforeAll(async () => {
    const loaded = await held.store.checkpoint('sdxl.safetensors')
    model = loaded.model
    clip = loaded.clip!
    net = await held.store.controlnet('sdxl.safetensors')
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
    expectClose(tensor(x.shape, got), want('denoised.sigma3.3'), tolerance)
    expectClose(ends(cond), want('cond_first8_last8'), tolerance)
    expectClose(pooled!, want('pooled'), tolerance)
  })

  const g = golden('more/controlnet_sdxl.safetensors')

  test('a ControlNet that takes y', async () => {
    const hint = await net.hint(g('hint_image'), 12, 8)
    const { middle, output } = await net.residuals({ ...asked(g('x_times_3.3')), y: g('y') }, hint)
    expect(output).toHaveLength(9)
    const places: [string, Tensor][] = output!.map((t, n) => [`residual.output.${n}`, t!])
    for (const [name, residual] of [...places, ['residual.middle.0', middle![0]!] as const]) {
      const want = g(`${name}.ch0_32`)
      const first = tensor(want.shape, residual.data.slice(0, want.data.length))
      expectClose(first, want, tolerance, name)
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
    expectClose(got, g('advanced.s0.8.0_0.6.euler.normal.4'), 1e-4)
  })
})
