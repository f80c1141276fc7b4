// Finds and opens the addon of native/. Without one for this machine everything works, only slower.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Extent, FixedTaps, Kernels, Taps } from './contract.ts'

/** What native/addon.cc exports: the kernels with their arguments side by side. */
type Addon = Record<keyof Kernels, (...values: readonly unknown[]) => void>

const names: readonly (keyof Kernels)[] = [
  'toBytes',
  'fromBytes',
  'invert',
  'unsharp',
  'blur',
  'resample',
  'filterAcross',
  'filterDown',
  'growCross',
  'dilate',
  'filterPng',
]

/** `native/` lies above the sources, the bundle in dist/ and the packaged app alike. */
function addonPaths(): string[] {
  const name = `${process.platform}-${process.arch}.node`
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const native = join(folder, 'native')
    if (existsSync(join(native, 'addon.cc')) || existsSync(join(native, 'prebuilds')))
      return [join(native, 'build', name), join(native, 'prebuilds', name)].filter(existsSync)
    if (folder === dirname(folder)) return []
  }
}

function openAddon(): Addon | undefined {
  const require = createRequire(import.meta.url)
  for (const path of addonPaths())
    try {
      const addon = require(path)
      if (names.every(name => typeof addon[name] === 'function')) return addon
    } catch {} // built for another system, such as one with another C library
}

const sides = ({ height, width, channels }: Extent) => [height, width, channels] as const
const none = new Int32Array(0)
const noTaps = { size: 0, from: none, weight: new Float32Array(0) }
const taps = ({ size, from, weight }: Taps = noTaps) => [size, from, weight] as const
const fixed = (t: FixedTaps) => [t.size, t.first, t.count, t.weights] as const

/** The native kernels, or undefined where there are none or COMFYRUNNER_NATIVE=off asks for none. */
export function nativeKernels(): Kernels | undefined {
  const addon = process.env.COMFYRUNNER_NATIVE === 'off' ? undefined : openAddon()
  return (
    addon && {
      toBytes: addon.toBytes,
      fromBytes: addon.fromBytes,
      invert: addon.invert,
      unsharp: addon.unsharp,
      blur: (image, out, extent, kernel) => addon.blur(image, out, ...sides(extent), kernel),
      resample: (image, out, extent, rows, columns) =>
        addon.resample(image, out, ...sides(extent), ...taps(rows), ...taps(columns)),
      filterAcross: (image, out, extent, columns) =>
        addon.filterAcross(image, out, ...sides(extent), ...fixed(columns)),
      filterDown: (image, out, extent, rows) =>
        addon.filterDown(image, out, ...sides(extent), ...fixed(rows)),
      growCross: (plane, out, extent) => addon.growCross(plane, out, ...sides(extent)),
      dilate: (image, out, extent, size) => addon.dilate(image, out, ...sides(extent), size),
      filterPng: (image, out, extent) => addon.filterPng(image, out, ...sides(extent)),
    }
  )
}
