// What nodes that merge models have in common: how much of each counts, block by block.

import { ModelError } from '../inference/model-error.ts'
import type { DiffusionModel, TextEncoderModel } from '../models/kinds.ts'
import { type MergeAnswer, mergeModels, mergeTexts } from '../models/merge.ts'
import type { Shares } from '../models/merged-weights.ts'
import { defineNode, type Field, float, type NodeType, type RunContext, socket } from './define.ts'
import { noted } from './loader-notes.ts'

/** How much of the first counts; the second has the rest. */
export const ratio = (): Field<number> =>
  float({
    default: 1,
    min: 0,
    max: 1,
    step: 0.01,
    about: '1 is all of the first, 0 all of the second.',
  })

export const multiplier = (): Field<number> =>
  float({ default: 1, min: -10, max: 10, step: 0.01, about: 'How strong the difference is.' })

/** One ratio for every tensor. */
export const evenly =
  (first: number): Shares =>
  () => [first, 1 - first]

/** The sum of both. */
export const added: Shares = () => [1, 1]

/** The difference of both, so many times. */
export const subtracted =
  (times: number): Shares =>
  () => [times, -times]

/**
 * A ratio for each block, by how names of tensors begin: the longest that fits counts. What none fits
 * goes by the first of them, as in ComfyUI.
 */
export function byBlocks(ratios: Readonly<Record<string, number>>): Shares {
  const starts = Object.keys(ratios).sort((a, b) => b.length - a.length)
  const [usual = 1] = Object.values(ratios)
  return name => {
    const start = starts.find(start => name.startsWith(start))
    const first = start === undefined ? usual : ratios[start]!
    return [first, 1 - first]
  }
}

type Place = Pick<RunContext, 'models'>

export function modelsMerged(
  { model1, model2 }: { model1: DiffusionModel; model2: DiffusionModel },
  shares: Shares,
  { models }: Place,
) {
  const { merged, notes } = mergeModels(model1, model2, shares, folderOf(models))
  return { ...noted(notes), MODEL: merged }
}

export function textsMerged(
  { clip1, clip2 }: { clip1: TextEncoderModel; clip2: TextEncoderModel },
  shares: Shares,
  { models }: Place,
) {
  const { merged, notes }: MergeAnswer<TextEncoderModel> = mergeTexts(
    clip1,
    clip2,
    shares,
    folderOf(models),
  )
  return { ...noted(notes), CLIP: merged }
}

function folderOf({ mergedDir }: RunContext['models']): string {
  if (mergedDir) return mergedDir
  throw new ModelError('There is no folder here in which merged models could be kept.')
}

/** A node that merges two models of one family with a ratio for each block. */
export function blockMerge<const T extends string>(o: {
  type: T
  family: string
  /** How the names of each block's tensors begin. */
  blocks: readonly string[]
}): NodeType {
  const { type, family, blocks } = o
  return defineNode({
    type,
    title: type,
    category: 'advanced/model_merging/model_specific',
    about: `Mixes two ${family} models, block by block.`,
    aliases: ['merge', 'blend', 'combine'],
    inputs: {
      model1: socket('MODEL', 'Of what it counts 1, all comes from here.'),
      model2: socket('MODEL'),
      ...Object.fromEntries(blocks.map(block => [block, ratio()])),
    } as { model1: Field<DiffusionModel>; model2: Field<DiffusionModel> },
    outputs: { MODEL: 'MODEL' },
    run: (inputs, context) => {
      const ratios = inputs as unknown as Record<string, number>
      const shares = byBlocks(Object.fromEntries(blocks.map(block => [block, ratios[block]!])))
      return modelsMerged(inputs, shares, context)
    },
  }) as NodeType
}

/** `name.0.` … `name.(count − 1).` */
export const counted = (name: string, count: number, end = '.'): string[] =>
  Array.from({ length: count }, (_, i) => `${name}.${i}${end}`)

/** SD1's and SDXL's parts. */
export const unetBlocks = (perSide: number, end = '.'): string[] => [
  'time_embed.',
  'label_emb.',
  ...counted('input_blocks', perSide, end),
  ...counted('middle_block', 3, end),
  ...counted('output_blocks', perSide, end),
  'out.',
]

/** Stable Diffusion 3's. */
export const mmditBlocks = (count: number): string[] => [
  'pos_embed.',
  'x_embedder.',
  'context_embedder.',
  'y_embedder.',
  't_embedder.',
  ...counted('joint_blocks', count),
  'final_layer.',
]
