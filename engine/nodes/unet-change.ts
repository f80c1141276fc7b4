// What nodes share that change the inside of a UNet.
import type { DiffusionModel, UnetChange } from '../models/kinds.ts'

/** @throws where the model is no UNet, naming the node. */
export function changeUnet(
  model: DiffusionModel,
  change: UnetChange,
  node: string,
): DiffusionModel {
  if (model.withChange) return model.withChange(change)
  throw new Error(
    `${node} works with UNet models (SD 1.x, SD 2.x, SDXL) only. Remove the node for this model.`,
  )
}
