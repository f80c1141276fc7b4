// ControlNets of Stable Diffusion 3 and Flux against diffusers, on small networks of random weights.
import { afterAll, describe, expect, test, vi } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { controlAt } from '../sampling/control.ts'
import { unscale } from '../sampling/sample.ts'
import { tensor } from '../tensor.ts'
import { openControl } from './control-file.ts'
import { addon, expected, QuickPool } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import type { Control, ControlNet, NetworkInput, Vae } from './kinds.ts'
import { fluxLatent, sd3Latent, transformerModel } from './transformer-families.ts'

const pool = new QuickPool()
afterAll(() => pool.free())
const tolerance = 5e-5
const image = tensor([1, 64, 96, 3])

/** Encodes whatever it is shown to this. */
const vaeOf = (name: string, format: typeof sd3Latent) => {
  const latent = unscale(rnd(name, [1, 16, 8, 12]), format)
  const encode = vi.fn(async (_: unknown) => latent)
  return { downscale: 8, latentChannels: 16, encode, decode: async () => image } satisfies Vae
}

function family(name: 'sd3' | 'flux') {
  const file = addon(name)
  const model = transformerModel(file, { pool, openWeights: openSafetensors })!
  const input: NetworkInput = {
    x: rnd(`${name}.x`, [1, 16, 8, 12]),
    timesteps: Float32Array.of(name === 'sd3' ? 500 : 0.5),
    context: rnd(`${name}.context`, [1, 7, 32]),
    y: rnd(`${name}.pooled`, [1, 24]),
    extras: name === 'flux' ? { guidance: tensor([1], Float32Array.of(3)) } : undefined,
  }
  const forward = async (control?: Control) => {
    const network = await model.network()
    const asked = { ...input, blocks: network.blocks }
    const residuals = await controlAt(control, model.sampling, 0.5, asked, 1)
    return network.forward({ ...asked, control: residuals })
  }
  return { model, input, forward }
}

const lay = (
  net: ControlNet,
  vae: Vae,
  strength: number,
  more: Partial<Control> = {},
): Control => ({
  net,
  image,
  strength,
  start: 0,
  end: 1,
  vae,
  ...more,
})

describe('Stable Diffusion 3', () => {
  const { forward, input, model } = family('sd3')
  const net = openControl(addon('sd3-control'), pool)

  test('the small model is diffusers’', async () => {
    expectClose(await forward(), expected('sd3'), tolerance)
  })

  test('a ControlNet of half as many blocks steers all but the last', async () => {
    const vae = vaeOf('sd3-control', sd3Latent)
    const hint = await net.hint(image, 12, 8, { vae })
    const { blocks } = await model.network()
    const residuals = await net.residuals({ ...input, blocks }, hint)
    expect(residuals.input).toHaveLength(3)
    for (const [place, block] of [0, 0, 1].entries()) {
      const want = expected(`sd3-control.${block}`)
      expectClose(residuals.input![place]!, want, tolerance)
    }
    const got = await forward(lay(net, vae, 0.7))
    expectClose(got, expected('sd3-control.steered'), tolerance)
    expect(vae.encode.mock.calls[0]![0]).toMatchObject({ shape: [1, 64, 96, 3] })
  })

  test('one for inpainting sees the mask', async () => {
    const inpaint = openControl(addon('sd3-inpaint'), pool)
    expect([inpaint.takesMask, net.takesMask]).toEqual([true, false])
    // The golden's hint is one tensor of 17 channels: its last is the mask.
    const whole = rnd('sd3-inpaint', [1, 17, 8, 12])
    const latent = unscale(tensor([1, 16, 8, 12], whole.data.slice(0, 16 * 96)), sd3Latent)
    const vae = { ...vaeOf('sd3-inpaint', sd3Latent), encode: async () => latent }
    const keep = tensor([1, 8, 12], whole.data.slice(16 * 96))
    const got = await forward(lay(inpaint, vae, 0.7, { keep }))
    expectClose(got, expected('sd3-inpaint.steered'), tolerance)
    await expect(inpaint.hint(image, 12, 8, { vae })).rejects.toThrow(/AliMama/)
  })

  test('strength 0 is the model alone, and the VAE must be there', async () => {
    const vae = vaeOf('sd3-control', sd3Latent)
    expect(await forward(lay(net, vae, 0))).toEqual(await forward())
    await expect(net.hint(image, 12, 8)).rejects.toThrow(/Connect the VAE/)
  })

  test('one of another family is refused in words', async () => {
    const { forward: ofFlux } = family('flux')
    const wrong = ofFlux(lay(net, vaeOf('sd3-control', sd3Latent), 1))
    await expect(wrong).rejects.toThrow(/made for another model/)
  })
})

describe('Flux', () => {
  const { forward, input, model } = family('flux')

  test('the small model is diffusers’', async () => {
    expectClose(await forward(), expected('flux'), tolerance)
  })

  test('a ControlNet on the blocks of two streams', async () => {
    const net = openControl(addon('flux-control'), pool)
    const vae = vaeOf('flux-control', fluxLatent)
    const got = await forward(lay(net, vae, 0.7))
    expectClose(got, expected('flux-control.steered'), tolerance)
    expect(net.withType!(3)).toBe(net)
  })

  test('XLabs’ see the picture itself, and repeat their residuals', async () => {
    const net = openControl(addon('flux-xlabs'), pool)
    const planes = rnd('flux-xlabs', [1, 3, 64, 96])
    const seen = tensor([1, 64, 96, 3])
    for (let i = 0; i < 64 * 96; i++)
      for (let c = 0; c < 3; c++) seen.data[i * 3 + c] = (planes.data[c * 64 * 96 + i]! + 1) / 2
    const hint = await net.hint(seen, 12, 8)
    expectClose(hint, planes, 1e-6)
    const control = { net, image: seen, strength: 0.7, start: 0, end: 1 }
    expectClose(await forward(control), expected('flux-xlabs.steered'), tolerance)
    expect((await net.hint(seen, 11, 8)).shape).toEqual([1, 3, 64, 96])
  })

  test('a union that is told what it sees, on all blocks', async () => {
    const net = openControl(addon('flux-union'), pool)
    // "depth" is 1 in the node's list, 2 in the model's.
    const depth = net.withType!(1)
    const vae = vaeOf('flux-union', fluxLatent)
    const hint = await depth.hint(image, 12, 8, { vae })
    const { blocks } = await model.network()
    const { input: double, output: single } = await depth.residuals({ ...input, blocks }, hint)
    expect([double!.length, single!.length]).toEqual([4, 2])
    expectClose(double![3]!, expected('flux-union.double.0'), tolerance)
    const got = await forward(lay(depth, vae, 0.7))
    expectClose(got, expected('flux-union.steered'), tolerance)
    expect(apart(await forward(lay(net, vae, 0.7)), got)).toBeGreaterThan(1e-4)
    expect(() => net.withType!(4)).toThrow(/not trained for this kind/)
  })
})
