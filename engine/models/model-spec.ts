// What a saved model's file says of the model, so that programs need not guess.
// https://github.com/Stability-AI/ModelSpec
import type { Weights } from '../inference/weights.ts'
import type { DiffusionModel } from './kinds.ts'
import { diffusionPrefix } from './transformer.ts'
import { transformerName } from './transformer-families.ts'
import { type UnetFamily, unetFacts } from './unet-family.ts'

const unets: Partial<Record<UnetFamily, string>> = {
  sd1: 'stable-diffusion-v1',
  sd2: 'stable-diffusion-v2',
  sdxl: 'stable-diffusion-xl-v1-base',
  refiner: 'stable-diffusion-xl-v1-refiner',
}

/** What of the first file's own words holds for what is made of it: sizes that no shape tells. */
const lasting = /^comfyrunner\.(head_dim|norm_groups|text_heads)$|^modelspec\.license$/

export const lastingWords = ({ metadata }: Weights): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => lasting.test(key)))

/** @param title the name that the file is given */
export function modelSpec(
  { base, sampling }: Pick<DiffusionModel, 'base' | 'sampling'>,
  title: string,
): Record<string, string> {
  if (!base) return {}
  const architecture = architectureOf(base.weights)
  const said = { epsilon: 'epsilon', v: 'v' }[sampling.prediction as string]
  return {
    ...lastingWords(base.weights),
    ...(architecture && {
      'modelspec.sai_model_spec': '1.0.0',
      'modelspec.implementation': 'sgm',
      'modelspec.architecture': architecture,
      'modelspec.title': title,
    }),
    ...(said && { 'modelspec.predict_key': said, 'modelspec.prediction_type': said }),
  }
}

function architectureOf(weights: Weights): string | undefined {
  const transformer = transformerName(weights)
  if (transformer === 'Stable Diffusion 3') return 'stable-diffusion-v3-medium'
  if (transformer === 'Flux')
    return weights.tensors.has(`${diffusionPrefix}guidance_in.in_layer.weight`)
      ? 'flux-1-dev'
      : 'flux-1-schnell'
  if (transformer) return undefined
  const facts = unetFacts(weights)
  return typeof facts === 'string' ? undefined : unets[facts.family]
}
