import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ExtraPathsError, readExtraModelPaths } from './extra-model-paths.ts'
import { findExtraModelDirs, modelFolders } from './model-folders.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'models-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const put = (path: string, size = 1) => {
  const file = join(dir, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, Buffer.alloc(size))
  return file
}

test('the first root wins, bundled models come last, older folder names are read', () => {
  const mine = put('a/checkpoints/x.safetensors', 5)
  put('b/checkpoints/x.safetensors', 9)
  put('b/checkpoints/sub/ü y.ckpt')
  put('b/checkpoints/notes.txt')
  put('b/clip/t5.safetensors')
  put('own/checkpoints/starter.safetensors')
  const folders = modelFolders({
    roots: [join(dir, 'a'), join(dir, 'b'), join(dir, 'missing')],
    bundled: join(dir, 'own'),
  })
  expect(folders.list('checkpoints')).toEqual([
    'starter.safetensors',
    'sub/ü y.ckpt',
    'x.safetensors',
  ])
  expect(folders.path('checkpoints', 'x.safetensors')).toBe(mine)
  expect(folders.list('clip')).toEqual(['t5.safetensors'])
  expect(folders.list('text_encoders')).toEqual(['t5.safetensors'])
  expect(folders.all().find(file => file.bundled)).toMatchObject({
    folder: 'checkpoints',
    name: 'starter.safetensors',
    sizeBytes: 1,
  })
  expect(folders.hasKind('nope')).toBe(false)
})

test('looks again only when a folder changed', () => {
  put('a/loras/sub/x.safetensors')
  const folders = modelFolders({ roots: [join(dir, 'a')] })
  const first = folders.version()
  expect(folders.version()).toBe(first)
  put('a/loras/sub/y.safetensors')
  utimesSync(join(dir, 'a/loras/sub'), 1, 1)
  expect(folders.version()).toBe(first + 1)
  expect(folders.list('loras')).toEqual(['sub/x.safetensors', 'sub/y.safetensors'])
  put('a/vae/new.safetensors')
  expect(folders.list('vae')).toEqual(['new.safetensors'])
})

test('a link that leads back up ends', () => {
  put('a/loras/x.safetensors')
  symlinkSync(join(dir, 'a/loras'), join(dir, 'a/loras/again'))
  expect(modelFolders({ roots: [join(dir, 'a')] }).list('loras')).toEqual(['x.safetensors'])
})

test('extra_model_paths.yaml adds folders by kind, relative to its base', () => {
  put('other/models/ckpt/z.safetensors')
  writeFileSync(
    join(dir, 'extra_model_paths.yaml'),
    'comfyui:\n  base_path: other\n  checkpoints: models/ckpt/\n  clip: |\n    models/clip\n    models/te\nempty:\n',
  )
  const extra = findExtraModelDirs([dir, dir])
  expect(extra).toEqual({
    checkpoints: [join(dir, 'other/models/ckpt')],
    text_encoders: [join(dir, 'other/models/clip'), join(dir, 'other/models/te')],
  })
  expect(modelFolders({ roots: [], extra }).list('checkpoints')).toEqual(['z.safetensors'])
  writeFileSync(join(dir, 'bad.yaml'), 'a: [1')
  expect(() => readExtraModelPaths(join(dir, 'bad.yaml'))).toThrow(ExtraPathsError)
})
