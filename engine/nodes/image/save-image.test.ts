import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readJson } from '../../graph/json.ts'
import type { Prompt } from '../../graph/prompt.ts'
import { extractWorkflow } from '../../image/extract-workflow.ts'
import { tensor } from '../../tensor.ts'
import { type RunContext, ui } from '../define.ts'
import { diskFiles } from '../disk-files.ts'
import type { FileReference } from '../files.ts'
import { loadImageMask } from '../mask/load-image-mask.ts'
import { loadImage } from './load-image.ts'
import { previewImage } from './preview-image.ts'
import { saveImage } from './save-image.ts'

let folder: string
let context: RunContext
const prompt: Prompt = {
  3: { class_type: 'KSampler', inputs: { seed: 18446744073709551615n, text: 'Größe 猫 🐈' } },
}
const workflow = { nodes: [], seed: 18446744073709551615n, extra: { note: 'é' } }

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'save '))
  context = {
    files: diskFiles({ inputDir: folder, outputDir: folder, tempDir: folder }),
    prompt,
    pngInfo: { workflow },
    signal: new AbortController().signal,
    progress: () => {},
  } as unknown as RunContext
})
afterAll(() => rmSync(folder, { recursive: true }))

const save = async (image: ReturnType<typeof tensor>, prefix = 'ComfyUI'): Promise<string[]> => {
  const answer = await saveImage.run({ images: image, filename_prefix: prefix }, context)
  const { images } = answer[ui] as unknown as { images: FileReference[] }
  return images.map(({ filename, subfolder }) => join(subfolder, filename))
}
const load = (image: string) => loadImage.run({ image }, context)

describe('SaveImage', () => {
  test('cuts 255·x off, clips, and every byte comes back', async () => {
    const every = tensor(
      [1, 1, 256, 3],
      Float32Array.from({ length: 768 }, (_, i) => (i >> 1) / 255),
    )
    const [name] = await save(every)
    expect(name).toBe('ComfyUI_00001_.png')
    const { IMAGE } = await load(name!)
    expect(IMAGE.data).toEqual(every.data.map(x => Math.min(x, 1)))
    const odd = tensor([1, 1, 2, 3], Float32Array.of(-1, 0.999, 2, 0.5, 1e-9, Number.NaN))
    const [second] = await save(odd)
    const bytes = [...(await load(second!)).IMAGE.data].map(x => Math.round(x * 255))
    expect(bytes).toEqual([0, 254, 255, 127, 0, 0])
  })

  test('carries prompt and workflow with every digit and character', async () => {
    const [name] = await save(tensor([1, 2, 2, 3]))
    const carried = extractWorkflow(readFileSync(join(folder, name!)))
    expect(carried.prompt).toContain('"seed":18446744073709551615')
    expect(carried.prompt).toMatch(/^[\x20-\x7e]*$/)
    expect(readJson(carried.prompt!)).toEqual(prompt)
    expect(readJson(carried.workflow!)).toEqual(workflow)
  })

  test('writes a batch one by one, with the values that the prefix asks for', async () => {
    const names = await save(
      tensor([3, 4, 6, 3]),
      'set/%width%x%height% %batch_num% %KSampler.seed%',
    )
    const seed = '18446744073709551615'
    expect(names).toEqual([0, 1, 2].map(n => join('set', `6x4 ${n} ${seed}_00001_.png`)))
  })

  test('keeps transparency, which LoadImage gives back as mask', async () => {
    const rgba = tensor([1, 1, 2, 4], Float32Array.of(1, 0, 0, 0.2, 0, 1, 0, 1))
    const [name] = await save(rgba)
    const { IMAGE, MASK } = await load(name!)
    expect([...IMAGE.data]).toEqual([1, 0, 0, 0, 1, 0])
    expect(MASK.data[0]).toBeCloseTo(0.8, 5)
    const alpha = await loadImageMask.run({ image: name!, channel: 'alpha' }, context)
    const green = await loadImageMask.run({ image: name!, channel: 'green' }, context)
    expect([alpha.MASK.data, green.MASK.data]).toEqual([MASK.data, Float32Array.of(0, 1)])
  })

  test('the alpha of an opaque picture is a mask of its size', async () => {
    const [name] = await save(tensor([1, 2, 3, 3]))
    const { MASK } = await loadImageMask.run({ image: name!, channel: 'alpha' }, context)
    expect(MASK).toEqual(tensor([1, 2, 3]))
    expect((await load(name!)).MASK.shape).toEqual([1, 64, 64])
  })

  test('PreviewImage names a temporary file', async () => {
    const answer = await previewImage.run({ images: tensor([1, 2, 2, 3]) }, context)
    const { images } = answer[ui] as unknown as { images: FileReference[] }
    const filename = expect.stringMatching(/^ComfyUI_temp_\w+_00001_\.png$/)
    expect(images).toEqual([{ type: 'temp', subfolder: '', filename }])
  })
})

describe('LoadImage', () => {
  test('says before the run that a file is missing or outside', () => {
    const check = (image: string) => loadImage.check!({ image }, context)
    expect(check('nofile.png')).toBe('Invalid image file: nofile.png')
    expect(check('../etc/passwd')).toBe('Invalid image file: ../etc/passwd')
    writeFileSync(join(folder, 'there.png'), '')
    expect(check('there.png')).toBe(true)
  })

  test('notices that a file was replaced', () => {
    const stamp = () => loadImage.changed!({ image: 'there.png' }, context)
    const before = stamp()
    expect(stamp()).toBe(before)
    writeFileSync(join(folder, 'there.png'), 'other')
    expect(stamp()).not.toBe(before)
  })

  test('names a damaged file', async () => {
    writeFileSync(join(folder, 'broken.png'), 'no picture')
    await expect(load('broken.png')).rejects.toThrow(/^broken\.png cannot be read as a picture/)
  })
})
