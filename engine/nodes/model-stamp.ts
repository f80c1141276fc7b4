// Part of a loader's cache key: a model file that was overwritten is opened again.
import { statSync } from 'node:fs'
import { isTaesd, taesdFile } from '../models/taesd-names.ts'
import type { Models } from './models.ts'

/** Sizes and times of change; NaN (always anew) while a name comes over a link. @throws ModelError */
export function modelStamp(
  models: Models,
  folder: string,
  ...names: readonly (string | undefined)[]
): string | number {
  if (names.includes(undefined)) return Number.NaN
  return names.flatMap(name => pathsOf(models, folder, name!).map(stampOf)).join(' ')
}

function stampOf(path: string): string {
  const { size, mtimeNs } = statSync(path, { bigint: true })
  return `${size}:${mtimeNs}`
}

/** A tiny autoencoder is two files that go by one name. */
function pathsOf(models: Models, folder: string, name: string): string[] {
  if (folder !== 'vae' || !isTaesd(name) || models.list('vae').includes(name))
    return [models.path(folder, name)]
  const files = models.list('vae_approx')
  const halves = [taesdFile(files, name, 'encoder'), taesdFile(files, name, 'decoder')]
  return halves.flatMap(file => (file ? [models.path('vae_approx', file)] : []))
}
