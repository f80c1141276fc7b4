// ComfyUI's `extra_model_paths.yaml`: further model folders, so that a library used by another
// program is used where it lies.
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'

/** Folder kind → absolute folders, in order. */
export type ExtraModelDirs = Record<string, string[]>

/** ComfyUI's older names for two folders. */
const renamedKinds: Record<string, string> = { clip: 'text_encoders', unet: 'diffusion_models' }
export const folderKind = (name: string): string => renamedKinds[name] ?? name

export class ExtraPathsError extends Error {
  override name = 'ExtraPathsError'
}

const home = (path: string): string =>
  path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path

/**
 * Reads the file: sections with an optional `base_path` (relative to the file), then lines of
 * `kind: folder` or several folders, one a line. @throws ExtraPathsError naming the file.
 */
export function readExtraModelPaths(file: string): ExtraModelDirs {
  if (!existsSync(file)) return {}
  let sections: unknown
  try {
    sections = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    // The first line says what; the rest draws where.
    const [what] = (error as Error).message.split('\n')
    throw new ExtraPathsError(`${file} is not valid YAML: ${what?.replace(/:$/, '.')}`)
  }
  const found: ExtraModelDirs = {}
  for (const section of Object.values((sections ?? {}) as Record<string, unknown>)) {
    if (typeof section !== 'object' || section === null) continue
    const { base_path, is_default, ...kinds } = section as Record<string, unknown>
    const base = resolve(dirname(file), home(typeof base_path === 'string' ? base_path : '.'))
    for (const [name, folders] of Object.entries(kinds)) {
      if (typeof folders !== 'string') continue
      const list = (found[folderKind(name)] ??= [])
      for (const folder of folders.split('\n').filter(line => line.trim())) {
        const path = resolve(base, home(folder.trim()))
        if (list.includes(path)) continue
        if (is_default === true) list.unshift(path)
        else list.push(path)
      }
    }
  }
  return found
}
