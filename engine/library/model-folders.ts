// Model files on this machine: ComfyUI's folder layout over several roots, first match wins.
// Folders are looked through again only when a folder's time of change says so.
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelFile } from '../api/contract.ts'
import { type ExtraModelDirs, folderKind, readExtraModelPaths } from './extra-model-paths.ts'

/** ComfyUI's folders; the second names are older ones that are still read. */
const foldersByKind: Record<string, readonly string[]> = {
  checkpoints: ['checkpoints'],
  loras: ['loras'],
  vae: ['vae'],
  text_encoders: ['text_encoders', 'clip'],
  diffusion_models: ['diffusion_models', 'unet'],
  clip_vision: ['clip_vision'],
  style_models: ['style_models'],
  embeddings: ['embeddings'],
  diffusers: ['diffusers'],
  vae_approx: ['vae_approx'],
  controlnet: ['controlnet', 't2i_adapter'],
  gligen: ['gligen'],
  upscale_models: ['upscale_models'],
  latent_upscale_models: ['latent_upscale_models'],
  hypernetworks: ['hypernetworks'],
  photomaker: ['photomaker'],
  classifiers: ['classifiers'],
  model_patches: ['model_patches'],
  audio_encoders: ['audio_encoders'],
  onnx: ['onnx'],
}
export const modelKinds = Object.keys(foldersByKind)

/** Models of this kind are folders, which this file marks. */
const diffusersKind = 'diffusers'
const diffusersMark = 'model_index.json'

const modelFilePattern = /\.(safetensors|sft|ckpt|pt|pt2|pth|bin|pkl|gguf|onnx)$/i
const depthLimit = 8
const fileLimit = 20_000

export interface ModelFoldersOptions {
  /** Roots with ComfyUI's layout, first match wins. */
  roots: string[]
  /** The models that come with the app, looked at last. */
  bundled?: string
  extra?: ExtraModelDirs
}

interface Found {
  name: string
  path: string
  sizeBytes: number
  bundled: boolean
}

interface Scan {
  files: Map<string, Found[]>
  /** Every folder visited and its time of change; a missing root counts as -1. */
  times: Map<string, number>
}

export interface ModelFolders {
  readonly extra: ExtraModelDirs
  /** Names in a folder, sorted, with subfolders by `/`. `clip` and `unet` mean their newer names. */
  list(kind: string): string[]
  path(kind: string, name: string): string | undefined
  /** Files: those that are folders are left out. */
  all(): (ModelFile & { path: string })[]
  hasKind(kind: string): boolean
  /** 1 after the first look, and up when files came or went; looking again costs one stat a folder. */
  version(): number
}

/** `extra_model_paths.yaml` beside each root (as in ComfyUI's own folder) and in the data folder. */
export function findExtraModelDirs(folders: string[]): ExtraModelDirs {
  const found: ExtraModelDirs = {}
  for (const folder of new Set(folders))
    for (const [kind, paths] of Object.entries(
      readExtraModelPaths(join(folder, 'extra_model_paths.yaml')),
    ))
      found[kind] = [...new Set([...(found[kind] ?? []), ...paths])]
  return found
}

export function modelFolders({ roots, bundled, extra = {} }: ModelFoldersOptions): ModelFolders {
  let scan: Scan | undefined
  let version = 0

  const current = (): Scan => {
    if (!scan || isStale(scan)) {
      scan = scanAll(roots, bundled, extra)
      version++
    }
    return scan
  }
  const files = (kind: string): Found[] => current().files.get(folderKind(kind)) ?? []

  return {
    extra,
    list: kind => files(kind).map(file => file.name),
    path: (kind, name) => files(kind).find(file => file.name === name)?.path,
    all: () =>
      [...current().files].flatMap(([folder, found]) =>
        folder === diffusersKind ? [] : found.map(file => ({ folder, ...file })),
      ),
    hasKind: kind => folderKind(kind) in foldersByKind || folderKind(kind) in extra,
    version: () => {
      current()
      return version
    },
  }
}

function scanAll(roots: string[], bundled: string | undefined, extra: ExtraModelDirs): Scan {
  const scan: Scan = { files: new Map(), times: new Map() }
  for (const kind of new Set([...modelKinds, ...Object.keys(extra)])) {
    const names = foldersByKind[kind] ?? [kind]
    const found = new Map<string, Found>()
    const ofFolders = kind === diffusersKind
    const add = (folder: string, isBundled: boolean) =>
      walk(folder, { isBundled, ofFolders }, found, scan.times)
    for (const root of roots) for (const name of names) add(join(root, name), false)
    for (const folder of extra[kind] ?? []) add(folder, false)
    if (bundled) for (const name of names) add(join(bundled, name), true)
    if (found.size || kind in foldersByKind)
      scan.files.set(
        kind,
        [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      )
  }
  return scan
}

function walk(
  root: string,
  { isBundled: bundled, ofFolders }: { isBundled: boolean; ofFolders: boolean },
  found: Map<string, Found>,
  times: Map<string, number>,
) {
  const visited = new Set<string>()
  const visit = (folder: string, prefix: string, depth: number) => {
    times.set(folder, changed(folder))
    if (depth > depthLimit || times.get(folder) === -1) return
    // A link that leads back up would go round for ever.
    const real = readable(() => realpathSync(folder))
    if (real === undefined || visited.has(real)) return
    visited.add(real)
    for (const name of readable(() => readdirSync(folder).sort()) ?? []) {
      if (name.startsWith('.') || found.size >= fileLimit) continue
      const path = join(folder, name)
      const stat = readable(() => statSync(path))
      if (ofFolders && name === diffusersMark && prefix) {
        const own = prefix.slice(0, -1)
        if (!found.has(own)) found.set(own, { name: own, path: folder, sizeBytes: 0, bundled })
        continue
      }
      if (stat?.isDirectory()) visit(path, `${prefix}${name}/`, depth + 1)
      else if (
        stat?.isFile() &&
        !ofFolders &&
        modelFilePattern.test(name) &&
        !found.has(prefix + name)
      )
        found.set(prefix + name, { name: prefix + name, path, sizeBytes: stat.size, bundled })
    }
  }
  visit(root, '', 0)
}

/** Nothing where permissions, a link to itself or somebody who is just deleting stand in the way. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const changed = (folder: string): number => readable(() => statSync(folder))?.mtimeMs ?? -1

const isStale = (scan: Scan): boolean =>
  [...scan.times].some(([folder, time]) => changed(folder) !== time)
