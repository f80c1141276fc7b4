// What nodes share that leave blocks of a transformer out.
import type { DiffusionModel, Weakening } from '../models/kinds.ts'

/** All numbers in a text such as `7, 8, 9`, in order, each once. */
export const blockNumbers = (text: string): number[] =>
  [...new Set(text.match(/\d+/g)?.map(Number) ?? [])].sort((a, b) => a - b)

/** Undefined where no block is named. @throws where the model has no such blocks, naming the node. */
export function skippedBlocks(
  model: DiffusionModel,
  double: string,
  single: string,
  node: string,
): Weakening | undefined {
  const [blocks, singleBlocks] = [blockNumbers(double), blockNumbers(single)]
  if (blocks.length === 0 && singleBlocks.length === 0) return undefined
  if (!model.skipsBlocks)
    throw new Error(`${node} works with SD3 and Flux models only. Remove the node for this model.`)
  return { blocks, singleBlocks }
}

export const sigmaRange = ({ sampling }: DiffusionModel, start: number, end: number) => ({
  start: sampling.percentToSigma(start),
  end: sampling.percentToSigma(end),
})
