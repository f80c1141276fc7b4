import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diskFiles } from './disk-files.ts'
import { FileError, type Files } from './files.ts'

let root: string
let files: Files
const bytes = Uint8Array.of(1, 2, 3)
const folder = (name: string) => join(root, name)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'Bilder 猫 '))
  for (const name of ['input', 'output', 'temp']) mkdirSync(folder(name))
  const dirs = { inputDir: folder('input'), outputDir: folder('output'), tempDir: folder('temp') }
  files = diskFiles(dirs, () => new Date(2026, 0, 2, 3, 4, 5))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('reading', () => {
  test('names may have spaces, any script, a subfolder and a folder in brackets', () => {
    mkdirSync(join(folder('input'), 'sub dir'))
    writeFileSync(join(folder('input'), 'sub dir', 'Größe 猫 (1).png'), 'in')
    writeFileSync(join(folder('output'), 'a.png'), 'out')
    expect(readFileSync(files.resolve('sub dir/Größe 猫 (1).png'), 'utf8')).toBe('in')
    expect(readFileSync(files.resolve('a.png [output]'), 'utf8')).toBe('out')
    expect(readFileSync(files.resolve('a.png', 'output'), 'utf8')).toBe('out')
  })

  test.for(['../secret', 'sub/../../secret', '/etc/passwd', 'C:\\Windows', '', '..', 'a\0b', '.'])(
    '%j does not lead out of the folder',
    name => {
      writeFileSync(join(root, 'secret'), 'x')
      expect(() => files.resolve(name)).toThrow(FileError)
    },
  )

  test('a link out of the folder is refused', () => {
    writeFileSync(join(root, 'secret'), 'x')
    symlinkSync(join(root, 'secret'), join(folder('input'), 'link.png'))
    expect(() => files.resolve('link.png')).toThrow(/link out of the input folder/)
  })

  test('a missing file is named', () => {
    expect(() => files.resolve('nofile.png')).toThrow(
      'There is no “nofile.png” in the input folder',
    )
  })

  test('lists files by name, without folders and hidden ones', () => {
    for (const name of ['b.png', 'a.png', '.hidden']) writeFileSync(join(folder('input'), name), '')
    mkdirSync(join(folder('input'), 'folder'))
    expect(files.list('input')).toEqual(['a.png', 'b.png'])
    rmSync(folder('temp'), { recursive: true })
    expect(files.list('temp')).toEqual([])
  })
})

describe('writing', () => {
  const write = (prefix: string) => files.write('output', prefix, 'png', bytes)

  test('counts on from the highest number there', async () => {
    writeFileSync(join(folder('output'), 'cat_00041_.png'), '')
    writeFileSync(join(folder('output'), 'cat_00007_.webp'), '')
    writeFileSync(join(folder('output'), 'cat_big_00099_.png'), '')
    expect(await write('cat')).toEqual({
      filename: 'cat_00042_.png',
      subfolder: '',
      type: 'output',
    })
    expect(readFileSync(join(folder('output'), 'cat_00042_.png'))).toEqual(Buffer.from(bytes))
  })

  test('at the same moment gives everyone a name of their own and leaves nothing half done', async () => {
    const written = await Promise.all(Array.from({ length: 40 }, () => write('p')))
    expect(new Set(written.map(({ filename }) => filename)).size).toBe(40)
    expect(readdirSync(folder('output')).sort()).toEqual(
      Array.from({ length: 40 }, (_, i) => `p_${String(i + 1).padStart(5, '0')}_.png`),
    )
  })

  test('makes subfolders', async () => {
    expect(await write('2026/Größe 猫')).toEqual({
      filename: 'Größe 猫_00001_.png',
      subfolder: '2026',
      type: 'output',
    })
  })

  test('fills in date and size', async () => {
    const size = { width: 640, height: 480 }
    const prefix = '%date:yyyy-MM-dd%/%year%%month%%day% %hour%:%minute% %width%x%height% %unknown%'
    expect(await files.write('output', prefix, 'png', bytes, size)).toMatchObject({
      subfolder: '2026-01-02',
      filename: '20260102 03_04 640x480 %unknown%_00001_.png',
    })
  })

  test.for(['../x', 'a/../../x', '/x/y', '..', 'a/..'])('%j is refused', async prefix => {
    await expect(write(prefix)).rejects.toThrow(FileError)
    expect(readdirSync(root).sort()).toEqual(['input', 'output', 'temp'])
    expect(readdirSync(folder('output'))).toEqual([])
  })

  test('a subfolder that is a link elsewhere is refused', async () => {
    symlinkSync(folder('input'), join(folder('output'), 'elsewhere'))
    await expect(write('elsewhere/x')).rejects.toThrow(FileError)
    expect(readdirSync(folder('input'))).toEqual([])
  })

  test('long names are cut so that every file system takes them', async () => {
    const { filename } = await write('猫'.repeat(300))
    expect(Buffer.byteLength(filename)).toBeLessThan(256)
  })
})
