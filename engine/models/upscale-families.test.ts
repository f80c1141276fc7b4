// ESRGAN's relatives, SPAN, SwinIR and HAT against spandrel 0.4.2 (MIT) with torch 2.15 on random weights. The numbers in
// `fixtures/` were made by its networks, in float32 on one thread; weights go by the hash of their names.
import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { SessionPool } from '../inference/session-pool.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { familyFixtures } from './fixtures/families.ts'
import { rnd } from './fixtures/goldens.ts'
import { openUpscaleNetwork } from './upscale-network.ts'
import { TiledUpscaler } from './upscaler.ts'

const fixtures = familyFixtures('upscale')
const { model, golden } = fixtures
const pool = new SessionPool({ budgetBytes: 1e9, threads: 1 })
afterAll(async () => {
  await pool.free()
  rmSync(fixtures.folder, { recursive: true, force: true })
})

/** [1,3,H,W] in 0..1. */
function picture(name: string, height: number, width: number): Tensor {
  const { shape, data } = rnd(`${name} image`, [1, 3, height, width])
  return tensor(
    shape,
    data.map(v => (v + 1) / 2),
  )
}

/** [1,C,H,W] → [1,H,W,C], whatever the numbers are. */
function pixels({ shape, data }: Tensor): Tensor {
  const [, channels, height, width] = shape as [number, number, number, number]
  const out = tensor([1, height, width, channels])
  for (let i = 0; i < data.length; i++) {
    const [channel, place] = [Math.floor(i / (height * width)), i % (height * width)]
    out.data[place * channels + channel] = data[i]!
  }
  return out
}

type Case = [name: string, height: number, width: number, scale: number]

const cases: Case[] = [
  ['span_x2', 13, 18, 2],
  ['span_x4_no_norm', 9, 7, 4],
  ['swinir_classical_x2', 18, 13, 2],
  ['swinir_light_x3', 9, 16, 3],
  ['swinir_real_x4', 12, 10, 4],
  ['swinir_jpeg_x1', 15, 20, 1],
  ['hat_x2', 18, 26, 2],
]
const esrgan: Case[] = [
  ['realsr_x2', 5, 3, 2],
  ['esrgan_plus_x1', 6, 4, 1],
  ['esrgan_x2_one_pixel', 1, 1, 2],
]

test.each([...cases, ...esrgan])('%s', async (name, height, width, scale) => {
  const upscaler = new TiledUpscaler(model(name), pool)
  expect(upscaler.scale).toBe(scale)
  const out = await upscaler.enlarge(picture(name, height, width))
  expectClose(pixels(out), golden(name), 5e-5)
})

test('a picture comes out clamped', async () => {
  const upscaler = new TiledUpscaler(model('swinir_classical_x2'), pool)
  const { data } = await upscaler.upscale(pixels(picture('swinir_classical_x2', 18, 13)))
  const wanted = golden('swinir_classical_x2').data
  expect(data.every((v, i) => Math.abs(v - Math.min(1, Math.max(0, wanted[i]!))) < 1e-4)).toBe(true)
})

test.each([
  ['realsr_x2', 'trunk_conv.weight'],
  ['realsr_x2', 'upconv1.weight'],
  ['realsr_x2', 'RRDB_trunk.0.RDB2.conv3.bias'],
  ['esrgan_plus_x1', 'model.1.sub.0.RDB3.conv1x1.weight'],
])('%s does not run without %s', (name, lost) => {
  const whole = model(name)
  const tensors = new Map([...whole.tensors].filter(([key]) => key !== lost))
  expect(() => openUpscaleNetwork({ ...whole, tensors })).toThrow(`"${lost}"`)
})

test('what held a network together while it was trained on several cards is left off', () => {
  const { tensors, ...file } = model('swinir_light_x3')
  const wrapped = new Map([...tensors].map(([key, tensor]) => [`module.${key}`, tensor]))
  expect(openUpscaleNetwork({ ...file, tensors: wrapped }).scale).toBe(3)
})

test.each(cases)('%s: no tensor gets lost without a word', name => {
  const whole = model(name)
  expect(() => openUpscaleNetwork(whole)).not.toThrow()
  const names = [...whole.tensors.keys()].filter(
    // Not part of the finished network, or the sign of a kind that goes without.
    key => !/eval_conv|no_norm/.test(key),
  )
  for (const [i, key] of names.entries()) {
    if (i % 2 !== 0 && process.env.PARITY !== 'all') continue
    const tensors = new Map([...whole.tensors].filter(([other]) => other !== key))
    expect(() => openUpscaleNetwork({ ...whole, tensors }), key).toThrow(`"${key}"`)
  }
})
