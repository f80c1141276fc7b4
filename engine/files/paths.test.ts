import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inside, isReallyInside } from './paths.ts'

test('a path stays inside its folder, or is none', () => {
  expect(inside('/data', 'sub', 'a.png')).toBe(join('/data', 'sub', 'a.png'))
  expect(inside('/data', '', '..a.png')).toBe(join('/data', '..a.png'))
  expect(inside('/data', 'sub/../a: b.png')).toBe(join('/data', 'a: b.png'))
  expect(inside('/data', '')).toBe('/data')
  for (const bad of [
    '../etc/passwd',
    'a/../../b',
    '..',
    'sub/../../a',
    '/etc/passwd',
    'C:\\x',
    'a\0.png',
  ])
    expect(inside('/data', bad)).toBeUndefined()
})

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'comfyrunner-paths-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('links are followed before something counts as inside', () => {
  const [folder, other] = [join(root, 'folder'), join(root, 'other')]
  for (const path of [folder, other]) mkdirSync(path)
  writeFileSync(join(folder, 'own.png'), '')
  writeFileSync(join(other, 'theirs.png'), '')
  // A junction needs no rights on Windows.
  symlinkSync(other, join(folder, 'away'), 'junction')
  symlinkSync(folder, join(root, 'elsewhere'), 'junction')
  expect(isReallyInside(folder, join(folder, 'own.png'))).toBe(true)
  expect(isReallyInside(folder, folder)).toBe(true)
  expect(isReallyInside(join(root, 'elsewhere'), join(folder, 'own.png'))).toBe(true)
  expect(isReallyInside(folder, join(folder, 'away', 'theirs.png'))).toBe(false)
  expect(() => isReallyInside(folder, join(folder, 'gone.png'))).toThrow()
})
