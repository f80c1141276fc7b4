// The real engine process with the real nodes, from a picture on disk to a picture on disk.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type LocalEngine, startLocalEngine } from '../backends/local-engine.ts'
import type { FileReference } from '../nodes/files.ts'
import type { RunEvent } from './events.ts'
import { jobOf, type ShortPrompt } from './fixtures/run-prompt.ts'

const bundled = resolve(import.meta.dirname, '../../resources/models')

let folder: string
let engine: LocalEngine

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-worker-'))
  const dirs = ['input', 'output', 'temp', 'models'].map(name => join(folder, name))
  for (const dir of dirs) mkdirSync(dir)
  const [inputDir, outputDir, tempDir, models] = dirs as [string, string, string, string]
  await sharp({ create: { width: 6, height: 4, channels: 3, background: '#ff0000' } })
    .png()
    .toFile(join(inputDir, 'red.png'))
  writeFileSync(join(inputDir, 'broken.png'), 'not a picture')
  engine = startLocalEngine({ inputDir, outputDir, tempDir, modelDirs: [models, bundled] })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true })
})

async function run(
  prompt: ShortPrompt,
  { signal, onEvent }: { signal?: AbortSignal; onEvent?: (event: RunEvent) => void } = {},
): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  const job = jobOf(prompt, { pngInfo: '{"workflow":{"id":"w"}}', previews: true })
  const hear = (event: RunEvent) => {
    events.push(event)
    onEvent?.(event)
  }
  await engine.run(job, hear, signal)
  return events
}

const inverted = (image: string): ShortPrompt => ({
  load: ['LoadImage', { image }],
  invert: ['ImageInvert', { image: ['load', 0] }],
  scale: [
    'ImageScale',
    {
      image: ['invert', 0],
      upscale_method: 'nearest-exact',
      width: 12,
      height: 0,
      crop: 'disabled',
    },
  ],
  save: ['SaveImage', { images: ['scale', 0], filename_prefix: 'inverted' }],
})

const started = (events: RunEvent[]) =>
  events.flatMap(event => (event.type === 'started' ? [event.node] : []))

it('makes a picture of a picture, keeps it, and makes it again when it was deleted', async () => {
  const events = await run(inverted('red.png'))
  expect(events.at(-1)).toEqual({ type: 'finished' })
  expect(started(events)).toEqual(['load', 'invert', 'scale', 'save'])
  const output = join(folder, 'output')
  const [name] = readdirSync(output)
  expect(name).toBe('inverted_00001_.png')
  const { data, info } = await sharp(join(output, name!))
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect([info.width, info.height, ...data.subarray(0, 3)]).toEqual([12, 8, 0, 255, 255])
  const { comments } = await sharp(join(output, name!)).metadata()
  expect(comments?.map(comment => comment.keyword).sort()).toEqual(['prompt', 'workflow'])

  expect(started(await run(inverted('red.png')))).toEqual([])
  rmSync(join(output, name!))
  expect(started(await run(inverted('red.png')))).toEqual(['save'])
})

it.each<[string, ShortPrompt, object]>([
  ['a picture that is not there', inverted('gone.png'), { node: 'load', code: 'check_failed' }],
  ['a file that is no picture', inverted('broken.png'), { node: 'load' }],
  [
    'a model that is not there',
    {
      load: ['CheckpointLoaderSimple', { ckpt_name: 'gone.safetensors' }],
      latent: ['VAEEncode', { pixels: ['picture', 0], vae: ['load', 2] }],
      picture: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 0 }],
      decode: ['VAEDecode', { samples: ['latent', 0], vae: ['load', 2] }],
      save: ['SaveImage', { images: ['decode', 0], filename_prefix: 'x' }],
    },
    { node: 'load', code: 'model_error' },
  ],
])('fails at the node for %s, in words', async (_, prompt, expected) => {
  const failure = (await run(prompt)).at(-1)
  expect(failure).toMatchObject({ type: 'failed', ...expected })
  expect((failure as { message: string }).message).toMatch(/gone|broken/)
  expect((failure as { message: string }).message).not.toMatch(/\n|\.ts:/)
})

const drawn = (text: string, steps = 2): ShortPrompt => ({
  load: ['CheckpointLoaderSimple', { ckpt_name: 'starter.safetensors' }],
  positive: ['CLIPTextEncode', { text, clip: ['load', 1] }],
  negative: ['CLIPTextEncode', { text: '', clip: ['load', 1] }],
  latent: ['EmptyLatentImage', { width: 64, height: 64, batch_size: 1 }],
  sample: [
    'KSampler',
    {
      model: ['load', 0],
      positive: ['positive', 0],
      negative: ['negative', 0],
      latent_image: ['latent', 0],
      seed: 2n ** 64n - 1n,
      steps,
      cfg: 4,
      sampler_name: 'dpmpp_2m',
      scheduler: 'karras',
      denoise: 1,
    },
  ],
  decode: ['VAEDecode', { samples: ['sample', 0], vae: ['load', 2] }],
  save: ['SaveImage', { images: ['decode', 0], filename_prefix: 'drawn' }],
})

it('draws: the same seed gives the same bytes, another text another picture', async () => {
  const bytesOf = async (prompt: ShortPrompt) => {
    const shown = (await run(prompt)).find(event => event.type === 'shown')
    const [file] = (shown?.shown.images ?? []) as FileReference[]
    return readFileSync(join(folder, 'output', file!.filename))
  }
  const first = await bytesOf(drawn('a red apple'))
  engine.free(true)
  expect((await bytesOf(drawn('a red apple'))).equals(first)).toBe(true)
  const other = await bytesOf(drawn('a house at night'))
  const pixels = (png: Buffer) => sharp(png).raw().toBuffer()
  expect((await pixels(other)).equals(await pixels(first))).toBe(false)
})

it('stops drawing when interrupted, and goes on with the next run', async () => {
  const abort = new AbortController()
  const events = await run(drawn('a tree', 500), {
    signal: abort.signal,
    onEvent: event => {
      if (event.type === 'progress' && event.node === 'sample') abort.abort()
    },
  })
  const last = events.at(-1)
  expect(last).toMatchObject({ type: 'interrupted', node: 'sample' })
  const steps = events.filter(event => event.type === 'progress' && event.node === 'sample')
  expect(steps.length).toBeLessThan(50)
  expect((await run(inverted('red.png'))).at(-1)).toEqual({ type: 'finished' })
})
