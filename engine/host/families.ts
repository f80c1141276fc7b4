// What family a model file belongs to, as its header says. Read once a file, not once a look.
import { statSync } from 'node:fs'
import { openWeights } from '../inference/open-weights.ts'
import { detectUnet } from '../models/detect.ts'
import { familiarNames } from '../models/tensor-names.ts'
import { transformerName } from '../models/transformer-families.ts'
import { unetLabel } from '../models/unet-family.ts'
import { openUpscaleNetwork } from '../models/upscale-network.ts'

const filesRemembered = 2000
const known = new Map<string, string | undefined>()

/** `SD 1.5`, `starter`, `ESRGAN ×4` … or nothing when the header does not tell. */
export function familyOf(folder: string, path: string): string | undefined {
  const key = `${path} ${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`
  if (!known.has(key)) {
    if (known.size >= filesRemembered) known.clear()
    known.set(key, read(folder, path))
  }
  return known.get(key)
}

function read(folder: string, path: string): string | undefined {
  // Other formats are only opened when they are used.
  if (!/\.(safetensors|sft)$/i.test(path)) return undefined
  try {
    if (folder === 'checkpoints' || folder === 'diffusion_models') {
      const file = openWeights(path)
      const transformer = transformerName(file)
      if (transformer) return transformer
      const weights = familiarNames(file)
      return unetLabel(weights, detectUnet(weights))
    }
    if (folder === 'upscale_models') {
      const { name, scale } = openUpscaleNetwork(openWeights(path))
      return `${name} ×${scale}`
    }
  } catch {
    // Of another family, or damaged: said when it is used.
  }
  return undefined
}
