// What nodes share that change the inside of a UNet.
import type { AttentionFactors, DiffusionModel, UnetChange } from '../models/kinds.ts'

/** @throws where the model is no UNet, naming the node. */
export function changeUnet(
  model: DiffusionModel,
  change: UnetChange,
  node: string,
): DiffusionModel {
  if (model.withChange) return model.withChange(change)
  throw unetsOnly(node)
}

/** @throws where the model is no UNet, naming the node. */
export function multiplyAttention(
  model: DiffusionModel,
  factors: AttentionFactors,
  node: string,
): DiffusionModel {
  if (model.withFactors) return model.withFactors(factors)
  throw unetsOnly(node)
}

const unetsOnly = (node: string) =>
  new Error(
    `${node} works with UNet models (SD 1.x, SD 2.x, SDXL) only. Remove the node for this model.`,
  )
