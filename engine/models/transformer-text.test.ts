// The text encoders of Flux and SD3, put together from small ones.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ModelError } from '../inference/model-error.ts'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { tensor } from '../tensor.ts'
import { clipTokenizer } from './clip-tokenizer.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { difference, golden, goldens, missing, randomModel, reason } from './fixtures/goldens.ts'
import { modelStore } from './store.ts'
import { partOf } from './tensor-names.ts'
import { tokenizerFile } from './tokenizer-file.ts'
import { openTransformerText } from './transformer-text.ts'

const pool = new SessionPool({ budgetBytes: 1e9 })
const shared = {
  pool,
  openWeights: openSafetensors,
  tokenizer: () => clipTokenizer(tokenizerFile('clip', 'merges.txt.gz')),
  embedding: () => undefined,
}
afterAll(() => pool.free())

describe.skipIf(missing)(`text encoders together${reason}`, () => {
  const clip = () =>
    partOf(openSafetensors(randomModel('tiny_sd15.keys.json')), 'cond_stage_model.transformer.')
  const t5 = () => openSafetensors(randomModel('more/keys/t5_mini.json'))

  test('Flux: the words are T5’s, the pooled text is CLIP-L’s', async () => {
    // In either order.
    const flux = openTransformerText([t5(), clip()], 'flux', shared)
    const { cond, pooled } = await flux.encode('a photo of a cat')
    expect(cond.shape).toEqual([1, 256, 256])
    const wanted = golden('clip_cond.safetensors')
    expectClose(pooled!, wanted('plain.pooled'), 5e-5)
    const filled = flux.withFilling!({ padding: 2, length: 0 })
    // 3, 9, 1202, 13, 3, 9, 1712, the end and two empty ones.
    expect((await filled.encode('a photo of a cat')).cond.shape[1]).toBe(10)
    const apart = await flux.encode({ l: '', t5xxl: 'a photo of a cat' })
    expect(difference(apart.cond, cond)).toBe(0)
    expectClose(apart.pooled!, wanted('empty.pooled'), 5e-5)
  })

  test('SD3 with CLIP-L alone: its states before the last layer, zeros for the rest', async () => {
    const sd3 = openTransformerText([clip()], 'sd3', shared)
    const { cond, pooled } = await sd3.encode('a photo of a cat')
    expect(cond.shape).toEqual([1, 77, 4096])
    expect(pooled!.shape).toEqual([1, 2048])
    expect(cond.data.slice(0, 768).some(value => value !== 0)).toBe(true)
    expect(cond.data.slice(768, 4096).every(value => value === 0)).toBe(true)
    const own = tensor([1, 768], pooled!.data.slice(0, 768))
    const wanted = golden('clip_cond.safetensors')('plain.pooled')
    expectClose(own, wanted, 5e-5)
    expect((await sd3.encode({})).cond.data.every(value => value === 0)).toBe(true)
  })

  test('Flux without T5 says what is missing', () => {
    expect(() => openTransformerText([clip()], 'flux', shared)).toThrow(/lack T5/)
  })
})

describe.skipIf(missing)(`loaders${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-transformers-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const put = (kind: string, name: string, file: string) => {
    mkdirSync(join(folder, kind), { recursive: true })
    symlinkSync(file, join(folder, kind, name))
  }

  test('each family by its own file, prefixed or not', async () => {
    for (const name of ['flux_dev_mini', 'lumina2_mini', 'qwen_image_mini'])
      put('diffusion_models', `${name}.safetensors`, randomModel(`more/keys/${name}.json`))
    put('checkpoints', 'sd3.safetensors', resolve(goldens, 'sd3_mini_model.safetensors'))
    const store = modelStore({ modelDirs: [folder] })
    const shifts = await Promise.all(
      ['flux_dev_mini', 'lumina2_mini', 'qwen_image_mini'].map(async name => {
        const { sampling, latent } = await store.diffusionModel(`${name}.safetensors`)
        return [latent.channels, latent.scale, sampling.timestep(1)]
      }),
    )
    expect(shifts).toEqual([
      [16, 0.3611, 1],
      [16, 0.3611, 1],
      [16, 1, 1],
    ])
    const { model, clip, vae } = await store.checkpoint('sd3.safetensors')
    expect(model.sampling.timestep(1)).toBe(1000)
    expect([clip, vae]).toEqual([undefined, undefined])
    // Text of another model does not fit.
    const network = await model.network()
    const x = tensor([1, 16, 8, 8])
    const other = { x, timesteps: Float32Array.of(1), context: tensor([1, 77, 768]) }
    await expect(network.forward(other)).rejects.toThrow(/takes text of width 4096.*has 768/)
    await store.free()
  })

  test('a file that is no text encoder is named', async () => {
    mkdirSync(join(folder, 'text_encoders'), { recursive: true })
    const header = JSON.stringify({ x: { dtype: 'F16', shape: [0], data_offsets: [0, 0] } })
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    writeFileSync(
      join(folder, 'text_encoders', 'odd.safetensors'),
      Buffer.concat([length, Buffer.from(header)]),
    )
    const store = modelStore({ modelDirs: [folder] })
    for (const type of ['flux', 'sd3', 'qwen_image']) {
      await expect(store.textEncoder(['odd.safetensors'], type)).rejects.toThrow(ModelError)
      await expect(store.textEncoder(['odd.safetensors'], type)).rejects.toThrow(/odd\.safetensors/)
    }
    await expect(store.textEncoder(['odd.safetensors'], 'mochi')).rejects.toThrow(/"mochi"/)
  })
})
