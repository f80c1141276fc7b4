import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { modelFolders } from '../library/model-folders.ts'
import { watchModels } from './model-watch.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'comfyrunner-models-'))
  mkdirSync(join(root, 'loras'))
  // A folder's time may be as coarse as a second.
  utimesSync(join(root, 'loras'), 0, 0)
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(root, { recursive: true })
})

const later = () => vi.advanceTimersByTime(5000)

test('a model that somebody puts into a folder is noticed, once, until nobody looks', () => {
  const folders = modelFolders({ roots: [root] })
  const changed = vi.fn()
  const stop = watchModels(() => folders, changed)
  later()
  expect(changed).not.toHaveBeenCalled()
  writeFileSync(join(root, 'loras/new.safetensors'), '')
  later()
  expect(changed).toHaveBeenCalledOnce()
  expect(folders.list('loras')).toEqual(['new.safetensors'])
  stop()
  rmSync(join(root, 'loras/new.safetensors'))
  later()
  expect(changed).toHaveBeenCalledOnce()
})

test('a start does not look, and what comes after somebody looked is noticed', () => {
  const folders = modelFolders({ roots: [root] })
  const looking = vi.spyOn(folders, 'version')
  const changed = vi.fn()
  const stop = watchModels(() => folders, changed)
  expect(looking).not.toHaveBeenCalled()
  expect(folders.list('loras')).toEqual([])
  writeFileSync(join(root, 'loras/new.safetensors'), '')
  later()
  expect(changed).toHaveBeenCalledOnce()
  stop()
})

test('other folders are looked at from then on, without a word', () => {
  let folders = modelFolders({ roots: [] })
  const changed = vi.fn()
  const stop = watchModels(() => folders, changed)
  folders = modelFolders({ roots: [root] })
  later()
  expect(changed).not.toHaveBeenCalled()
  mkdirSync(join(root, 'vae'))
  later()
  expect(changed).toHaveBeenCalledOnce()
  stop()
})
