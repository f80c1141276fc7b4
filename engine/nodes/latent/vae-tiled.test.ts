import { expect, test, vi } from 'vitest'
import type { Vae } from '../../models/kinds.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { vaeDecodeTiled } from './vae-decode-tiled.ts'
import { vaeEncodeTiled } from './vae-encode-tiled.ts'

const context = { signal: new AbortController().signal, progress() {} } as unknown as RunContext
const video = { temporal_size: 64, temporal_overlap: 8 }
const answer = tensor([1])

function fakeVae() {
  const decode = vi.fn<Vae['decode']>(async () => answer)
  const encode = vi.fn<Vae['encode']>(async () => answer)
  return { decode, encode, vae: { downscale: 8, latentChannels: 4, decode, encode } }
}

test('VAE Decode (Tiled) lets tiles overlap by a quarter at most', async () => {
  const { vae, decode } = fakeVae()
  const samples = { samples: tensor([1, 4, 8, 8]) }
  const run = (tile_size: number, overlap: number) =>
    vaeDecodeTiled.run({ samples, vae, tile_size, overlap, ...video }, context)
  expect(await run(512, 64)).toEqual({ IMAGE: answer })
  await run(128, 64)
  expect(decode.mock.calls.map(([, options]) => options?.tiles)).toEqual([
    { size: 512, overlap: 64 },
    { size: 128, overlap: 32 },
  ])
})

test('VAE Encode (Tiled) hands its tiles on', async () => {
  const { vae, encode } = fakeVae()
  const inputs = { pixels: tensor([1, 8, 8, 3]), vae, tile_size: 256, overlap: 32, ...video }
  expect(await vaeEncodeTiled.run(inputs, context)).toEqual({ LATENT: { samples: answer } })
  expect(encode.mock.calls[0]![1]?.tiles).toEqual({ size: 256, overlap: 32 })
})
