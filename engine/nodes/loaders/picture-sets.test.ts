import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Conditioning } from '../../models/kinds.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import { describe as describeNode, type RunContext } from '../define.ts'
import { diskFiles } from '../disk-files.ts'
import { nodeTypes } from '../index.ts'

const inputDir = mkdtempSync(join(tmpdir(), 'comfyrunner sets '))
afterAll(() => rmSync(inputDir, { recursive: true, force: true }))
const files = diskFiles({ inputDir, outputDir: inputDir, tempDir: inputDir })
const context = { files, signal: new AbortController().signal, progress: () => {} }

const png = (width: number, height: number, grey: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .png()
    .toBuffer()

beforeAll(async () => {
  for (const folder of ['same', 'mixed', 'empty']) mkdirSync(join(inputDir, folder))
  const write = (name: string, content: string | Buffer) =>
    writeFileSync(join(inputDir, name), content)
  write('same/b.png', await png(4, 2, 255))
  write('same/a.png', await png(4, 2, 0))
  write('same/a.txt', 'a black picture\n')
  write('same/notes.md', 'not a picture')
  write('mixed/1.png', await png(4, 2, 0))
  write('mixed/2.png', await png(4, 4, 255))
})

type Answer = { IMAGE: Tensor; CONDITIONING: Conditioning }
const run = (type: string, inputs: Record<string, unknown>) =>
  nodeTypes.get(type)!.run(inputs, context as unknown as RunContext) as Promise<Answer>
const load = (folder: string, resize_method?: string) =>
  run('LoadImageSetFromFolderNode', { folder, resize_method })
/** Of picture `index`, the red of each pixel. */
const reds = ({ shape, data }: Tensor, index: number) => {
  const size = shape[1]! * shape[2]!
  return Array.from({ length: size }, (_, i) => data[(index * size + i) * 3])
}

describe('LoadImageSetFromFolderNode', () => {
  const node = nodeTypes.get('LoadImageSetFromFolderNode')!

  test('offers folders with pictures', () => {
    const names = ['a.png', 'x/1.png', 'x/2.png', 'x/y/3.png']
    const { inputs } = describeNode(node, { files: () => names })
    expect(inputs[0]!.widget).toMatchObject({ options: ['x', 'x/y'], default: 'x' })
  })

  test('opens its pictures in the order of their names', async () => {
    const { IMAGE } = await load('same')
    expect(IMAGE.shape).toEqual([2, 2, 4, 3])
    expect([reds(IMAGE, 0), reds(IMAGE, 1)]).toEqual([Array(8).fill(0), Array(8).fill(1)])
  })

  test('brings the others to the size of the first', async () => {
    const stretched = (await load('mixed', 'Stretch')).IMAGE
    expect(stretched.shape).toEqual([2, 2, 4, 3])
    expect(reds(stretched, 1)).toEqual(Array(8).fill(1))
    expect(reds((await load('mixed', 'Crop')).IMAGE, 1)).toEqual(Array(8).fill(1))
    const padded = reds((await load('mixed', 'Pad')).IMAGE, 1)
    expect(padded).toEqual([0, 1, 1, 0, 0, 1, 1, 0])
  })

  test('refuses other sizes unless told what to do, by name', async () => {
    await expect(load('mixed')).rejects.toThrow(/mixed.2\.png” is 4 × 4, and the batch 4 × 2/)
  })

  test('refuses folders without pictures and out of reach before the run', async () => {
    const check = (folder: string) => node.check!({ folder }, context as unknown as RunContext)
    expect(await check('same')).toBe(true)
    expect(await check('empty')).toMatch(/no pictures in “empty”/)
    expect(await check('missing')).toMatch(/no “missing”/)
    expect(await check('../')).toMatch(/leads out/)
    symlinkSync(tmpdir(), join(inputDir, 'link'))
    expect(await check('link')).toMatch(/link out of the input folder/)
  })

  test('runs again when a picture was written again', async () => {
    const stamp = () => node.changed!({ folder: 'same' }, context as unknown as RunContext)
    const before = stamp()
    expect(stamp()).toEqual(before)
    utimesSync(join(inputDir, 'same/b.png'), 1, 1)
    expect(stamp()).not.toEqual(before)
  })
})

describe('LoadImageTextSetFromFolderNode', () => {
  const clip = { encode: async (text: string) => ({ cond: tensor([1, 1, 1]), text }) }
  const type = 'LoadImageTextSetFromFolderNode'

  test('reads the text beside each picture as a prompt', async () => {
    const { IMAGE, CONDITIONING } = await run(type, { folder: 'same', clip, width: -1, height: -1 })
    expect(IMAGE.shape).toEqual([2, 2, 4, 3])
    expect(CONDITIONING.map(({ text }) => text)).toEqual(['a black picture', ''])
  })

  test('takes a size', async () => {
    const inputs = { folder: 'mixed', clip, width: 3, height: 5, resize_method: 'Stretch' }
    expect((await run(type, inputs)).IMAGE.shape).toEqual([2, 5, 3, 3])
  })

  test('runs again when a text has changed', async () => {
    const node = nodeTypes.get(type)!
    const stamp = () => node.changed!({ folder: 'same' }, context as unknown as RunContext)
    const before = stamp()
    writeFileSync(join(inputDir, 'same/b.txt'), 'a white picture')
    expect(stamp()).not.toEqual(before)
    expect(node.changed!({}, context as unknown as RunContext)).toBeNaN()
  })
})
