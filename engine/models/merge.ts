// Models and text encoders of two files made into one. What is laid on either counts; what else a node
// changed on the first (sampling, guidance) stays.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { DiffusionModel, EncoderPart, TextEncoderModel } from './kinds.ts'
import { type Merged, mergedWeights, type Shares } from './merged-weights.ts'
import { diffusionPrefix } from './transformer.ts'

/** As ComfyUI computes on a processor, up to the size of SD 2; larger networks would fill disks. */
const float32BytesMax = 4e9

export interface MergeAnswer<T> {
  merged: T
  /** What did not take part, in words. */
  notes: string[]
}

/**
 * @param dir where the numbers are kept once they are needed
 * @throws ModelError if the two are not of one family
 */
export function mergeModels(
  first: DiffusionModel,
  second: DiffusionModel,
  shares: Shares,
  dir: string,
): MergeAnswer<DiffusionModel> {
  if (!first.base || !second.base || !first.withWeights)
    throw new ModelError('One of these models cannot be merged. Choose two models of one family.')
  const answer = mergedWeights(
    { base: first.base, prefix: diffusionPrefix },
    { base: second.base, prefix: diffusionPrefix },
    shares,
    { dir, float32BytesMax },
  )
  const notes = notesOf(answer, basename(second.base.weights.file))
  return { merged: first.withWeights(answer.weights), notes }
}

/** Positions are counted, not learnt; the scale is of training alone. */
const keptOfText = /(^|\.)(position_ids|logit_scale)$/

/**
 * Encoder by encoder, by name. Weights stay in the types of the first: ComfyUI rounds text encoders.
 * @throws ModelError as `mergeModels`
 */
export function mergeTexts(
  first: TextEncoderModel,
  second: TextEncoderModel,
  shares: Shares,
  dir: string,
): MergeAnswer<TextEncoderModel> {
  const { encoderParts: ours, withWeights } = first
  const theirs = second.encoderParts
  if (!ours || !theirs || !withWeights)
    throw new ModelError(
      'One of these text encoders cannot be merged: only CLIP and T5 can. Leave the node out.',
    )
  const notes: string[] = []
  const weights = ours.map(part => {
    const other = theirs.find(({ name }) => name === part.name)
    if (!other) throw lacking(part, ours, theirs)
    const keeps = (name: string) => keptOfText.test(name)
    const answer = mergedWeights(part, other, shares, { dir, float32BytesMax: 0, keeps })
    notes.push(...notesOf(answer, basename(other.base.weights.file)))
    return [part.name, answer.weights] as const
  })
  return { merged: withWeights.call(first, new Map(weights)), notes }
}

function lacking(
  part: EncoderPart,
  ours: readonly EncoderPart[],
  theirs: readonly EncoderPart[],
): ModelError {
  const said = (parts: readonly EncoderPart[]) =>
    `${basename(parts[0]!.base.weights.file)} (${parts.map(({ name }) => name).join(', ')})`
  return new ModelError(
    `${said(ours)} and ${said(theirs)} cannot be merged: the second has no ${part.name}. Choose text ` +
      'encoders of one family.',
  )
}

const notesOf = ({ unmatched }: Merged, second: string): string[] =>
  unmatched.length === 0
    ? []
    : [
        `${second} has nothing that fits ${unmatched.length} tensor${unmatched.length > 1 ? 's' : ''} ` +
          `("${unmatched[0]}"${unmatched.length > 1 ? ' …' : ''}): the first model's stay.`,
      ]
