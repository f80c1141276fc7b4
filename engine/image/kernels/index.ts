// The pixel kernels in use: the native ones where the addon loads, else their JS twins.
import { blur } from './blur.ts'
import type { Kernels } from './contract.ts'
import { dilate, growCross } from './dilate.ts'
import { filterAcross, filterDown } from './filter-bytes.ts'
import { filterPng } from './filter-png.ts'
import { nativeKernels } from './native.ts'
import { resample } from './resample.ts'
import { fromBytes, invert, toBytes, unsharp } from './values.ts'

export const jsKernels: Kernels = {
  toBytes,
  fromBytes,
  invert,
  unsharp,
  blur,
  resample,
  filterAcross,
  filterDown,
  growCross,
  dilate,
  filterPng,
}

export const kernels: Kernels = nativeKernels() ?? jsKernels
