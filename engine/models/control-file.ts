// A file of the controlnet folder, opened as what it is.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { ControlLora } from './control-lora.ts'
import { ControlNetModel } from './controlnet.ts'
import { isControlLora, isDifference, onBase } from './controlnet-base.ts'
import { transformerControl } from './controlnet-transformer.ts'
import type { ControlNet } from './kinds.ts'
import type { NetworkBase } from './network-base.ts'
import { isT2iAdapter, T2iAdapter } from './t2i-adapter.ts'

/**
 * @param base the UNet whose difference the file may be
 * @throws ModelError that says what the file is, if it cannot be used
 */
export function openControl(weights: Weights, pool: SessionPool, base?: NetworkBase): ControlNet {
  if (isControlLora(weights)) return new ControlLora(weights, pool)
  if (isT2iAdapter(weights)) return new T2iAdapter(weights, pool)
  const control = transformerControl(weights, pool)
  if (control) return control
  if (isDifference(weights) && !base)
    throw new ModelError(
      `${basename(weights.file)} holds only what differs from a Stable Diffusion UNet. Load it with ` +
        '"Load ControlNet Model (diff)" and connect the checkpoint it was made for.',
    )
  return new ControlNetModel(
    weights,
    pool,
    isDifference(weights) && base ? onBase(weights, base) : undefined,
  )
}
