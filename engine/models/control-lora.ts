// A Control-LoRA becomes a ControlNet with the UNet that it is to steer, so it learns only from the
// run which one that is. https://huggingface.co/stabilityai/control-lora
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import type { Tensor } from '../tensor.ts'
import { ControlNetModel, seenPicture } from './controlnet.ts'
import { onBase } from './controlnet-base.ts'
import type { ControlNet, ControlResiduals, NetworkInput } from './kinds.ts'
import type { NetworkBase } from './network-base.ts'

export class ControlLora implements ControlNet {
  readonly hint = seenPicture
  private readonly file: Weights
  private readonly pool: SessionPool
  private readonly nets = new WeakMap<NetworkBase, ControlNetModel>()

  constructor(file: Weights, pool: SessionPool) {
    this.file = file
    this.pool = pool
  }

  async residuals(input: NetworkInput, hint: Tensor): Promise<ControlResiduals> {
    return this.on(input.base).residuals(input, hint)
  }

  private on(base: NetworkBase | undefined): ControlNetModel {
    if (!base)
      throw new ModelError(
        `The Control-LoRA ${basename(this.file.file)} changes the UNet of a Stable Diffusion ` +
          'checkpoint, and the model that is sampled has none. Choose a ControlNet for this model, or ' +
          'the kind of checkpoint that the Control-LoRA was made for.',
      )
    const net =
      this.nets.get(base) ?? new ControlNetModel(this.file, this.pool, onBase(this.file, base))
    this.nets.set(base, net)
    return net
  }
}
